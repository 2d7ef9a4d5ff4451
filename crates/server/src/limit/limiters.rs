//! Every limit of the server that lives in memory, under the key that it counts by.

use proofkey_oauth::sha256;
use proofkey_protocol::{ClientId, UserId};

use super::{AddressKey, Limiter, SignInLimits};

/// A user together with a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct GrantsKey([u8; 16]);

impl GrantsKey {
    /// The first half of a digest: two pairs that share one would share a limit, and nothing else.
    pub(crate) fn of(user: &UserId, client: &ClientId) -> Self {
        // No id holds a zero byte.
        let digest = sha256(format!("{user}\0{client}").as_bytes());
        Self(digest.first_chunk().copied().unwrap_or_default())
    }
}

/// The limits that live in memory.
#[derive(Debug)]
pub(crate) struct Limiters {
    /// Failed sign-ins.
    pub(crate) sign_in: SignInLimits,
    /// Failed client authentications per client and address, so that a stranger cannot lock a client out for others.
    pub(crate) client: Limiter<(u64, AddressKey)>,
    /// New grants per user and client.
    pub(crate) grants: Limiter<GrantsKey>,
}
