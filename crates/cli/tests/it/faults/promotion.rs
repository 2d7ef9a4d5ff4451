//! Row F-06: the primary of two PostgreSQL servers is killed under load and its synchronous standby takes over. The server finds it
//! among the hosts of its URL; what it acknowledged holds there.

use std::path::Path;
use std::time::Duration;

use proofkey_testkit::{AuthorizeRequest, Browser, TestServer, fixtures};

use super::load::{History, SCOPE, codes, healed, load};
use super::postgres::{Postgres, free_port};
use super::switch::{cycles, next, seed};

/// The kill comes within so many milliseconds after the load began.
const KILL_WITHIN_MILLIS: u64 = 100;
/// The first success comes within so long after the standby takes writes.
const HEALED_WITHIN: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_06_st_04_what_was_acknowledged_holds_on_the_standby_that_took_over() {
    let _alone = crate::ALONE.lock().await;
    let cycles = cycles("PROOFKEY_CYCLES", 2);
    let mut primary = Postgres::start();
    let second_port = free_port();
    let url = format!("postgres://proofkey@127.0.0.1:{},127.0.0.1:{second_port}/proofkey", primary.port());
    let command = Path::new(env!("CARGO_BIN_EXE_proofkey"));
    let builder = TestServer::builder().postgres_at(&url).set("limits.factor", 1000);
    let server = builder.start_process(command).await;
    let web = fixtures::web();
    let mut browser = Browser::new(&server);
    let _ = browser.complete(&AuthorizeRequest::new(&web).set("scope", SCOPE), &fixtures::ada()).await;
    let mut probe = server.tokens(&web, SCOPE).await.refresh_token;
    let (mut history, mut dice, mut healed_max) = (History::default(), seed(), Duration::ZERO);
    let mut free = second_port;
    for _ in 0..cycles {
        dice = next(dice);
        let standby = primary.with_standby(free);
        let outcomes = load(&server, &web, codes(&server, &browser, &web).await, &mut history, dice);
        tokio::time::sleep(Duration::from_millis(dice % KILL_WITHIN_MILLIS)).await;
        free = primary.port();
        primary.kill();
        history.note_all(outcomes).await;
        standby.promote();
        healed_max = healed_max.max(healed(&server, &web, &mut probe, HEALED_WITHIN).await);
        history.verify(&server, &web).await;
        primary = standby;
    }
    println!("{cycles} promotions: {:?}; healed within {healed_max:?}; nothing lost", history.counts);
    println!("counted: {}", history.counts);
    println!("cycles done: {cycles}");
    assert_eq!(history.counts.unanswered, 0, "the server was there");
}
