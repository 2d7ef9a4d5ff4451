//! Metadata and keys: prepared bytes, open to all.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use proofkey_oauth::Issuer;

use super::context::RequestContext;
use super::cors;
use super::failure::Failure;
use crate::app::App;
use crate::http::Arrival;
use crate::metadata::MetadataDocument;
use crate::metrics::Endpoint;

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
    let context = RequestContext::begin(&app, arrival, Endpoint::Metadata, Method::GET);
    let MetadataDocument { bytes, etag, cache } = app.metadata.clone();
    let mut response = prepared(&headers, bytes, etag, cache);
    cors::open(&mut response);
    context.finish(response)
}

/// `GET /jwks`
pub(super) async fn jwks(State(app): State<Arc<App>>, arrival: Arrival, headers: HeaderMap) -> Response {
    let context = RequestContext::begin(&app, arrival, Endpoint::Jwks, Method::GET);
    // A key that was revoked must not be taken from here for as long as others keep the answer, and nothing is decided by it.
    let mut response = match context.published_keys().await {
        Ok(keys) => {
            let (keys, etag) = keys.jwks();
            prepared(&headers, keys, etag, app.metadata.cache.clone())
        }
        Err(fault) => Failure::from(fault).json(&context, None),
    };
    cors::open(&mut response);
    context.finish(response)
}

fn prepared(request: &HeaderMap, body: Bytes, etag: HeaderValue, cache: HeaderValue) -> Response {
    let known = request.get(header::IF_NONE_MATCH).is_some_and(|sent| *sent == etag);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, cache),
        (header::ETAG, etag),
    ];
    if known {
        (StatusCode::NOT_MODIFIED, headers).into_response()
    } else {
        (StatusCode::OK, headers, body).into_response()
    }
}
