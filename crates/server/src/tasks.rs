//! What runs beside the requests: refreshing snapshots, rotating keys, noting the time by which what has ended is removed.

use std::sync::Arc;
use std::time::Duration;

use proofkey_oauth::Timestamp;
use proofkey_store::{NotedTime, Store};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::http::Readiness;
use crate::keys::{self, KeysFault, Rotated, rotation};
use crate::known_time::{ClockStands, KnownTime};
use crate::metrics::SecurityEvent;
use crate::shared_time::{self, LocalClock};

/// How often versions are read: changes by command take effect within a second.
const REFRESH_EVERY: Duration = Duration::from_millis(500);
/// How many refreshes pass between two looks at the schedule of keys.
const ROTATE_EVERY: u32 = 120;
/// How many refreshes pass between two questions for the time.
const TIME_EVERY: u32 = 20;
/// How many refreshes pass between two notes of the time, by each of which what has ended is removed.
const NOTE_EVERY: u32 = 60;

/// The pause before a task that panicked is started again: what it met may still be there.
const RESTART_AFTER: Duration = if cfg!(test) { Duration::from_millis(20) } else { Duration::from_secs(1) };
/// A task that was started again counts as up once it has run for so long.
const SETTLED_AFTER: Duration = if cfg!(test) { Duration::from_millis(200) } else { Duration::from_secs(2) };

/// Watches the tasks that run beside requests.
#[derive(Clone)]
pub(crate) struct Watch {
    pub(crate) app: Arc<App>,
    pub(crate) readiness: Arc<Readiness>,
    pub(crate) shutdown: CancellationToken,
}

impl Watch {
    /// Runs what `start` makes, and starts it again whenever it panics, until it ends by itself or the server stops. While it
    /// is down the server is not ready: without its tasks it rotates no key and sees no change.
    pub(crate) fn spawn<T>(self, name: &'static str, start: impl Fn() -> T + Send + 'static) -> JoinHandle<()>
    where
        T: Future<Output = ()> + Send + 'static,
    {
        tokio::spawn(async move {
            while self.panicked(name, tokio::spawn(start())).await {
                self.app.metrics.task_panics.inc();
                self.readiness.task_down(name);
                tracing::error!(task = name, "a background task panicked and is started again");
                if self.shutdown.run_until_cancelled(sleep(RESTART_AFTER)).await.is_none() {
                    return;
                }
            }
        })
    }

    /// Waits until the task ends, and says whether by a panic.
    async fn panicked(&self, name: &'static str, mut task: JoinHandle<()>) -> bool {
        let ended = match timeout(SETTLED_AFTER, &mut task).await {
            Ok(ended) => ended,
            Err(_) => {
                self.readiness.task_up(name);
                task.await
            }
        };
        ended.is_err_and(|error| error.is_panic())
    }
}

/// Refreshes, rotates, and notes the time for [`crate::sweep`], until the server stops.
pub(crate) async fn run(
    watch: Watch,
    store: Store,
    mut known: KnownTime,
    noted: tokio::sync::watch::Sender<Option<NotedTime>>,
) {
    let Watch { app, readiness, shutdown } = watch;
    let work = async {
        let mut ticks = interval(REFRESH_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut local, mut is_told) = (LocalClock::default(), false);
        for tick in 0_u32.. {
            ticks.tick().await;
            if tick % TIME_EVERY == 0
                && let Err(fault) = shared_time::take_over(&app.clock, &store).await
            {
                tracing::warn!(%fault, "the database did not tell the time: it goes on by what passes here");
            }
            app.metrics.local_clock_ahead.set(local.report(&app.clock));
            match app.refresh(&store).await {
                Err(fault) => {
                    tracing::error!(%fault, "changes of clients and APIs could not be read");
                    readiness.note_store(false);
                }
                Ok(version) => {
                    readiness.note_store(true);
                    if tick % ROTATE_EVERY == 0 {
                        // What it changes moves the version, so the next look takes it over.
                        let rotated = rotate_keys(&app, &store, known.now(&app.clock)).await;
                        is_told = is_told || tell_lists_differ(rotated.as_ref());
                        report(rotated.map(drop));
                    }
                    let loaded = take_over_keys(&app, &store, version).await;
                    readiness.note_keys(loaded.as_ref().err().map(KeysFault::cause));
                    report(loaded);
                }
            }
            app.metrics.clock_ahead.set(known.ahead_seconds(&app.clock));
            known.changed(&app.clock).into_iter().for_each(ClockStands::report);
            if tick % NOTE_EVERY == NOTE_EVERY - 1 {
                let time = known.note(&app.clock);
                match store.note_time(time).await {
                    Ok(()) => drop(noted.send_replace(Some(time))),
                    Err(fault) => tracing::error!(%fault, "the time could not be noted: nothing is removed"),
                }
            }
        }
    };
    let _ = shutdown.run_until_cancelled(work).await;
}

/// Says once that servers of this database have different lists of algorithms: a ring was noted otherwise than this server had noted it
/// when it started. Each of them goes on by its own, so it would be said every minute.
fn tell_lists_differ(rotated: Result<&Rotated, &KeysFault>) -> bool {
    let differ = rotated.is_ok_and(|rotated| rotated.noted > 0);
    if differ {
        tracing::warn!(
            "keys.algorithms is not the same on every server of this database: what one of them signs, another may not"
        );
    }
    differ
}

fn report(refreshed: Result<(), KeysFault>) {
    if let Err(fault) = refreshed {
        // The keyring keeps what it has: tokens are still signed and verified.
        tracing::error!(%fault, "signing keys could not be refreshed");
    }
}

/// Makes the keys that are due and removes those that are done with. What another node did first, that node counts.
pub(crate) async fn rotate_keys(app: &App, store: &Store, known: Timestamp) -> Result<Rotated, KeysFault> {
    let rotated = keys::rotate(store, &app.keyring.now(), &app.rotation, app.now(), known).await?;
    for _ in 0..rotated.applied {
        app.metrics.count(SecurityEvent::KeyRotated);
    }
    Ok(rotated)
}

/// Loads the stored keys where they are of another version than those in use, or others are due.
async fn take_over_keys(app: &App, store: &Store, version: i64) -> Result<(), KeysFault> {
    let keys = app.keyring.now();
    if keys.version() == version && !keys.is_outdated(app.now()) {
        return Ok(());
    }
    load_keys(app, store).await
}

/// Loads the stored keys into the keyring.
pub(crate) async fn load_keys(app: &App, store: &Store) -> Result<(), KeysFault> {
    let now = app.now();
    app.keyring.take_over(store, now).await?;
    let keys = app.keyring.now();
    let due = keys
        .algorithms()
        .iter()
        .filter_map(|algorithm| rotation::active(keys.records(), algorithm, now))
        .map(|key| (key.active_from + app.rotation.period_seconds).seconds())
        .min();
    app.metrics.rotation_due_at.set(due.unwrap_or_default());
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::body::Body;
    use axum::http::Request;
    use tower::ServiceExt as _;

    use super::*;
    use crate::endpoint::tests::app;
    use crate::http::Phase;

    async fn ready(readiness: &Arc<Readiness>) -> u16 {
        let routes: axum::Router = Arc::clone(readiness).routes();
        let asked = Request::get("/readyz").body(Body::empty()).unwrap();
        routes.oneshot(asked).await.unwrap().status().as_u16()
    }

    /// Looks until it is so: the pauses are short in tests, but the machine may be busy.
    async fn until(mut holds: impl AsyncFnMut() -> bool) {
        let patience = timeout(Duration::from_secs(20), async {
            while !holds().await {
                sleep(Duration::from_millis(1)).await;
            }
        });
        patience.await.unwrap();
    }

    #[tokio::test]
    async fn k_46_a_task_that_panics_is_started_again_and_readiness_tells() {
        let folder = tempfile::tempdir().unwrap();
        let watch =
            Watch { app: app(&folder), readiness: Arc::default(), shutdown: CancellationToken::new() };
        watch.readiness.enter(Phase::Ready);
        let starts = Arc::new(AtomicUsize::new(0));
        let (counted, stop) = (Arc::clone(&starts), watch.shutdown.clone());
        let watched = watch.clone().spawn("task", move || {
            let (start, stop) = (counted.fetch_add(1, Ordering::SeqCst), stop.clone());
            async move {
                assert!(start >= 2, "it meets a defect twice");
                stop.cancelled().await;
            }
        });
        until(async || ready(&watch.readiness).await == 503).await;
        until(async || ready(&watch.readiness).await == 200).await;
        assert_eq!((starts.load(Ordering::SeqCst), watch.app.metrics.task_panics.get()), (3, 2));
        watch.shutdown.cancel();
        watched.await.unwrap();
    }
}
