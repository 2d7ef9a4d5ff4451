//! How much of a noun there may be.

/// Most scopes of one API.
pub(super) const SCOPES_MAX: usize = 200;
/// How often a change is made anew of what stands when another change came first.
pub(super) const ATTEMPTS_MAX: usize = 4;
/// Most clients that are named as waiting for the scopes of a new API.
pub(super) const WAITING_MAX: usize = 20;
/// The longest that a replaced client secret may live on: 90 days.
pub const SECRET_KEEP_SECONDS_MAX: i64 = 90 * 86_400;
/// How long a new client secret lives that was not handed over.
pub(super) const SECRET_STAGED_SECONDS: i64 = 60;
