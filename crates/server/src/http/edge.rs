//! What a listener is told: limits, proxies, headers, and where it counts.

use std::sync::Arc;

use axum::http::header::{STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderValue};

use super::address::TrustedProxies;
use super::budget::Budget;
use super::limits::HttpLimits;
use crate::metrics::HttpMetrics;
use crate::random::Randomness;

const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
/// One year (HT-01). Subdomains are not ours to speak for.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// How a listener treats connections and requests.
#[derive(Clone, Debug, Default)]
pub struct Edge {
    /// Most bytes, connections and seconds.
    pub limits: HttpLimits,
    /// The networks whose forwarded headers are believed.
    pub trusted_proxies: TrustedProxies,
    /// What all listeners of the process may hold.
    pub budget: Arc<Budget>,
    /// Headers that every response carries.
    pub security_headers: SecurityHeaders,
    /// Where requests and connections are counted.
    pub metrics: HttpMetrics,
    /// The source of request ids.
    pub randomness: Randomness,
}

/// Headers that every response carries.
#[derive(Clone, Copy, Debug, Default)]
pub struct SecurityHeaders {
    /// Browsers shall use https only for a year (RFC 6797); for an https issuer, also where a proxy ends TLS.
    pub strict_transport: bool,
}

impl SecurityHeaders {
    pub(super) fn apply(self, headers: &mut HeaderMap) {
        headers.insert(X_CONTENT_TYPE_OPTIONS, NOSNIFF);
        if self.strict_transport {
            headers.insert(STRICT_TRANSPORT_SECURITY, HSTS);
        }
    }
}
