//! What runs beside the requests: refreshing snapshots, rotating keys, removing what has expired.

use std::sync::Arc;
use std::time::Duration;

use proofkey_store::{Fault, Store};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::http::Readiness;
use crate::keys::{self, KeysFault, Rotated, rotation};
use crate::metrics::SecurityEvent;

/// How often versions are read: changes by command take effect within a second.
const REFRESH_EVERY: Duration = Duration::from_millis(500);
/// How many refreshes pass between two looks at the schedule of keys.
const ROTATE_EVERY: u32 = 120;
/// How many refreshes pass between two rounds of removing.
const SWEEP_EVERY: u32 = 60;
/// Rows removed in one transaction: small enough that no sign-in waits for it.
const SWEEP_ROWS_MAX: u32 = 500;
/// Most transactions of one round of removing.
const SWEEP_ROUNDS_MAX: u32 = 200;

/// Runs until the server stops.
pub(crate) async fn run(app: Arc<App>, store: Store, readiness: Arc<Readiness>, shutdown: CancellationToken) {
    let work = async {
        let mut ticks = interval(REFRESH_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut keys_version = None;
        for tick in 0_u32.. {
            ticks.tick().await;
            match app.refresh(&store).await {
                Err(fault) => {
                    tracing::error!(%fault, "changes of clients and APIs could not be read");
                    readiness.note_store(false);
                }
                Ok(version) => {
                    readiness.note_store(true);
                    if tick % ROTATE_EVERY == 0 {
                        // What it changes moves the version, so the next look takes it over.
                        report(rotate_keys(&app, &store).await.map(drop));
                    }
                    if keys_version != Some(version) || app.keyring.is_outdated(app.now()) {
                        let loaded = load_keys(&app, &store).await;
                        // Only what was taken over is known: a read that failed is tried again at the next look.
                        keys_version = loaded.is_ok().then_some(version);
                        report(loaded);
                    }
                }
            }
            if tick % SWEEP_EVERY == SWEEP_EVERY - 1
                && let Err(fault) = sweep(&app, &store).await
            {
                tracing::error!(%fault, "expired rows could not be removed");
            }
        }
    };
    let _ = shutdown.run_until_cancelled(work).await;
}

fn report(refreshed: Result<(), KeysFault>) {
    if let Err(fault) = refreshed {
        // The keyring keeps what it has: tokens are still signed and verified.
        tracing::error!(%fault, "signing keys could not be refreshed");
    }
}

/// Makes the keys that are due and removes those that are done with. What another node did first, that node counts.
pub(crate) async fn rotate_keys(app: &App, store: &Store) -> Result<Rotated, KeysFault> {
    let rotated = keys::rotate(store, &app.sealer, &app.rotation, app.now()).await?;
    for _ in 0..rotated.applied {
        app.metrics.count(SecurityEvent::KeyRotated);
    }
    Ok(rotated)
}

/// Loads the stored keys into the keyring.
pub(crate) async fn load_keys(app: &App, store: &Store) -> Result<(), KeysFault> {
    let now = app.now();
    let records = store.keys().await?;
    let due = rotation::ALGORITHMS
        .iter()
        .filter_map(|algorithm| rotation::active(&records, *algorithm, now))
        .map(|key| (key.active_from + app.rotation.period_seconds).seconds())
        .min();
    app.metrics.rotation_due_at.set(due.unwrap_or_default());
    app.keyring.replace(records, &app.sealer, now)
}

async fn sweep(app: &App, store: &Store) -> Result<(), Fault> {
    for _ in 0..SWEEP_ROUNDS_MAX {
        if store.sweep(app.now(), SWEEP_ROWS_MAX).await? < SWEEP_ROWS_MAX {
            break;
        }
        tokio::task::yield_now().await;
    }
    Ok(())
}
