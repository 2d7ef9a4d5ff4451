//! Rows F-01 and F-03: the built server is killed while it redeems, refreshes and revokes, again and again on one database, in a
//! file or in PostgreSQL. What it acknowledged holds, what it did not answer can be asked again, and no code is redeemed twice.
//!
//! `cargo xtask faults` runs more of it; docs/faults.md has the counts that were run.

use std::path::Path;
use std::time::Duration;

use proofkey_testkit::{AuthorizeRequest, Browser, Builder, TestServer, Tokens, fixtures};

use super::load::{History, SCOPE, codes, load, refresh};
use super::postgres::Postgres;
use super::switch::{cycles, next, seed};

/// The kill comes within so many milliseconds after the load began.
const KILL_WITHIN_MILLIS: u64 = 120;
/// Sessions of dead servers that hold a transaction open.
const LEFT_IN_TRANSACTION: &str = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' AND state_change < now() - interval '11 s'";
/// Locks that somebody waits for.
const LEFT_LOCKS: &str = "SELECT count(*) FROM pg_locks WHERE NOT granted";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_01_nothing_acknowledged_is_lost_and_no_code_redeemed_twice_when_the_server_is_killed() {
    let _alone = crate::ALONE.lock().await;
    kill_again_and_again(TestServer::builder(), cycles("PROOFKEY_CYCLES", 200)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_03_the_same_with_the_data_in_postgresql_and_no_lock_stays() {
    let _alone = crate::ALONE.lock().await;
    let postgres = Postgres::start();
    let cycles = cycles("PROOFKEY_CYCLES", 20);
    kill_again_and_again(TestServer::builder().postgres_at(&postgres.url()), cycles).await;
    assert_eq!(postgres.ask(LEFT_IN_TRANSACTION), "0", "a session was left in a transaction");
    assert_eq!(postgres.ask(LEFT_LOCKS), "0", "a lock was left");
}

async fn kill_again_and_again(builder: Builder, cycles: u64) {
    let command = Path::new(env!("CARGO_BIN_EXE_proofkey"));
    let mut server = builder.set("limits.factor", 1000).start_process(command).await;
    let web = fixtures::web();
    let mut browser = Browser::new(&server);
    let _ = browser.complete(&AuthorizeRequest::new(&web).set("scope", SCOPE), &fixtures::ada()).await;
    let (mut history, mut dice) = (History::default(), seed());
    for _ in 0..cycles {
        dice = next(dice);
        let outcomes = load(&server, &web, codes(&server, &browser, &web).await, &mut history, dice);
        tokio::time::sleep(Duration::from_millis(dice % KILL_WITHIN_MILLIS)).await;
        server.kill();
        history.note_all(outcomes).await;
        let millis = server.start_again().await;
        history.counts.restart_millis_max = history.counts.restart_millis_max.max(millis);
        history.verify(&server, &web).await;
    }
    println!("{cycles} kills: {:?}; nothing lost, nothing redeemed twice", history.counts);
    println!("counted: {}", history.counts);
    println!("cycles done: {cycles}");
    assert!(history.counts.unanswered > 0, "kills fell into requests");
    assert_eq!(history.counts.unavailable, 0, "the database was there");
}

/// After an error of the disk nothing is certain: the server ends, and says by its exit code that it did not end well.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_08_f_34_a_database_that_is_destroyed_ends_the_server_with_an_error() {
    let _alone = crate::ALONE.lock().await;
    let command = Path::new(env!("CARGO_BIN_EXE_proofkey"));
    let server = TestServer::builder().sqlite().start_process(command).await;
    let web = fixtures::web();
    let tokens = server.tokens(&web, SCOPE).await;
    for file in ["proofkey.db", "proofkey.db-wal"] {
        let path = server.data().join(file);
        let length = std::fs::metadata(&path).unwrap().len();
        let bytes = vec![0xff; usize::try_from(length).unwrap()];
        std::fs::write(&path, bytes).unwrap();
    }
    let mut token = tokens.refresh_token;
    // What is in memory still answers for a while; then it is over, and never with half an answer.
    for _ in 0..100 {
        match server.try_token(&web, &refresh(&token)).await {
            Some(answer) if answer.status == 200 => token = Tokens::of(&answer).refresh_token,
            Some(answer) => assert!(answer.status >= 500, "{answer:?}"),
            None => break,
        }
    }
    let status = server.end().await;
    assert_eq!(status.code(), Some(1), "{status}");
}
