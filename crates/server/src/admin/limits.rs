//! How much of a noun there may be.

/// Most scopes of one API.
pub(super) const SCOPES_MAX: usize = 200;
/// Shortest client secret that may be given rather than made, in bytes.
pub(super) const SECRET_BYTES_MIN: usize = 8;
/// The longest that a replaced client secret may live on: 90 days.
pub const SECRET_KEEP_SECONDS_MAX: i64 = 90 * 86_400;
