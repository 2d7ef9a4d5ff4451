//! From a record to a client: what cannot work is refused, with the reason, before it is relied on.

use proofkey_jose::Algorithm;
use proofkey_oauth::{
    ApplicationType, AuthMethod, ClientMetadata, GrantType, PkcePolicy, RedirectUri, RedirectUriRefused,
    Scope, is_registrable_origin, standard_scope,
};
use thiserror::Error;

use super::Client;
use super::application::{application, register};
use super::origins::web_origins;
use super::secret::CLIENT_SECRET_CHARS_MIN;
use crate::claims::{self, Claim};
use crate::ids::ClientId;
use crate::records::ClientRecord;
use crate::refresh_chain::OVERLAP_SECONDS_MAX;

/// Most redirect URIs of one client.
pub const REDIRECT_URIS_MAX: usize = 50;
/// Most web origins that one client names beside those of its redirect URIs.
pub const ORIGINS_MAX: usize = 50;
/// Most APIs of one client.
pub const RESOURCES_MAX: usize = 100;
/// Longest name, in characters.
pub const NAME_CHARS_MAX: usize = 200;

/// Why a client cannot be registered.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "each variant says itself what is wrong")]
#[non_exhaustive]
pub enum RegistrationRefused {
    #[error("client_id is 1 to 128 letters, digits or -._~ and does not start with `u-`, which marks users")]
    ClientId,
    #[error("client_name is at most 200 characters without control characters")]
    Name,
    #[error("redirect_uris[{at}]: `{uri}`: {cause}")]
    RedirectUri { at: usize, uri: String, cause: RedirectUriRefused },
    #[error("redirect_uris: there are more than 50")]
    TooManyRedirectUris,
    #[error("redirect_uris: the authorization_code grant needs at least one")]
    NoRedirectUri,
    #[error("post_logout_redirect_uris[{at}]: `{uri}`: {cause}")]
    PostLogoutRedirectUri { at: usize, uri: String, cause: RedirectUriRefused },
    #[error(
        "allowed_cors_origins[{at}]: `{origin}` is no origin as browsers send it: https://host[:port] in lower case \
         without a path and without the scheme's own port (http on loopback only), or scheme://host of a wrapped app"
    )]
    Origin { at: usize, origin: String },
    #[error("allowed_cors_origins: there are more than 50")]
    TooManyOrigins,
    #[error("response_types: only `code` exists")]
    ResponseType,
    #[error("grant_types: client_credentials needs a confidential client: set token_endpoint_auth_method")]
    PublicClientCredentials,
    #[error("grant_types: refresh_token comes only with authorization_code")]
    RefreshAlone,
    #[error("grant_types: name at least one")]
    NoGrantType,
    #[error("pkce: only a confidential client may be set to optional")]
    PkceOptionalPublic,
    #[error("id_token_signed_response_alg: one of RS256, ES256, EdDSA")]
    IdTokenAlgorithm,
    #[error(
        "id_token_claims[{at}]: `{claim}` is no claim of a user; there are {}",
        claims::names().collect::<Vec<_>>().join(", ")
    )]
    UnknownClaim { at: usize, claim: String },
    #[error("id_token_claims[{at}]: `{claim}` is named twice")]
    RepeatedClaim { at: usize, claim: String },
    #[error(
        "id_token_claims[{at}]: `{claim}` needs the scope `{scope}`, which is not in the client's: add it, or leave the \
         claim out"
    )]
    ClaimWithoutScope { at: usize, claim: String, scope: &'static str },
    #[error("code_seconds is positive")]
    CodeSeconds,
    #[error("access_token_seconds is positive")]
    AccessTokenSeconds,
    #[error("refresh_overlap_seconds is 0 to 3600")]
    RefreshOverlapSeconds,
    #[error(
        "resources: there are more than {RESOURCES_MAX}; a document that names none is for every API that has one of its \
         scopes, so name those that the client needs"
    )]
    TooManyResources,
    #[error(
        "a confidential client needs a client_secret of at least {CLIENT_SECRET_CHARS_MIN} characters, a public one has none"
    )]
    Secret,
}

impl RegistrationRefused {
    /// The member of the registration (RFC 7591 §2) that is wrong, with its place where the member is a list.
    pub const fn member(&self) -> (&'static str, Option<usize>) {
        match self {
            Self::ClientId => ("client_id", None),
            Self::Name => ("client_name", None),
            Self::RedirectUri { at, .. } => ("redirect_uris", Some(*at)),
            Self::TooManyRedirectUris | Self::NoRedirectUri => ("redirect_uris", None),
            Self::PostLogoutRedirectUri { at, .. } => ("post_logout_redirect_uris", Some(*at)),
            Self::Origin { at, .. } => ("allowed_cors_origins", Some(*at)),
            Self::TooManyOrigins => ("allowed_cors_origins", None),
            Self::ResponseType => ("response_types", None),
            Self::PublicClientCredentials | Self::RefreshAlone | Self::NoGrantType => ("grant_types", None),
            Self::PkceOptionalPublic => ("pkce", None),
            Self::IdTokenAlgorithm => ("id_token_signed_response_alg", None),
            Self::UnknownClaim { at, .. }
            | Self::RepeatedClaim { at, .. }
            | Self::ClaimWithoutScope { at, .. } => ("id_token_claims", Some(*at)),
            Self::CodeSeconds => ("code_seconds", None),
            Self::AccessTokenSeconds => ("access_token_seconds", None),
            Self::RefreshOverlapSeconds => ("refresh_overlap_seconds", None),
            Self::TooManyResources => ("resources", None),
            Self::Secret => ("client_secret", None),
        }
    }
}

impl TryFrom<&ClientRecord> for Client {
    type Error = RegistrationRefused;

    fn try_from(record: &ClientRecord) -> Result<Self, RegistrationRefused> {
        let metadata = &record.metadata;
        let authentication = metadata.token_endpoint_auth_method.unwrap_or(AuthMethod::ClientSecretBasic);
        let application = application(metadata);
        let grant_types = metadata.grant_types.clone().unwrap_or_else(|| vec![GrantType::AuthorizationCode]);
        let public = authentication == AuthMethod::None;
        let id = ClientId::parse(record.id.as_str()).ok_or(RegistrationRefused::ClientId)?;
        check_name(metadata.client_name.as_deref())?;
        check_grants(&grant_types, public)?;
        check_secrets(record, public)?;
        if metadata.response_types.iter().flatten().any(|kind| kind != "code") {
            return Err(RegistrationRefused::ResponseType);
        }
        let pkce = metadata.pkce.unwrap_or_default();
        if public && pkce == PkcePolicy::Optional {
            return Err(RegistrationRefused::PkceOptionalPublic);
        }
        check_seconds(metadata)?;
        if metadata.resources.as_ref().is_some_and(|resources| resources.len() > RESOURCES_MAX) {
            return Err(RegistrationRefused::TooManyResources);
        }
        let redirect_uris = redirect_uris(metadata, application)?;
        if redirect_uris.is_empty() && grant_types.contains(&GrantType::AuthorizationCode) {
            return Err(RegistrationRefused::NoRedirectUri);
        }
        check_origins(&metadata.allowed_cors_origins)?;
        let scope = registered_scope(metadata, &grant_types);
        let id_token_claims = id_token_claims(&metadata.id_token_claims, &scope)?;
        let post_logout_redirect_uris = post_logout(metadata, application)?;
        Ok(Self {
            id,
            name: metadata.client_name.clone(),
            uri: metadata.client_uri.clone(),
            authentication,
            strict_authentication: metadata.strict_auth_method.unwrap_or_default(),
            secrets: record.secrets.clone(),
            application,
            origins: web_origins(metadata),
            redirect_uris,
            post_logout_redirect_uris,
            scope,
            resources: metadata.resources.clone().unwrap_or_default(),
            grant_types,
            pkce,
            id_token_algorithm: id_token_algorithm(metadata.id_token_signed_response_alg.as_deref())?,
            id_token_claims,
            code_seconds: metadata.code_seconds,
            access_token_seconds: metadata.access_token_seconds,
            refresh_overlap_seconds: metadata.refresh_overlap_seconds,
            refresh_shared: metadata.refresh_shared.unwrap_or_default(),
            require_redirect_uri: metadata.require_redirect_uri.unwrap_or_default(),
            disabled: record.disabled,
        })
    }
}

fn check_origins(origins: &[String]) -> Result<(), RegistrationRefused> {
    if origins.len() > ORIGINS_MAX {
        return Err(RegistrationRefused::TooManyOrigins);
    }
    match origins.iter().position(|origin| !is_registrable_origin(origin)) {
        None => Ok(()),
        Some(at) => {
            Err(RegistrationRefused::Origin { at, origin: origins.get(at).cloned().unwrap_or_default() })
        }
    }
}

fn check_seconds(metadata: &ClientMetadata) -> Result<(), RegistrationRefused> {
    if metadata.code_seconds.is_some_and(|s| s <= 0) {
        return Err(RegistrationRefused::CodeSeconds);
    }
    if metadata.access_token_seconds.is_some_and(|s| s <= 0) {
        return Err(RegistrationRefused::AccessTokenSeconds);
    }
    if metadata.refresh_overlap_seconds.is_some_and(|s| !(0..=OVERLAP_SECONDS_MAX).contains(&s)) {
        return Err(RegistrationRefused::RefreshOverlapSeconds);
    }
    Ok(())
}

fn check_name(name: Option<&str>) -> Result<(), RegistrationRefused> {
    let ok =
        name.is_none_or(|name| name.chars().count() <= NAME_CHARS_MAX && !name.chars().any(char::is_control));
    if ok { Ok(()) } else { Err(RegistrationRefused::Name) }
}

fn check_grants(grants: &[GrantType], public: bool) -> Result<(), RegistrationRefused> {
    if grants.is_empty() {
        return Err(RegistrationRefused::NoGrantType);
    }
    if public && grants.contains(&GrantType::ClientCredentials) {
        return Err(RegistrationRefused::PublicClientCredentials);
    }
    if grants.contains(&GrantType::RefreshToken) && !grants.contains(&GrantType::AuthorizationCode) {
        return Err(RegistrationRefused::RefreshAlone);
    }
    Ok(())
}

fn check_secrets(record: &ClientRecord, public: bool) -> Result<(), RegistrationRefused> {
    if record.secrets.is_empty() == public { Ok(()) } else { Err(RegistrationRefused::Secret) }
}

fn redirect_uris(
    metadata: &ClientMetadata,
    application: ApplicationType,
) -> Result<Vec<RedirectUri>, RegistrationRefused> {
    let texts = &metadata.redirect_uris;
    if texts.len() > REDIRECT_URIS_MAX {
        return Err(RegistrationRefused::TooManyRedirectUris);
    }
    let registered = |(at, uri): (usize, &String)| {
        let refused = |cause| RegistrationRefused::RedirectUri { at, uri: uri.clone(), cause };
        register(uri, application, metadata).map_err(refused)
    };
    texts.iter().enumerate().map(registered).collect()
}

fn post_logout(
    metadata: &ClientMetadata,
    application: ApplicationType,
) -> Result<Vec<String>, RegistrationRefused> {
    let texts = &metadata.post_logout_redirect_uris;
    for (at, uri) in texts.iter().enumerate() {
        register(uri, application, metadata).map_err(|cause| RegistrationRefused::PostLogoutRedirectUri {
            at,
            uri: uri.clone(),
            cause,
        })?;
    }
    Ok(texts.to_vec())
}

fn registered_scope(metadata: &ClientMetadata, grants: &[GrantType]) -> Scope {
    metadata.scope.clone().unwrap_or_else(|| default_scope(grants))
}

/// A client that names no scope may sign people in, and keep them signed in if it may refresh; no API is open to it.
fn default_scope(grants: &[GrantType]) -> Scope {
    let all = Scope::parse(&standard_scope::ALL.join(" ")).unwrap_or_default();
    let refreshes = grants.contains(&GrantType::RefreshToken);
    if !grants.contains(&GrantType::AuthorizationCode) {
        return Scope::default();
    }
    all.filter(|token| refreshes || token != standard_scope::OFFLINE_ACCESS)
}

/// The claims of ID tokens, each once and each one that the client's scope can open.
fn id_token_claims(names: &[String], scope: &Scope) -> Result<Vec<Claim>, RegistrationRefused> {
    let mut claims: Vec<Claim> = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let named = || name.clone();
        let claim =
            Claim::find(name).ok_or_else(|| RegistrationRefused::UnknownClaim { at, claim: named() })?;
        if claims.iter().any(|other| other.name() == claim.name()) {
            return Err(RegistrationRefused::RepeatedClaim { at, claim: named() });
        }
        let needed = [standard_scope::OPENID, claim.scope()];
        if let Some(lacking) = needed.into_iter().find(|needed| !scope.contains(needed)) {
            return Err(RegistrationRefused::ClaimWithoutScope { at, claim: named(), scope: lacking });
        }
        claims.push(claim);
    }
    Ok(claims)
}

fn id_token_algorithm(sent: Option<&str>) -> Result<Algorithm, RegistrationRefused> {
    let Some(name) = sent else { return Ok(Client::ID_TOKEN_ALGORITHM) };
    let known = Algorithm::ALL.into_iter().find(|algorithm| algorithm.name() == name);
    known.ok_or(RegistrationRefused::IdTokenAlgorithm)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::fixtures::client_record;

    fn register(metadata: Value) -> Result<Client, RegistrationRefused> {
        Client::try_from(&client_record("app", metadata))
    }

    #[test]
    fn v_35_what_cannot_work_is_refused_with_its_reason() {
        let public = |extra: Value| {
            let mut metadata =
                json!({"token_endpoint_auth_method": "none", "redirect_uris": ["https://app.example/cb"]});
            metadata.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            register(metadata).map(|_| ())
        };
        assert_eq!(public(json!({})), Ok(()));
        assert_eq!(
            public(json!({"grant_types": ["client_credentials"]})),
            Err(RegistrationRefused::PublicClientCredentials)
        );
        assert_eq!(public(json!({"grant_types": ["refresh_token"]})), Err(RegistrationRefused::RefreshAlone));
        assert_eq!(public(json!({"grant_types": []})), Err(RegistrationRefused::NoGrantType));
        assert_eq!(public(json!({"response_types": ["token"]})), Err(RegistrationRefused::ResponseType));
        assert_eq!(public(json!({"pkce": "optional"})), Err(RegistrationRefused::PkceOptionalPublic));
        assert_eq!(public(json!({"redirect_uris": []})), Err(RegistrationRefused::NoRedirectUri));
        assert_eq!(
            public(json!({"id_token_signed_response_alg": "none"})),
            Err(RegistrationRefused::IdTokenAlgorithm)
        );
        assert_eq!(public(json!({"code_seconds": 0})), Err(RegistrationRefused::CodeSeconds));
        let seconds = json!({"access_token_seconds": 0});
        assert_eq!(public(seconds), Err(RegistrationRefused::AccessTokenSeconds));
        for (overlap, ok) in [(-1, false), (0, true), (60, true), (3_600, true), (3_601, false)] {
            let expected = if ok { Ok(()) } else { Err(RegistrationRefused::RefreshOverlapSeconds) };
            assert_eq!(public(json!({"refresh_overlap_seconds": overlap})), expected, "{overlap}");
        }
        assert_eq!(public(json!({"client_name": "a\u{0}b"})), Err(RegistrationRefused::Name));
        assert!(matches!(
            public(json!({"redirect_uris": ["http://app.example/"]})),
            Err(RegistrationRefused::RedirectUri { .. })
        ));
    }

    #[test]
    fn pk_13_claims_of_id_tokens_exist_stand_there_once_and_can_be_granted() {
        let with = |claims: Value, scope: &str| {
            register(json!({
                "token_endpoint_auth_method": "none", "redirect_uris": ["https://app.example/cb"],
                "id_token_claims": claims, "scope": scope,
            }))
            .map(|client| client.id_token_claims.iter().map(|claim| claim.name()).collect::<Vec<_>>())
        };
        let all = "openid profile email address phone";
        assert_eq!(with(json!([]), "openid").unwrap(), [""; 0]);
        assert_eq!(with(json!(["email", "name"]), all).unwrap(), ["email", "name"]);
        let every: Vec<_> = claims::names().collect();
        assert_eq!(with(json!(every), all).unwrap().len(), claims::CLAIMS, "no list is longer");
        for unknown in ["sub", "iss", "roles", "groups", "acr", "Email", "", "email "] {
            let refused = with(json!(["name", unknown]), all).unwrap_err();
            assert_eq!(refused, RegistrationRefused::UnknownClaim { at: 1, claim: unknown.into() });
            assert!(
                refused.to_string().contains("phone_number_verified"),
                "it names those that are: {refused}"
            );
            assert_eq!(refused.member(), ("id_token_claims", Some(1)));
        }
        let twice = with(json!(["email", "email"]), all).unwrap_err();
        assert_eq!(twice, RegistrationRefused::RepeatedClaim { at: 1, claim: "email".into() });
        for (scope, lacking) in [("openid profile", "email"), ("email", "openid")] {
            let refused = with(json!(["email"]), scope).unwrap_err();
            let expected =
                RegistrationRefused::ClaimWithoutScope { at: 0, claim: "email".into(), scope: lacking };
            assert_eq!(refused, expected);
        }
    }

    #[test]
    fn az_05_only_the_flag_of_its_operator_lets_a_client_have_a_scheme_without_a_dot() {
        let with = |flag: Option<bool>, post_logout: &str| {
            let mut metadata = json!({
                "token_endpoint_auth_method": "none", "redirect_uris": ["myapp:/cb"],
                "post_logout_redirect_uris": [post_logout],
            });
            if let Some(flag) = flag {
                metadata["allow_dotless_scheme"] = json!(flag);
            }
            register(metadata)
        };
        for flag in [None, Some(false)] {
            let refused = with(flag, "com.example.app:/bye").unwrap_err();
            assert_eq!(refused.member(), ("redirect_uris", Some(0)));
            assert!(refused.to_string().contains("allow_dotless_scheme"), "the cure: {refused}");
        }
        let client = with(Some(true), "myapp:/bye").unwrap();
        assert_eq!(client.application, ApplicationType::Native, "only an installed app has one");
        assert!(client.allows_after_logout("myapp:/bye") && !client.allows_after_logout("myapp:/"));
        assert!(with(Some(true), "javascript:x").is_err());
    }

    #[test]
    fn k_05_a_client_has_so_many_addresses_and_apis_and_no_more() {
        let with = |uris: usize, resources: usize, name: usize| {
            let uris: Vec<_> = (0..uris).map(|number| format!("https://app.example/{number}")).collect();
            let resources: Vec<_> = (0..resources).map(|number| format!("urn:api:{number}")).collect();
            let name = "n".repeat(name);
            let refused = register(json!({
                "token_endpoint_auth_method": "none", "redirect_uris": uris, "resources": resources, "client_name": name,
            }));
            refused.err().map(|refused| refused.member().0)
        };
        assert_eq!(with(REDIRECT_URIS_MAX, RESOURCES_MAX, NAME_CHARS_MAX), None);
        assert_eq!(with(REDIRECT_URIS_MAX + 1, 0, 1), Some("redirect_uris"));
        assert_eq!(with(1, RESOURCES_MAX + 1, 1), Some("resources"));
        assert_eq!(with(1, 0, NAME_CHARS_MAX + 1), Some("client_name"));
    }

    #[test]
    fn a_refusal_names_the_member_and_its_place() {
        let metadata = json!({
            "token_endpoint_auth_method": "none", "redirect_uris": ["https://app.example/cb", "nowhere"],
        });
        assert_eq!(register(metadata).unwrap_err().member(), ("redirect_uris", Some(1)));
        let metadata = json!({
            "token_endpoint_auth_method": "none", "redirect_uris": ["https://app.example/cb"],
            "post_logout_redirect_uris": ["nowhere"],
        });
        assert_eq!(register(metadata).unwrap_err().member(), ("post_logout_redirect_uris", Some(0)));
    }

    #[test]
    fn tk_16_a_client_id_never_looks_like_a_user_id() {
        let metadata =
            json!({"token_endpoint_auth_method": "none", "redirect_uris": ["https://app.example/cb"]});
        for bad in ["u-0123456789", "", "a b", "https://app.example", &"a".repeat(129)] {
            assert_eq!(
                Client::try_from(&client_record(bad, metadata.clone())).unwrap_err(),
                RegistrationRefused::ClientId
            );
        }
    }

    #[test]
    fn ca_05_cl_08_a_public_client_has_no_secret_and_a_native_one_needs_none() {
        let native = register(
            json!({"token_endpoint_auth_method": "none", "redirect_uris": ["http://127.0.0.1/callback"]}),
        )
        .unwrap();
        assert!(native.is_public() && native.application == ApplicationType::Native);
        let mut record = client_record("app", json!({"redirect_uris": ["https://app.example/cb"]}));
        assert!(Client::try_from(&record).is_ok());
        record.secrets.clear();
        assert_eq!(Client::try_from(&record).unwrap_err(), RegistrationRefused::Secret);
    }
}
