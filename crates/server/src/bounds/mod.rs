//! The table of limits: docs/limits.md is made from the constants and the defaults themselves, so that it cannot say anything
//! else than the code does.
//!
//! Each module that has limits lists them in a `LIMITS` of its own, beside them; [`page`] puts the lists together. What two
//! limits multiply to is a [`Product`]: no memory is safe because each of its factors is. It exists for tests alone.

mod inputs;
mod lives;
mod page;
mod products;
mod sign_in;
mod store;

use crate::config::Config;

/// A limit, as the page states it.
#[derive(Clone, Copy)]
pub(crate) struct Limit {
    /// The setting, or in words what is limited.
    pub(crate) name: &'static str,
    pub(crate) value: Value,
    pub(crate) scope: Scope,
    /// What happens beyond it.
    pub(crate) beyond: &'static str,
    /// The product that it bounds.
    pub(crate) bounds: &'static str,
    /// The test that shows it, by its name.
    pub(crate) test: &'static str,
}

/// How much.
#[derive(Clone, Copy)]
pub(crate) enum Value {
    Bytes(usize),
    Count(usize),
    Seconds(u64),
    Millis(u64),
    Hours(u64),
    Days(u64),
    /// One in so many parts of something that is named.
    Part(usize, &'static str),
    /// Of the setting that the limit is named after.
    Setting(fn(&Config) -> Value),
}

/// Who has it for himself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Request,
    Connection,
    /// An IPv4 address, or the /64 of an IPv6 address.
    Address,
    /// The /48 of an IPv6 address.
    Network,
    /// A username, registered or not, in browsers that it does not know.
    Account,
    /// A browser that is known to an account.
    Device,
    /// A client at one address.
    Client,
    User,
    /// A user at one client.
    UserAndClient,
    Code,
    /// An access token or an ID token.
    Token,
    /// What a user allowed a client, with its refresh tokens.
    Grant,
    /// A browser session.
    Session,
    /// A signing key.
    Key,
    Browser,
    All,
}

/// What some limits multiply to, worked out for a number of open files.
pub(crate) struct Product {
    pub(crate) name: &'static str,
    /// How it comes about, in words.
    pub(crate) factors: &'static str,
    pub(crate) value: fn(&Config, usize) -> Value,
}
