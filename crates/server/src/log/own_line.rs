//! The few lines that the log writes about itself, past `tracing`: they are made where that may be what has failed.

use serde_json::json;

use super::time::now;
use crate::clock::Clock;
use crate::config::LogFormat;

/// Makes such lines, in the form of all the others.
#[derive(Clone, Debug)]
pub(super) struct OwnLines {
    format: LogFormat,
    clock: Clock,
}

impl OwnLines {
    pub(super) const fn new(format: LogFormat, clock: Clock) -> Self {
        Self { format, clock }
    }

    pub(super) fn panic(&self, message: &str, place: &str) -> String {
        let at = now(&self.clock);
        match self.format {
            LogFormat::Text => format!("{at} ERROR proofkey_server::log: panic place={place} message={message:?}"),
            LogFormat::Json => {
                json!({"timestamp": at, "level": "ERROR", "message": "panic", "place": place, "cause": message})
                    .to_string()
            }
        }
    }

    /// That so many lines could not be written.
    pub(super) fn lost(&self, lines: u64) -> String {
        let at = now(&self.clock);
        match self.format {
            LogFormat::Text => format!("{at}  WARN proofkey_server::log: log lines were lost lost={lines}"),
            LogFormat::Json => {
                json!({"timestamp": at, "level": "WARN", "message": "log lines were lost", "lost": lines})
                    .to_string()
            }
        }
    }

    /// The beginning of a line that is too long, with its length. A cut line of JSON would be none, so it becomes a text in one.
    pub(super) fn cut(&self, line: &str, bytes_max: usize) -> String {
        let bytes = line.len();
        match self.format {
            LogFormat::Text => format!(
                "{}… ({bytes} bytes)",
                line.get(..line.floor_char_boundary(bytes_max)).unwrap_or_default()
            ),
            LogFormat::Json => {
                // Quotation marks are escaped once more, which may double what is kept.
                let kept = line.get(..line.floor_char_boundary(bytes_max / 2)).unwrap_or_default();
                let at = now(&self.clock);
                json!({"timestamp": at, "level": "WARN", "message": "a log line was too long", "bytes": bytes, "line": kept})
                    .to_string()
            }
        }
    }
}
