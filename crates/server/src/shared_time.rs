//! The time that the nodes of one database share: whom they ask for it, and how this machine's clock stands to it.
//!
//! Nodes judge codes, sessions and grants of one another, so that two clocks that differ would be two judgements. The database is
//! asked when a server starts and every ten seconds; in between, and for as long as it does not answer, the time goes on by
//! what passes here. What the clock of the machine shows is for the log.

use proofkey_store::{Fault, ProtocolStore};

use crate::clock::Clock;

/// An answer that took longer says too little of when it was given.
const ANSWER_MILLIS_MAX: i64 = 1_000;
/// How often an answer is asked for that came soon enough, before one that did not is taken.
const ASKED_MAX: usize = 3;
/// A difference that is worth a warning: above what time services correct in their course.
const NOTABLE_SECONDS: i64 = 30;

/// The clock by which a database is used: the machine's for a file, else that of the database's server.
pub async fn clock_of(store: &ProtocolStore, local: Clock) -> Result<Clock, Fault> {
    let clock = match local {
        Clock::System if store.is_shared() => Clock::shared(Clock::System),
        given => given,
    };
    take_over(&clock, store).await?;
    Ok(clock)
}

/// Asks the database for the time, where this clock is its.
pub(crate) async fn take_over(clock: &Clock, store: &ProtocolStore) -> Result<(), Fault> {
    let Clock::Shared(shared) = clock else { return Ok(()) };
    for asked in 1..=ASKED_MAX {
        let asked_at = clock.passed_millis();
        let Some(shown) = store.server_time().await? else { return Ok(()) };
        let answered_at = clock.passed_millis();
        if answered_at.saturating_sub(asked_at) <= ANSWER_MILLIS_MAX || asked == ASKED_MAX {
            shared.note(shown, asked_at, answered_at);
            return Ok(());
        }
    }
    Ok(())
}

/// How this machine's clock stands to that of the database, as it was told last.
#[derive(Debug, Default)]
pub(crate) struct LocalClock {
    is_notable: bool,
}

impl LocalClock {
    /// Warns when the machine's clock has gone wrong, and says when it is right again. Returns by how many seconds it is ahead.
    pub(crate) fn report(&mut self, clock: &Clock) -> i64 {
        let Clock::Shared(shared) = clock else { return 0 };
        let seconds = shared.local_ahead_seconds();
        let is_notable = seconds.saturating_abs() > NOTABLE_SECONDS;
        if is_notable && !self.is_notable {
            tracing::warn!(
                ahead_seconds = seconds,
                "the clock of this machine differs from the database's: requests are judged by the database's, lines of this log \
                 are dated by the machine's"
            );
        } else if self.is_notable && !is_notable {
            tracing::info!("the clock of this machine agrees with the database's again");
        }
        self.is_notable = is_notable;
        seconds
    }
}
