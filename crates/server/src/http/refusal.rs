//! Requests that never reach the router.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};

use super::arrival::RequestId;
use super::limits::{HEADER_BYTES_MAX, HEADERS_MAX, URI_BYTES_MAX};

/// What a header field costs beside its name and value.
const FIELD_BYTES: usize = 4;

/// The status of a request that is refused by its head alone.
pub(super) fn refuse<B>(request: &Request<B>) -> Option<StatusCode> {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    if target > URI_BYTES_MAX {
        return Some(StatusCode::URI_TOO_LONG);
    }
    let headers = request.headers();
    if headers.len() > HEADERS_MAX || header_bytes(headers) > HEADER_BYTES_MAX {
        return Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
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

/// The generic page of an error: the status and the id under which the log has the rest (HT-06).
pub(super) fn response(status: StatusCode, id: RequestId) -> Response<Body> {
    let reason = status.canonical_reason().unwrap_or("Error");
    let mut response = Response::new(Body::from(format!("{reason}\nrequest id: {id}\n")));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response
            .headers_mut()
            .insert(axum::http::header::ALLOW, HeaderValue::from_static("GET, HEAD, POST, OPTIONS"));
    }
    response
}

fn header_bytes(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + FIELD_BYTES).sum()
}
