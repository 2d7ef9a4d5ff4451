//! Which web origins may read an answer.
//!
//! A client's own origins read all that it is told; any origin that some client has registered reads errors, for an app whose
//! `client_id` is mistyped must see that, and not a "CORS error". Credentials are allowed where this is asked: these endpoints
//! read no cookie, and pages that send theirs with every request could otherwise read nothing.

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
const VARY_ORIGIN: HeaderValue = HeaderValue::from_static("origin");
/// Longest list of headers that a preflight is allowed.
const REQUEST_HEADERS_BYTES_MAX: usize = 1024;

/// The page that waits for an answer, by its origin.
pub(super) struct Page(Option<HeaderValue>);

impl Page {
    /// The page behind a request; none where no browser sends it from another origin.
    pub(super) fn of(request: &HeaderMap) -> Self {
        Self(request.get(header::ORIGIN).cloned())
    }

    /// The page of this origin.
    pub(super) const fn at(origin: HeaderValue) -> Self {
        Self(Some(origin))
    }

    /// Lets the page read the answer to `client`, which is the one that the request names, if that is registered.
    pub(super) async fn let_read(&self, app: &App, response: &mut Response, client: Option<&Client>) {
        let Some(origin) = &self.0 else { return };
        response.headers_mut().append(header::VARY, VARY_ORIGIN);
        let Some(text) = serialized(origin) else { return };
        let is_own = client.is_some_and(|client| client.origins.iter().any(|known| known.covers(text)));
        if is_own || (!response.status().is_success() && is_registered(app, text).await) {
            allow(response, origin.clone());
        }
    }
}

/// Answers a preflight for an origin that some client has registered. Which client asks is not known yet; the answer to the
/// request itself goes by that client's own origins.
pub(super) async fn preflight(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().append(header::VARY, VARY_ORIGIN);
    if let Some(origin) = headers.get(header::ORIGIN)
        && let Some(text) = serialized(origin)
        && is_registered(&app, text).await
    {
        allow(&mut response, origin.clone());
        permit(&mut response, &headers);
    }
    response
}

/// Answers a preflight for what is open to all: metadata and keys.
pub(super) async fn open_preflight(headers: HeaderMap) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    open(&mut response);
    permit(&mut response, &headers);
    response
}

/// Lets every page read the answer, none of them with credentials.
pub(super) fn open(response: &mut Response) {
    let is_refused = response.status().is_client_error() || response.status().is_server_error();
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    if is_refused {
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
}

/// The origin as text. Every sandboxed page has the origin `null`, so it names none.
fn serialized(origin: &HeaderValue) -> Option<&str> {
    origin.to_str().ok().filter(|text| *text != "null")
}

/// Whether an active client has registered this origin. Where that cannot be read, none has.
async fn is_registered(app: &App, origin: &str) -> bool {
    app.store.knows_origin(origin).await.unwrap_or_else(|fault| {
        tracing::error!(%fault, "the origins of clients could not be read");
        false
    })
}

fn allow(response: &mut Response, origin: HeaderValue) {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
}

fn permit(response: &mut Response, request: &HeaderMap) {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, wanted_headers(request));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    headers.append(header::VARY, HeaderValue::from_static("access-control-request-headers"));
}

/// What the page wants to send: tracing and SDKs add headers of their own, and none of them means anything here.
fn wanted_headers(request: &HeaderMap) -> HeaderValue {
    let is_list = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~, \t".contains(byte);
    match request.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        Some(wanted)
            if wanted.len() <= REQUEST_HEADERS_BYTES_MAX && wanted.as_bytes().iter().all(is_list) =>
        {
            wanted.clone()
        }
        _ => REQUEST_HEADERS,
    }
}
