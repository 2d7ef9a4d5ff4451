//! The task that writes what was noted.

use std::time::Duration;

use proofkey_store::{Fault, Store};
use tokio::time::{MissedTickBehavior, interval};

use super::KEPT_MAX;
use crate::app::App;
use crate::tasks::Watch;

/// The time between two batches.
const WRITE_EVERY: Duration = Duration::from_secs(1);

/// Writes once a second what was noted, until the server stops, and then what is left.
pub(crate) async fn run(watch: Watch, store: Store) {
    let Watch { app, shutdown, .. } = watch;
    let work = async {
        let mut ticks = interval(WRITE_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            write(&app, &store).await;
        }
    };
    let _ = shutdown.run_until_cancelled(work).await;
    write(&app, &store).await;
}

/// What cannot be written is lost and counted: it is no reason to keep more, or to try at the cost of others.
async fn write(app: &App, store: &Store) {
    let rows = app.refusals.take();
    let count = rows.len();
    if count == 0 {
        return;
    }
    match store.record_refusals(rows, KEPT_MAX).await {
        Ok(()) => {}
        Err(fault) => {
            app.metrics.refusals_not_recorded.inc_by(u64::try_from(count).unwrap_or(u64::MAX));
            if fault == Fault::Busy {
                tracing::debug!(count, "refusals were not recorded: other writes left no room");
            } else {
                tracing::warn!(count, %fault, "refusals were not recorded");
            }
        }
    }
}
