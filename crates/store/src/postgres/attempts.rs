//! How often the same is asked again, and what is told in the end.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::severity::{Failure, Severity};
use crate::fault::Fault;
use crate::script::ScriptOutcome;

/// Attempts of one piece of work that meets other writes.
const ATTEMPTS_MAX: u32 = 20;
/// How long a piece of work waits for a connection that is of use.
const PATIENCE: Duration = Duration::from_secs(2);
/// Attempts in that time. A connector that rests after failures fails at once, for up to a second: so many attempts outlast its rest.
const CONNECTING_MAX: u32 = 200;
/// The longest pause before an attempt, in milliseconds.
const PAUSE_MAX: u64 = 64;

/// The attempts of one piece of work.
pub(super) struct Attempts {
    begun_at: Instant,
    failed: u32,
    /// Whether it is not known what became of one of them.
    lost: bool,
}

impl Attempts {
    pub(super) fn begin() -> Self {
        Self { begun_at: Instant::now(), failed: 0, lost: false }
    }

    /// Returns when it is time to try again, or with what is told of the failure.
    pub(super) async fn again_after(&mut self, failure: Failure) -> Result<(), Fault> {
        self.failed += 1;
        let may_go_on = match failure.severity {
            Severity::Statement => false,
            Severity::Again => self.failed < ATTEMPTS_MAX,
            // What became of it is looked for once, however late it is.
            Severity::Unknown if !self.lost => true,
            Severity::Connection | Severity::Server | Severity::Unknown => {
                self.failed < CONNECTING_MAX && self.begun_at.elapsed() < PATIENCE
            }
        };
        if failure.severity == Severity::Unknown {
            tracing::warn!(fault = %failure.fault, "the outcome of a write is unknown");
            self.lost = true;
        }
        if !may_go_on {
            return Err(if self.lost { Fault::OutcomeUnknown } else { failure.fault });
        }
        sleep(pause(self.failed)).await;
        Ok(())
    }

    /// What an outcome means after what came before: that a row was missing may be the work of an attempt whose answer was
    /// lost.
    pub(super) const fn settled(&self, outcome: ScriptOutcome) -> ScriptOutcome {
        match outcome {
            ScriptOutcome::Undone(no_row) if self.lost => ScriptOutcome::Unsettled(no_row),
            other => other,
        }
    }
}

/// A pause of a random length, longer with each failure: those who met must not meet again.
fn pause(failed: u32) -> Duration {
    let most = (1_u64 << failed.min(10)).min(PAUSE_MAX);
    Duration::from_micros(RandomState::new().hash_one(failed) % (most * 1000))
}
