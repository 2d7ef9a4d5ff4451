//! What is known of a request before its body is read.

use std::cell::RefCell;
use std::convert::Infallible;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Instant;

use axum::extract::FromRequestParts;
use axum::http::HeaderValue;
use axum::http::request::Parts;

use crate::random::Randomness;

/// The digits of request ids: no letter that is read for another (Crockford's base 32, lower case).
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const ID_DIGITS: usize = 16;
/// Random bytes that a thread draws at once.
const POOL_BYTES: usize = 64 * ID_DIGITS;

/// The extension that every request carries; handlers take it as an argument.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// The other end of the connection.
    pub peer: Peer,
    /// Who sent the request, as far as trusted proxies say.
    pub client: ClientAddress,
    /// What proxies say of it.
    pub forwarded: Forwarded,
    /// Names the request in the log, in errors and in `X-Request-Id`.
    pub id: RequestId,
    /// When its head had come, by a clock that measures and tells no time of day.
    pub at: Instant,
}

/// The other end of the connection: a client or a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// How a request came through proxies, as far as `X-Forwarded-For` tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forwarded {
    /// How many addresses it names, as far as they are looked at.
    pub entries: u8,
    /// How many of them, from the right, were gone along: the last of them is that of the sender.
    pub followed: u8,
    /// Whether the peer is a trusted proxy, so that they are believed.
    pub is_believed: bool,
    /// Whether the sender has a loopback address.
    pub is_from_here: bool,
}

/// The address that limits and the audit log go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// 80 random bits in 16 digits, short enough to be read out over the telephone.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId([u8; ID_DIGITS]);

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool { bytes: [0; POOL_BYTES], left: 0 }) };
}

/// Random bytes drawn ahead: a system call for each request would cost a good part of answering a small one.
struct Pool {
    bytes: [u8; POOL_BYTES],
    left: usize,
}

impl Pool {
    #[expect(clippy::disallowed_methods, reason = "ids are made at the edge, where randomness is read")]
    fn take(&mut self) -> [u8; ID_DIGITS] {
        if self.left < ID_DIGITS {
            let _filled = getrandom::fill(&mut self.bytes);
            self.left = POOL_BYTES;
        }
        self.left -= ID_DIGITS;
        let drawn = self.bytes.get(self.left..self.left + ID_DIGITS);
        drawn.and_then(|drawn| drawn.try_into().ok()).unwrap_or_default()
    }
}

impl RequestId {
    /// A new id. Without randomness it is all zeros: an id is a convenience, not a secret.
    pub fn random(randomness: &Randomness) -> Self {
        let bytes = match randomness {
            Randomness::System => POOL.with_borrow_mut(Pool::take),
            Randomness::Seeded(source) => {
                let mut bytes = [0; ID_DIGITS];
                source(&mut bytes);
                bytes
            }
        };
        Self(bytes.map(|byte| DIGITS.get(usize::from(byte & 31)).copied().unwrap_or(b'0')))
    }

    /// The id as logs and error pages show it.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    pub(super) fn header(&self) -> Option<HeaderValue> {
        HeaderValue::from_bytes(&self.0).ok()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl Arrival {
    /// What a router that was called without a listener (a unit test) sees.
    fn unknown() -> Self {
        let nowhere = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let peer = Peer(SocketAddr::new(nowhere, 0));
        let id = RequestId::random(&Randomness::System);
        Self { peer, client: ClientAddress(nowhere), forwarded: Forwarded::default(), id, at: Instant::now() }
    }
}

impl<S: Sync> FromRequestParts<S> for Arrival {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().copied().unwrap_or_else(Self::unknown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ht_06_request_ids_are_random_digits() {
        let (one, other) = (RequestId::random(&Randomness::System), RequestId::random(&Randomness::System));
        assert_ne!(one, other);
        assert_eq!(one.as_str().len(), ID_DIGITS);
        assert!(one.as_str().bytes().all(|byte| DIGITS.contains(&byte)));
    }
}
