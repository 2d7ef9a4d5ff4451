//! Removal of what has ended: batch after batch, with pauses that leave most of the time to requests.
//!
//! It goes on until nothing is left, however much that is: a database whose server stood still for a month is cleaned in one go,
//! and a busy server removes as fast as it adds.

use std::time::{Duration, Instant};

use prometheus_client::metrics::counter::Counter;
use proofkey_store::{Fault, NotedTime, Store};
use tokio::sync::watch::Receiver;
use tokio::time::sleep;

use crate::tasks::Watch;

/// Rows removed in one transaction: a request that comes behind it waits for a few milliseconds at most.
const ROWS_MAX: u32 = 200;
/// The pause after a batch, in times of what the batch took.
const PAUSE_TIMES: u32 = 2;
/// The longest pause: a database that was slow once is asked again soon.
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// Removes what has ended by each time that is noted, until the server stops.
pub(crate) async fn run(watch: Watch, store: Store, mut noted: Receiver<Option<NotedTime>>) {
    let Watch { app, shutdown, .. } = watch;
    let work = async {
        while noted.changed().await.is_ok() {
            let Some(known) = *noted.borrow_and_update() else { continue };
            // What strangers made up goes first: there may be much that has ended.
            let kept_max = app.limits.sign_in.unknown_names_max;
            report(crowd_out_unknown_names(&store, kept_max, &app.metrics.rows_swept).await);
            report(sweep(&store, known, &app.metrics.rows_swept).await);
        }
    };
    let _ = shutdown.run_until_cancelled(work).await;
}

fn report(removed: Result<(), Fault>) {
    match removed {
        // Another node removes the same rows: one is enough.
        Ok(()) | Err(Fault::Contended) => {}
        Err(fault) => tracing::error!(%fault, "rows could not be removed"),
    }
}

/// Removes what has ended by the time that is known.
async fn sweep(store: &Store, known: NotedTime, removed: &Counter) -> Result<(), Fault> {
    store.free_forgotten().await;
    until_done(removed, || store.sweep(known.latest, ROWS_MAX)).await
}

/// What strangers made up is forgotten before the table grows.
async fn crowd_out_unknown_names(store: &Store, kept_max: u32, removed: &Counter) -> Result<(), Fault> {
    until_done(removed, || store.crowd_out_unknown_names(kept_max, ROWS_MAX)).await
}

/// Removes batch after batch, with a pause after each that was full.
async fn until_done<B>(removed: &Counter, batch: impl Fn() -> B) -> Result<(), Fault>
where
    B: Future<Output = Result<u32, Fault>>,
{
    loop {
        let began = Instant::now();
        let rows = batch().await?;
        removed.inc_by(u64::from(rows));
        if rows < ROWS_MAX {
            return Ok(());
        }
        sleep((began.elapsed() * PAUSE_TIMES).min(PAUSE_MAX)).await;
    }
}

#[cfg(test)]
mod tests {
    use proofkey_oauth::Timestamp;
    use proofkey_protocol::{ClientId, Commit, TokenId};
    use proofkey_store::Options;

    use super::*;
    use crate::clock::Clock;
    use crate::known_time::KnownTime;

    const START: i64 = 1_790_000_000;
    const TOKEN: TokenId = TokenId([7; 16]);

    async fn noted_and_swept(store: &Store, known: NotedTime) {
        store.note_time(known).await.unwrap();
        sweep(store, known, &Counter::default()).await.unwrap();
    }

    #[tokio::test]
    async fn f_37_what_has_ended_is_removed_to_the_last_row_in_batches_that_are_counted() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(&directory.path().join("proofkey.db"), &Options::default()).unwrap();
        let ended = u64::from(ROWS_MAX) * 2 + 1;
        for number in 0..=ended {
            let mut token = TokenId([0; 16]);
            token.0[..8].copy_from_slice(&number.to_be_bytes());
            // The last one lives.
            let keep_until = Timestamp(START + if number == ended { 10_000 } else { 0 });
            let _ = store.commit(Commit::RevokeAccessToken { token, keep_until }).await.unwrap();
        }
        let (removed, latest) = (Counter::default(), Timestamp(START + 10_000));
        let known = NotedTime { latest, ahead_by: 0, ahead_millis: 0 };
        sweep(&store, known, &removed).await.unwrap();
        assert_eq!(removed.get(), ended);
        sweep(&store, known, &removed).await.unwrap();
        assert_eq!(removed.get(), ended, "what lives stays");
    }

    #[tokio::test]
    async fn k_15_a_clock_that_ran_ahead_for_a_while_revives_no_revoked_token() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(&directory.path().join("proofkey.db"), &Options::default()).unwrap();
        let revoke = Commit::RevokeAccessToken { token: TOKEN, keep_until: Timestamp(START + 600) };
        let _ = store.commit(revoke).await.unwrap();
        let clock = Clock::manual(START);
        let noted = |latest, ahead_by| NotedTime { latest: Timestamp(latest), ahead_by, ahead_millis: 0 };
        let mut known = KnownTime::new(Some(noted(START, 0)), &clock);
        let is_revoked = async || store.access_token(&ClientId::new("app"), TOKEN).await.unwrap().revoked;
        clock.set_by(9_000);
        clock.advance(32);
        noted_and_swept(&store, known.note(&clock)).await;
        clock.set_by(-9_000);
        assert!(is_revoked().await);
        assert_eq!(store.known_time().await, Ok(Some(noted(START + 32, 9_000))));
        // The process after it knows as much.
        let mut known = KnownTime::new(store.known_time().await.unwrap(), &clock);
        clock.set_by(9_000);
        noted_and_swept(&store, known.note(&clock)).await;
        assert!(is_revoked().await);
        clock.set_by(-9_000);
        clock.advance(4_400);
        noted_and_swept(&store, known.note(&clock)).await;
        assert!(!is_revoked().await, "when its time has really come");
    }
}
