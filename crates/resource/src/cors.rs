//! Cross-origin requests (Fetch §3.2): which web apps may call this API from a browser.
//!
//! Tokens travel in a header that scripts set themselves, never in cookies, so no answer allows credentials and a
//! permitted origin can do no more than its token.

use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
        ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, ORIGIN, VARY,
    },
    request::Parts,
};
use proofkey_oauth::is_serialized_origin;

use crate::ConfigurationError;

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
const METHODS_TO_READ: HeaderValue = HeaderValue::from_static("GET, HEAD");
const PREFLIGHT_SECONDS: HeaderValue = HeaderValue::from_static("600");
/// Longer lists of request headers are not echoed.
const REQUEST_HEADERS_BYTES_MAX: usize = 1024;

/// The origins that may call. Empty: no cross-origin request succeeds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origins {
    any: bool,
    listed: Vec<HeaderValue>,
}

impl Origins {
    /// From origins as browsers write them; `*` allows every one.
    pub(crate) fn new(origins: &[String]) -> Result<Self, ConfigurationError> {
        let mut all = Self::default();
        for origin in origins {
            if origin == "*" {
                all.any = true;
                continue;
            }
            let value = HeaderValue::from_str(origin).ok().filter(|_| is_serialized_origin(origin));
            all.listed.push(value.ok_or_else(|| ConfigurationError::Origin(origin.clone()))?);
        }
        Ok(all)
    }

    /// The value of `Access-Control-Allow-Origin` for a request, if its origin may call. `null` is never listed:
    /// every sandboxed page has that origin.
    pub(crate) fn granted(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(ORIGIN)?;
        if self.any {
            return Some(HeaderValue::from_static("*"));
        }
        self.listed.iter().find(|listed| *listed == origin).cloned()
    }

    /// Adds to an answer what lets the calling page read it, the challenge included.
    pub(crate) fn decorate(&self, granted: Option<HeaderValue>, headers: &mut HeaderMap) {
        if !self.listed.is_empty() {
            headers.append(VARY, HeaderValue::from_static("Origin"));
        }
        if let Some(origin) = granted {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.append(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("WWW-Authenticate"));
        }
    }

    /// The answer to a preflight. It carries no token and never will, so it is answered here: the API behind is not
    /// asked, and an origin that may not call simply gets no permission.
    pub(crate) fn preflight<B: From<String>>(&self, request: &HeaderMap) -> Response<B> {
        let granted = self.granted(request);
        let mut response = if granted.is_some() { permission(METHODS, request) } else { no_content() };
        self.decorate(granted, response.headers_mut());
        response
    }
}

/// The answer to a preflight for what every page may read, whatever origins may call.
pub(crate) fn preflight_to_read<B: From<String>>(request: &HeaderMap) -> Response<B> {
    let mut response = permission(METHODS_TO_READ, request);
    response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

fn permission<B: From<String>>(methods: HeaderValue, request: &HeaderMap) -> Response<B> {
    let mut response = no_content();
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
    headers.insert(ACCESS_CONTROL_MAX_AGE, PREFLIGHT_SECONDS);
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed_headers(request));
    headers.append(VARY, HeaderValue::from_name(ACCESS_CONTROL_REQUEST_HEADERS));
    response
}

fn no_content<B: From<String>>() -> Response<B> {
    let mut response = Response::new(B::from(String::new()));
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// Whether a request is a preflight.
pub(crate) fn is_preflight(parts: &Parts) -> bool {
    let has = |name: HeaderName| parts.headers.contains_key(name);
    parts.method == Method::OPTIONS && has(ORIGIN) && has(ACCESS_CONTROL_REQUEST_METHOD)
}

/// What the page wants to send; `Authorization` must be named, no wildcard covers it.
fn allowed_headers(headers: &HeaderMap) -> HeaderValue {
    match headers.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        Some(wanted) if wanted.len() <= REQUEST_HEADERS_BYTES_MAX => wanted.clone(),
        _ => HeaderValue::from_name(AUTHORIZATION),
    }
}
