//! What a process leaves to the one after it of the time that it knew.

use proofkey_oauth::Timestamp;

/// The latest time that was known, and what the clock said beyond it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotedTime {
    /// That time.
    pub latest: Timestamp,
    /// By how many seconds the clock has been ahead of it at least; 0 where it is not.
    pub ahead_by: i64,
    /// For how many milliseconds of the servers' lives it has been so, without a break.
    pub ahead_millis: i64,
}
