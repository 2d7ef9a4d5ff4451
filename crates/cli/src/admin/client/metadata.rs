//! What the help says of the metadata of a client.

/// The text of `add` and `update`: every member that is read, and what those mean that are no one else's.
pub(super) const METADATA: &str = "\
RFC 7591 metadata as JSON, in place of all other flags; `-` is standard input. A new client may bring client_id and client_secret. \
Members of RFC 7591 and of OpenID Connect that are read: client_name, client_uri, redirect_uris, post_logout_redirect_uris, \
token_endpoint_auth_method, application_type, grant_types, response_types, scope, id_token_signed_response_alg, jwks. Members of our \
own:

resources: APIs that it may ask for; where they are left out, those that have one of its scopes at that moment
allowed_cors_origins: web origins whose scripts may read the answers, beside those of the redirect URIs
strict_auth_method: true if its secret is taken by the registered method alone, else by header and form
pkce: `optional` for a confidential OpenID client that cannot do PKCE
code_seconds: life of its codes, where shorter than the server's
access_token_seconds: ceiling for the life of its access tokens
id_token_claims: claims of the user that its ID tokens carry, such as [\"email\", \"name\"], as far as the granted scope \
opens them and they fit in 2,048 bytes, the first first; for apps that do not ask userinfo
allow_dotless_scheme: true if a private-use scheme of its redirect URIs may be without a dot, such as myapp:/cb; any other \
app on the device can claim it too
require_redirect_uri: true if its token requests must repeat the redirect URI
refresh_overlap_seconds: for so long a used refresh token goes on, for lost replies and parallel requests; 0 to 3600, 60 \
unless it is given
refresh_shared: true if several processes share one sign-in and do not lock it (agents, command lines). A stale refresh \
token is then refused without ending the sign-in, and the overlap is the life of an access token, an hour at most. A \
stolen copy is not found so: where one process holds the sign-in, leave it out";

#[cfg(test)]
mod tests {
    use proofkey_oauth::{ApplicationType, AuthMethod, ClientMetadata, PkcePolicy, ResourceUri, Scope};

    use super::*;

    #[test]
    fn pk_11_every_member_that_is_read_is_named() {
        let text = || Some("a".to_owned());
        // Without `..`, so that a new field does not compile before it stands here.
        let every = ClientMetadata {
            client_name: text(),
            client_uri: text(),
            redirect_uris: vec![],
            post_logout_redirect_uris: vec!["a".to_owned()],
            allowed_cors_origins: vec!["a".to_owned()],
            token_endpoint_auth_method: Some(AuthMethod::None),
            application_type: Some(ApplicationType::Web),
            grant_types: Some(vec![]),
            response_types: Some(vec![]),
            scope: Some(Scope::default()),
            resources: Some(vec![ResourceUri::parse("https://api.example").unwrap()]),
            id_token_signed_response_alg: text(),
            id_token_claims: vec!["a".to_owned()],
            jwks: Some(serde_json::Value::Null),
            pkce: Some(PkcePolicy::Required),
            code_seconds: Some(1),
            access_token_seconds: Some(1),
            refresh_overlap_seconds: Some(1),
            refresh_shared: Some(true),
            require_redirect_uri: Some(true),
            allow_dotless_scheme: Some(true),
            strict_auth_method: Some(true),
        };
        let members = serde_json::to_value(every).unwrap();
        let members: Vec<&String> = members.as_object().unwrap().keys().collect();
        assert_eq!(members.len(), 22);
        // In the list of the standard ones, or at the beginning of the line of one of ours: prose may hold the same word.
        let (listed, ours) = METADATA.split_once(". Members of our own:").unwrap();
        let listed = listed.split_once("that are read: ").unwrap().1.split(", ");
        let ours = ours.lines().filter_map(|line| line.split_once(": ")).map(|(name, _)| name);
        let words: Vec<&str> = listed.chain(ours).collect();
        for member in members {
            assert!(words.contains(&member.as_str()), "{member}");
        }
    }
}
