//! The clock of the edge: the only place of this crate that reads the system's time. Rules get `now` as an argument.

use proofkey_oauth::Timestamp;

/// The instant on this machine's clock, in whole seconds.
#[expect(clippy::disallowed_methods, reason = "the one place of the client that reads the system's clock")]
pub(crate) fn now() -> Timestamp {
    // A clock before 1970 is a broken machine; zero makes tokens look issued in the future, so they are refused.
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX))
}
