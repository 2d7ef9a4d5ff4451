//! Requests that never reach the router.

use axum::body::Body;
use axum::http::header::{ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HOST, RETRY_AFTER};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version};

use super::arrival::RequestId;
use super::limits::{HEADER_BYTES_MAX, HEADERS_MAX, URI_BYTES_MAX};

/// Marks a response that is refused for want of room, whichever peer asks: its sender is not judged by it.
#[derive(Clone, Copy, Debug)]
pub struct ForWantOfRoom;

/// What a header field costs beside its name and value.
const FIELD_BYTES: usize = 4;

/// The status of a request that is refused by its head alone.
pub(super) fn refuse<B>(request: &Request<B>) -> Option<StatusCode> {
    if target_bytes(request) > URI_BYTES_MAX {
        return Some(StatusCode::URI_TOO_LONG);
    }
    let headers = request.headers();
    if headers.len() > HEADERS_MAX || header_bytes(headers) > HEADER_BYTES_MAX {
        return Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    }
    if !names_one_host(request.version(), headers) {
        return Some(StatusCode::BAD_REQUEST);
    }
    let is_known = matches!(
        *request.method(),
        Method::GET
            | Method::HEAD
            | Method::POST
            | Method::OPTIONS
            | Method::PUT
            | Method::PATCH
            | Method::DELETE
    );
    // TRACE would read a caller's cookies back to a script, and no client of ours sends it (HT-06).
    (!is_known).then_some(StatusCode::METHOD_NOT_ALLOWED)
}

/// Bytes of a request's target and header fields.
pub(super) fn head_bytes<B>(request: &Request<B>) -> usize {
    target_bytes(request) + header_bytes(request.headers())
}

fn target_bytes<B>(request: &Request<B>) -> usize {
    request.uri().path_and_query().map_or(0, |target| target.as_str().len())
}

/// The answer to a request for which there is no room: soon there is, and this connection has held enough.
pub(super) fn over_budget(id: RequestId) -> Response<Body> {
    let mut response = later(id, "1");
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// The answer to a client that is paced, and gets no turn. The connection is a proxy's, which has others to speak for.
pub(super) fn out_of_turn(id: RequestId) -> Response<Body> {
    later(id, "5")
}

fn later(id: RequestId, seconds: &'static str) -> Response<Body> {
    let mut response = response(StatusCode::SERVICE_UNAVAILABLE, id);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(seconds));
    response
}

/// The generic page of an error: the status and the id under which the log has the rest (HT-06).
pub(super) fn response(status: StatusCode, id: RequestId) -> Response<Body> {
    let reason = status.canonical_reason().unwrap_or("Error");
    let mut response = Response::new(Body::from(format!("{reason}\nrequest id: {id}\n")));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD, POST, OPTIONS"));
    }
    response
}

/// HTTP/1.1 names exactly one host, and no version two (RFC 9112 §3.2): a proxy and this server could each believe another.
fn names_one_host(version: Version, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        // HTTP/1.0 has no such field, HTTP/2 has `:authority`. Empty is what a target without authority asks for.
        (None, _) => version != Version::HTTP_11,
        (Some(host), None) => {
            host.is_empty()
                || Authority::try_from(host.as_bytes()).is_ok_and(|host| !host.as_str().contains('@'))
        }
        (Some(_), Some(_)) => false,
    }
}

fn header_bytes(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + FIELD_BYTES).sum()
}
