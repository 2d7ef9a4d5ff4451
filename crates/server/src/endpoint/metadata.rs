//! Metadata and keys: prepared bytes, for anybody.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use proofkey_oauth::{CHALLENGE_METHOD, Issuer, ServerMetadata, standard_scope};
use proofkey_protocol::userinfo;

use super::context::RequestContext;
use crate::app::App;
use crate::http::Arrival;
use crate::keys::rotation;
use crate::metrics::Endpoint;

/// The prepared metadata document.
#[derive(Clone, Debug)]
pub(crate) struct Addresses {
    document: Bytes,
    etag: HeaderValue,
    cache: HeaderValue,
}

impl Addresses {
    /// Prepares the document of an issuer. It depends on nothing else: never on a request's `Host` (MD-04).
    pub(crate) fn new(issuer: &Issuer, max_age_seconds: i64) -> Self {
        let document = serde_json::to_vec(&metadata(issuer)).unwrap_or_default();
        let etag = entity_tag(&document);
        let cache = HeaderValue::from_str(&format!("public, max-age={max_age_seconds}"));
        Self { document: document.into(), etag, cache: cache.unwrap_or(HeaderValue::from_static("no-cache")) }
    }
}

/// The entity tag of prepared bytes: half their SHA-256, so that it changes whenever they do.
pub(crate) fn entity_tag(bytes: &[u8]) -> HeaderValue {
    let digest = proofkey_oauth::sha256(bytes);
    let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    HeaderValue::from_str(&format!("\"{hex}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

/// Both forms of both well-known addresses (RFC 8414 §3.1, OpenID Connect Discovery §4.1).
pub(super) fn paths(issuer: &Issuer) -> Vec<String> {
    let mut paths = Vec::new();
    for suffix in ["oauth-authorization-server", "openid-configuration"] {
        for url in [issuer.well_known_inserted(suffix), issuer.well_known_appended(suffix)] {
            let path = url.get(issuer.origin().len()..).unwrap_or_default().to_owned();
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
    }
    paths
}

/// `GET /.well-known/…`
pub(super) async fn document(State(app): State<Arc<App>>, arrival: Arrival, headers: HeaderMap) -> Response {
    let exchange = RequestContext::begin(&app, arrival, Endpoint::Metadata, Method::GET);
    let Addresses { document, etag, cache } = app.addresses.clone();
    exchange.finish(prepared(&headers, document, etag, cache))
}

/// `GET /jwks`
pub(super) async fn jwks(State(app): State<Arc<App>>, arrival: Arrival, headers: HeaderMap) -> Response {
    let exchange = RequestContext::begin(&app, arrival, Endpoint::Jwks, Method::GET);
    let (keys, etag) = app.keyring.jwks();
    exchange.finish(prepared(&headers, keys, etag, app.addresses.cache.clone()))
}

fn prepared(request: &HeaderMap, body: Bytes, etag: HeaderValue, cache: HeaderValue) -> Response {
    let known = request.get(header::IF_NONE_MATCH).is_some_and(|sent| *sent == etag);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, cache),
        (header::ETAG, etag),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
    ];
    if known {
        (StatusCode::NOT_MODIFIED, headers).into_response()
    } else {
        (StatusCode::OK, headers, body).into_response()
    }
}

fn metadata(issuer: &Issuer) -> ServerMetadata {
    let at = |path: &str| format!("{issuer}{path}");
    let list = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect::<Vec<_>>();
    let subject_claims = ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "sid"];
    let methods = ["none", "client_secret_basic", "client_secret_post"];
    ServerMetadata {
        issuer: issuer.as_str().to_owned(),
        authorization_endpoint: at("/authorize"),
        token_endpoint: at("/token"),
        jwks_uri: at("/jwks"),
        userinfo_endpoint: Some(at("/userinfo")),
        revocation_endpoint: Some(at("/revoke")),
        introspection_endpoint: Some(at("/introspect")),
        end_session_endpoint: Some(at("/end-session")),
        scopes_supported: list(&standard_scope::ALL),
        response_types_supported: list(&["code"]),
        response_modes_supported: list(&["query"]),
        grant_types_supported: list(&["authorization_code", "refresh_token", "client_credentials"]),
        code_challenge_methods_supported: list(&[CHALLENGE_METHOD]),
        token_endpoint_auth_methods_supported: list(&methods),
        revocation_endpoint_auth_methods_supported: list(&methods),
        introspection_endpoint_auth_methods_supported: list(&["client_secret_basic", "client_secret_post"]),
        subject_types_supported: list(&["public"]),
        id_token_signing_alg_values_supported: ["RS256", "ES256", "EdDSA"]
            .into_iter()
            .filter(|name| rotation::ALGORITHMS.iter().any(|algorithm| algorithm.name() == *name))
            .map(str::to_owned)
            .collect(),
        claims_supported: subject_claims
            .into_iter()
            .chain(userinfo::claim_names())
            .map(str::to_owned)
            .collect(),
        prompt_values_supported: list(&["none", "login", "consent", "select_account"]),
        ui_locales_supported: list(&["en", "de"]),
        authorization_response_iss_parameter_supported: true,
        claims_parameter_supported: false,
        request_parameter_supported: false,
        request_uri_parameter_supported: false,
    }
}
