//! Finding an authorization server's endpoints (RFC 8414, OpenID Connect Discovery 1.0). A server whose metadata has
//! another issuer, or no PKCE, is refused.

use proofkey_jose::{Algorithm, ensure_strict};
use proofkey_oauth::{CHALLENGE_METHOD, Issuer, ServerMetadata};

use crate::error::{Error, shown};
use crate::transport::Transport;
use crate::url::{BrowserUrl, SecureUrl};

/// An authorization server that keeps to the rules we need.
#[derive(Clone, Debug)]
pub struct Server {
    /// Its name, byte for byte the one that was asked for.
    pub issuer: Issuer,
    pub(crate) authorization_endpoint: BrowserUrl,
    pub(crate) token_endpoint: SecureUrl,
    pub(crate) jwks_uri: Option<SecureUrl>,
    pub(crate) userinfo_endpoint: Option<SecureUrl>,
    pub(crate) revocation_endpoint: Option<SecureUrl>,
    pub(crate) end_session_endpoint: Option<BrowserUrl>,
    /// Whether it puts `iss` into every authorization response (RFC 9207 §3).
    pub(crate) sends_iss: bool,
    /// What its ID tokens may be signed with, out of what we verify.
    pub(crate) id_token_algorithms: Vec<Algorithm>,
}

impl Server {
    /// Judges a metadata document that was fetched for the issuer `asked`.
    pub fn from_metadata(asked: &Issuer, document: &[u8]) -> Result<Self, Error> {
        let malformed = || Error::MetadataMalformed(asked.to_string());
        ensure_strict(document).map_err(|_| malformed())?;
        let metadata: ServerMetadata = serde_json::from_slice(document).map_err(|_| malformed())?;
        if metadata.issuer != asked.as_str() {
            let claimed = shown(&metadata.issuer);
            return Err(Error::IssuerMismatch { asked: asked.to_string(), claimed });
        }
        if !metadata.code_challenge_methods_supported.iter().any(|method| method == CHALLENGE_METHOD) {
            return Err(Error::ChallengeMethodMissing);
        }
        Ok(Self {
            issuer: asked.clone(),
            authorization_endpoint: BrowserUrl::parse(
                "authorization_endpoint",
                required("authorization_endpoint", &metadata.authorization_endpoint)?,
            )?,
            token_endpoint: SecureUrl::parse(
                "token_endpoint",
                required("token_endpoint", &metadata.token_endpoint)?,
            )?,
            jwks_uri: optional("jwks_uri", Some(&metadata.jwks_uri), SecureUrl::parse)?,
            userinfo_endpoint: optional(
                "userinfo_endpoint",
                metadata.userinfo_endpoint.as_deref(),
                SecureUrl::parse,
            )?,
            revocation_endpoint: optional(
                "revocation_endpoint",
                metadata.revocation_endpoint.as_deref(),
                SecureUrl::parse,
            )?,
            end_session_endpoint: optional(
                "end_session_endpoint",
                metadata.end_session_endpoint.as_deref(),
                BrowserUrl::parse,
            )?,
            sends_iss: metadata.authorization_response_iss_parameter_supported,
            id_token_algorithms: algorithms(&metadata.id_token_signing_alg_values_supported),
        })
    }
}

/// Fetches the metadata of an issuer: from the address of RFC 8414 first, then from that of OpenID Connect.
pub(crate) async fn discover(transport: &Transport, issuer: &Issuer) -> Result<Server, Error> {
    const WHAT: &str = "metadata";
    let addresses = [
        issuer.well_known_inserted("oauth-authorization-server"),
        issuer.well_known_appended("openid-configuration"),
    ];
    for address in addresses {
        let url = SecureUrl::parse("issuer", &address)?;
        let answer = transport.get(WHAT, &url).await?;
        if answer.status.as_u16() != 404 {
            return Server::from_metadata(issuer, &answer.success(WHAT)?.body);
        }
    }
    Err(Error::MetadataNotFound(issuer.to_string()))
}

fn required<'a>(name: &'static str, value: &'a str) -> Result<&'a str, Error> {
    if value.is_empty() { Err(Error::EndpointMissing(name)) } else { Ok(value) }
}

fn optional<T>(
    name: &'static str,
    value: Option<&str>,
    parse: fn(&'static str, &str) -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    value.filter(|value| !value.is_empty()).map(|value| parse(name, value)).transpose()
}

/// The listed algorithms that we verify; OpenID Connect's default when none is listed (Discovery §3 demands RS256).
fn algorithms(listed: &[String]) -> Vec<Algorithm> {
    if listed.is_empty() {
        return vec![Algorithm::Rs256];
    }
    listed.iter().filter_map(|name| Algorithm::from_name(name)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn metadata() -> Value {
        json!({"issuer": "https://id.example", "authorization_endpoint": "https://id.example/authorize",
               "token_endpoint": "https://id.example/token", "jwks_uri": "https://id.example/jwks",
               "code_challenge_methods_supported": ["S256"],
               "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256", "none"]})
    }

    fn judge(document: &Value) -> Result<Server, Error> {
        Server::from_metadata(&Issuer::parse("https://id.example").unwrap(), document.to_string().as_bytes())
    }

    fn with(name: &str, value: Value) -> Result<Server, Error> {
        let mut document = metadata();
        document[name] = value;
        judge(&document)
    }

    #[test]
    fn cl_03_a_server_has_s256_and_the_name_it_was_asked_by() {
        let server = judge(&metadata()).unwrap();
        assert_eq!(server.id_token_algorithms, [Algorithm::Rs256, Algorithm::Es256]);
        for name in [
            "https://id.example/",
            "https://ID.example",
            "https://id.example:443",
            "https://evil.example",
            "",
        ] {
            assert!(matches!(with("issuer", json!(name)), Err(Error::IssuerMismatch { .. })), "{name}");
        }
        for methods in [json!([]), json!(["plain"]), json!(["s256"])] {
            let refused = with("code_challenge_methods_supported", methods.clone());
            assert!(matches!(refused, Err(Error::ChallengeMethodMissing)), "{methods}");
        }
        let mut without = metadata();
        without.as_object_mut().unwrap().remove("code_challenge_methods_supported");
        assert!(matches!(judge(&without), Err(Error::ChallengeMethodMissing)));
    }

    #[test]
    fn v_78_cl_10_endpoints_are_safe_addresses() {
        for name in [
            "authorization_endpoint",
            "token_endpoint",
            "jwks_uri",
            "userinfo_endpoint",
            "revocation_endpoint",
            "end_session_endpoint",
        ] {
            for bad in
                ["http://id.example/x", "file:///etc/passwd", "--x", "ms-settings:x", "$(calc)", "/relative"]
            {
                assert!(with(name, json!(bad)).is_err(), "{name} = {bad}");
            }
        }
        assert!(matches!(with("token_endpoint", json!("")), Err(Error::EndpointMissing("token_endpoint"))));
        let injected = with("authorization_endpoint", json!("https://id.example/$(calc)"));
        assert!(matches!(injected, Err(Error::UrlNotForBrowser { .. })));
    }

    #[test]
    fn metadata_that_can_be_read_in_two_ways_is_refused() {
        let text = metadata().to_string().replacen('{', r#"{"issuer":"https://evil.example","#, 1);
        let issuer = Issuer::parse("https://id.example").unwrap();
        assert!(matches!(Server::from_metadata(&issuer, text.as_bytes()), Err(Error::MetadataMalformed(_))));
    }

    proptest! {
        #[test]
        fn judging_any_document_never_panics(at in 0usize..300, byte in any::<u8>()) {
            let mut bytes = metadata().to_string().into_bytes();
            let at = at % bytes.len();
            bytes[at] = byte;
            let _ = Server::from_metadata(&Issuer::parse("https://id.example").unwrap(), &bytes);
        }
    }
}
