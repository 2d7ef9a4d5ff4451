//! Every limit of the server that lives in memory, under the key that it counts by.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::LazyLock;

use proofkey_protocol::{ClientId, UserId};

use super::{AddressKey, Limiter, SignInLimits};

/// A user together with a client, as a keyed hash, so that no caller can choose two pairs that share one. Should two, they share
/// a limit and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct GrantsKey(u64);

impl GrantsKey {
    /// The same for as long as this process lives.
    pub(crate) fn of(user: &UserId, client: &ClientId) -> Self {
        static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        Self(HASHER.hash_one((user, client)))
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
