//! Which web origins may read an answer. Never with credentials: browser apps send tokens, not our cookies.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use proofkey_protocol::Client;

use crate::app::App;

const MAX_AGE: HeaderValue = HeaderValue::from_static("600");
const METHODS: HeaderValue = HeaderValue::from_static("GET, POST");
const REQUEST_HEADERS: HeaderValue = HeaderValue::from_static("authorization, content-type");
const EXPOSED: HeaderValue = HeaderValue::from_static("www-authenticate, retry-after, x-request-id");

/// Answers a preflight for an origin that some client has registered. Which client asks is not known yet; the answer to the
/// request itself goes by that client's own origins.
pub(super) async fn preflight(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Some(origin) = headers.get(header::ORIGIN)
        && is_registered(&app, origin).await
    {
        allow(&mut response, origin.clone());
        permit(&mut response);
    }
    response
}

/// Whether an active client has registered this origin. Where that cannot be read, none has.
async fn is_registered(app: &App, origin: &HeaderValue) -> bool {
    let Ok(origin) = origin.to_str() else { return false };
    app.store.knows_origin(origin).await.unwrap_or_else(|fault| {
        tracing::error!(%fault, "the origins of clients could not be read");
        false
    })
}

/// Answers a preflight for what is open to all: metadata and keys.
pub(super) async fn open_preflight() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    permit(&mut response);
    response
}

/// Lets a client's own origin read the answer.
pub(super) fn allow_client(response: &mut Response, request: &HeaderMap, client: Option<&Client>) {
    let Some(origin) = request.get(header::ORIGIN) else { return };
    response.headers_mut().append(header::VARY, HeaderValue::from_static("origin"));
    let registered =
        |client: &Client| client.origins.iter().any(|known| known.as_bytes() == origin.as_bytes());
    if client.is_some_and(registered) {
        allow(response, origin.clone());
    }
}

fn allow(response: &mut Response, origin: HeaderValue) {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
}

fn permit(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    headers.append(header::VARY, HeaderValue::from_static("origin"));
}
