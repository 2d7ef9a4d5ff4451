//! The task that writes what was noted.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use proofkey_store::{Fault, Store};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::KEPT_MAX;
use crate::app::App;
use crate::tasks::Watch;

/// The time between two batches.
const WRITE_EVERY: Duration = Duration::from_secs(1);
/// Most rows in one transaction: on SQLite other writes stand behind it.
const ROWS_AT_ONCE: usize = 25;
/// How long a server that stops has for what is left.
const FINISH_WITHIN: Duration = Duration::from_secs(2);

/// Writes once a second what was noted, until the server stops. What is noted from then on [`finish`] writes.
pub(crate) async fn run(watch: Watch, store: Store) {
    let Watch { app, shutdown, .. } = watch;
    let mut ticks = interval(WRITE_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // A batch that is being written is not given up.
    while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
        write(&app, &store).await;
    }
}

/// Writes what is left when no request is under way any more. What is not written in time is counted, and told.
pub(crate) async fn finish(app: &App, store: &Store) {
    if timeout(FINISH_WITHIN, write(app, store)).await.is_err() {
        tracing::warn!("refusals were not recorded before the stop: the database took too long");
    }
}

/// Rows that were taken to be written. Those that are not are counted when this goes, by a panic or a time that has passed too.
struct Taken<'a> {
    left: usize,
    not_recorded: &'a Counter,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.not_recorded.inc_by(u64::try_from(self.left).unwrap_or(u64::MAX));
    }
}

/// What cannot be written is lost and counted: it is no reason to keep more, or to try at the cost of others.
async fn write(app: &App, store: &Store) {
    let mut rows = app.refusals.take();
    let mut taken = Taken { left: rows.len(), not_recorded: &app.metrics.refusals_not_recorded };
    while !rows.is_empty() {
        let later = rows.split_off(rows.len().min(ROWS_AT_ONCE));
        let count = rows.len();
        match store.record_refusals(rows, KEPT_MAX).await {
            Ok(()) => taken.left -= count,
            Err(fault) => return report(taken.left, &fault),
        }
        rows = later;
    }
}

fn report(count: usize, fault: &Fault) {
    if *fault == Fault::Busy {
        tracing::debug!(count, "refusals were not recorded: other writes left no room");
    } else {
        tracing::warn!(count, %fault, "refusals were not recorded");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pk_08_what_is_not_written_is_counted_however_the_writing_ends() {
        let not_recorded = Counter::default();
        let mut taken = Taken { left: 30, not_recorded: &not_recorded };
        taken.left -= 25;
        drop(taken);
        assert_eq!(not_recorded.get(), 5);
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let taken = Taken { left: 2, not_recorded: &not_recorded };
            assert_eq!(taken.left, 0, "it panics in the middle");
        }));
        assert_eq!((ended.is_err(), not_recorded.get()), (true, 7));
    }
}
