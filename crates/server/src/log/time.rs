//! The time that a line begins with.

use std::fmt;

use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

use crate::clock::Clock;

/// The time of the edge's clock, in UTC to the millisecond (RFC 3339).
pub(super) fn now(clock: &Clock) -> String {
    jiff::Timestamp::from_millisecond(clock.now_millis())
        .map_or_else(|_| "(no time)".to_owned(), |instant| format!("{instant:.3}"))
}

/// Writes it at the beginning of each line.
pub(super) struct Utc(pub(super) Clock);

impl FormatTime for Utc {
    fn format_time(&self, out: &mut Writer<'_>) -> fmt::Result {
        out.write_str(&now(&self.0))
    }
}
