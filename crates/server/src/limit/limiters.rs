//! Every limit of the server that lives in memory, under the key that it counts by.

use super::{AddressKey, Limiter};

/// The limits that live in memory.
#[derive(Debug)]
pub(crate) struct Limiters {
    /// Sign-ins per address.
    pub(crate) sign_in: Limiter<AddressKey>,
    /// Failed client authentications per client and address, so that a stranger cannot lock a client out for others.
    pub(crate) client: Limiter<(u64, AddressKey)>,
}
