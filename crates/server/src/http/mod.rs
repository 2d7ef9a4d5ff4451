//! The edge: connections, TLS, limits of HTTP, client addresses, readiness and signals.
//!
//! It owns everything between the socket and the router. It knows no endpoint: it hands requests to an [`axum::Router`]
//! and adds what arrived with them as one extension, [`Arrival`]. `axum::serve` is not used, for it sets no timeouts.

mod accept;
mod address;
mod arrival;
mod body;
mod connection;
mod guarded;
mod limits;
mod readiness;
mod refusal;
mod service;
mod signal;
#[cfg(test)]
mod tests;
mod tls;

pub use accept::serve;
pub use address::TrustedProxies;
pub use arrival::{Arrival, ClientAddress, Peer, RequestId};
pub use body::{BODY_BYTES_MAX, BodyRefusal, read_body};
pub use limits::{HttpLimits, file_limit};
pub use readiness::{Phase, Readiness};
pub use service::SecurityHeaders;
pub use signal::StopSignals;
pub use tls::{Tls, TlsRefused};

use crate::metrics::HttpMetrics;
use crate::random::Randomness;

/// How a listener treats connections and requests.
#[derive(Clone, Debug, Default)]
pub struct Edge {
    /// Most bytes, connections and seconds.
    pub limits: HttpLimits,
    /// The networks whose forwarded headers are believed.
    pub trusted_proxies: TrustedProxies,
    /// Headers that every response carries.
    pub security_headers: SecurityHeaders,
    /// Where requests and connections are counted.
    pub metrics: HttpMetrics,
    /// The source of request ids.
    pub randomness: Randomness,
}
