//! The metadata document (RFC 8414 §2, OpenID Connect Discovery §3), prepared once. It lists what works and is derived from
//! the lists of what there is, and it depends on the issuer alone: never on a request's `Host` (MD-04).

use bytes::Bytes;
use http::HeaderValue;
use proofkey_oauth::{
    AuthMethod, CHALLENGE_METHOD, GrantType, Issuer, Prompt, ServerMetadata, standard_scope,
};
use proofkey_protocol::{Algorithm, Client, SigningAlgorithms, claims};

use crate::metrics::Endpoint;
use crate::page::Lang;

/// The claims of an ID token that are no claims of its user.
const ID_TOKEN_CLAIMS: [&str; 10] =
    ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "amr", "sid"];

/// The prepared document, with the headers that go with it.
#[derive(Clone, Debug)]
pub(crate) struct MetadataDocument {
    pub(crate) bytes: Bytes,
    pub(crate) etag: HeaderValue,
    /// How long others may keep it, and the key set.
    pub(crate) cache: HeaderValue,
}

impl MetadataDocument {
    /// Prepares the document of an issuer.
    pub(crate) fn new(issuer: &Issuer, on: &SigningAlgorithms, max_age_seconds: i64) -> Self {
        let bytes = serde_json::to_vec(&metadata(issuer, on)).unwrap_or_default();
        let etag = entity_tag(&bytes);
        let cache = HeaderValue::from_str(&format!("public, max-age={max_age_seconds}"));
        Self { bytes: bytes.into(), etag, cache: cache.unwrap_or(HeaderValue::from_static("no-cache")) }
    }
}

/// The entity tag of prepared bytes: half their SHA-256, so that it changes whenever they do.
pub(crate) fn entity_tag(bytes: &[u8]) -> HeaderValue {
    let digest = proofkey_oauth::sha256(bytes);
    let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    HeaderValue::from_str(&format!("\"{hex}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

fn metadata(issuer: &Issuer, on: &SigningAlgorithms) -> ServerMetadata {
    let at = |endpoint: Endpoint| format!("{issuer}{}", endpoint.path());
    let methods = || AuthMethod::ALL.into_iter().map(AuthMethod::as_str);
    ServerMetadata {
        issuer: issuer.as_str().to_owned(),
        authorization_endpoint: at(Endpoint::Authorize),
        token_endpoint: at(Endpoint::Token),
        jwks_uri: at(Endpoint::Jwks),
        userinfo_endpoint: Some(at(Endpoint::Userinfo)),
        revocation_endpoint: Some(at(Endpoint::Revoke)),
        introspection_endpoint: Some(at(Endpoint::Introspect)),
        end_session_endpoint: Some(at(Endpoint::EndSession)),
        scopes_supported: list(standard_scope::ALL),
        response_types_supported: list(["code"]),
        response_modes_supported: list(["query"]),
        grant_types_supported: list(GrantType::ALL.map(GrantType::as_str)),
        code_challenge_methods_supported: list([CHALLENGE_METHOD]),
        token_endpoint_auth_methods_supported: list(methods()),
        revocation_endpoint_auth_methods_supported: list(methods()),
        // A caller that proves nothing learns nothing.
        introspection_endpoint_auth_methods_supported: list(
            methods().filter(|method| *method != AuthMethod::None.as_str()),
        ),
        subject_types_supported: list(["public"]),
        id_token_signing_alg_values_supported: id_token_algorithms(on),
        claims_supported: list(ID_TOKEN_CLAIMS.into_iter().chain(claims::names())),
        prompt_values_supported: list(Prompt::VALUES),
        ui_locales_supported: list(Lang::ALL.map(Lang::tag)),
        authorization_response_iss_parameter_supported: true,
        claims_parameter_supported: false,
        request_parameter_supported: false,
        request_uri_parameter_supported: false,
    }
}

/// Every algorithm that is on, first the one of clients that ask for none.
fn id_token_algorithms(on: &SigningAlgorithms) -> Vec<String> {
    let mut algorithms: Vec<_> =
        Algorithm::ALL.into_iter().filter(|algorithm| on.contains(*algorithm)).collect();
    algorithms.sort_by_key(|algorithm| *algorithm != Client::ID_TOKEN_ALGORITHM);
    algorithms.iter().map(Algorithm::to_string).collect()
}

fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    names.into_iter().map(str::to_owned).collect()
}
