//! What a listener is told: limits, proxies, headers, and where it counts.

use std::fmt::Debug;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{ORIGIN, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderValue, Request, Response, Uri};

use super::address::TrustedProxies;
use super::budget::Budget;
use super::limits::HttpLimits;
use super::pace::Pace;
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
    /// How fast peers are read whose requests come to nothing.
    pub pace: Arc<Pace>,
    /// Headers that every response carries.
    pub security_headers: SecurityHeaders,
    /// Who may read a refusal that no endpoint made; pages of other origins read none where this is absent.
    pub readers: Option<Arc<dyn Readers>>,
    /// Where requests and connections are counted.
    pub metrics: HttpMetrics,
    /// The source of request ids.
    pub randomness: Randomness,
}

/// Says which pages of other origins may read a refusal that was made before an endpoint saw the request, or instead of its
/// answer: the edge knows no endpoint.
pub trait Readers: Debug + Send + Sync {
    /// The refusal, with the headers that let the page read it, if it may.
    fn let_read(&self, page: AskingPage, refusal: Response<Body>) -> Told;
}

/// A refusal under way to its page.
pub type Told = Pin<Box<dyn Future<Output = Response<Body>> + Send>>;

/// A page that asked from an origin, and what it asked for.
#[derive(Clone, Debug)]
pub struct AskingPage {
    /// The target of its request.
    pub target: Uri,
    /// Its origin, as the browser names it.
    pub origin: HeaderValue,
}

impl AskingPage {
    /// The page behind a request; none where no browser sends it from another origin.
    pub(super) fn of<B>(request: &Request<B>) -> Option<Self> {
        let origin = request.headers().get(ORIGIN)?.clone();
        Some(Self { target: request.uri().clone(), origin })
    }
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
