//! The edge: connections, TLS, limits of HTTP, client addresses, readiness and signals.
//!
//! It owns everything between the socket and the router. It knows no endpoint: it hands requests to an [`axum::Router`]
//! and adds what arrived with them as one extension, [`Arrival`]. `axum::serve` is not used, for it sets no timeouts.

mod accept;
mod activity;
mod address;
mod arrival;
mod body;
#[cfg(test)]
pub(crate) mod bounds;
mod budget;
mod connection;
mod edge;
mod guarded;
mod limits;
mod members;
mod pace;
mod pool;
mod readiness;
mod refusal;
mod service;
mod signal;
#[cfg(test)]
mod tests;
mod tls;

pub use accept::serve;
pub use address::TrustedProxies;
pub use arrival::{Arrival, ClientAddress, Forwarded, Peer, RequestId};
pub use body::{BODY_BYTES_MAX, BodyRefusal, read_body};
pub use budget::Budget;
pub use edge::{AskingPage, Edge, Readers, SecurityHeaders, Told};
pub use limits::{HttpLimits, file_limit, raise_file_limit};
pub use pace::Pace;
pub use readiness::{Phase, Readiness};
pub use refusal::ForWantOfRoom;
pub use signal::{Signals, survive_file_size_limit};
pub use tls::{Tls, TlsRefused};
