//! The uses of sessions that requests have noted: they are written together, as they become due, and what is left when the server ends.

use std::time::Duration;

use proofkey_store::{Fault, Store};
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::tasks::Watch;

/// How often what is due is looked for.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long the end of the server waits for what is left.
const AT_THE_END: Duration = Duration::from_secs(3);

/// Writes what is due, until the server stops.
pub(crate) async fn run(watch: Watch, store: Store) {
    let work = async {
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            report(store.write_uses().await);
        }
    };
    let _ = watch.shutdown.run_until_cancelled(work).await;
}

/// Writes what is left. A database that does not answer keeps no server from its end.
pub(crate) async fn finish(store: &Store) {
    let written = timeout(AT_THE_END, store.write_all_uses()).await;
    report(written.unwrap_or(Err(Fault::Busy)));
}

/// What was lost costs a session a quarter of its idle life at most, and no answer.
fn report(written: Result<(), Fault>) {
    if let Err(fault) = written {
        tracing::warn!(%fault, "when sessions were last used could not be written");
    }
}
