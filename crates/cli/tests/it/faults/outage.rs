//! Row F-04: PostgreSQL is killed under load and started again, the server goes on. In the gap it answers 503 and when to come again,
//! never an error of its own and never a refusal; afterwards what it acknowledged holds.

use std::path::Path;
use std::time::Duration;

use proofkey_testkit::{AuthorizeRequest, Browser, TestServer, fixtures};

use super::load::{History, SCOPE, codes, healed, load, refresh};
use super::postgres::Postgres;
use super::switch::{cycles, next, seed};

/// The kill comes within so many milliseconds after the load began.
const KILL_WITHIN_MILLIS: u64 = 60;
/// The first success comes within so long after the database answers again.
const HEALED_WITHIN: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_04_while_postgresql_is_gone_each_answer_is_503_and_afterwards_all_that_was_acknowledged_holds() {
    let _alone = crate::ALONE.lock().await;
    let cycles = cycles("PROOFKEY_CYCLES", 5);
    let mut postgres = Postgres::start();
    let command = Path::new(env!("CARGO_BIN_EXE_proofkey"));
    let builder = TestServer::builder().postgres_at(&postgres.url()).set("limits.factor", 1000);
    let server = builder.start_process(command).await;
    let web = fixtures::web();
    let mut browser = Browser::new(&server);
    let _ = browser.complete(&AuthorizeRequest::new(&web).set("scope", SCOPE), &fixtures::ada()).await;
    let mut probe = server.tokens(&web, SCOPE).await.refresh_token;
    let (mut history, mut dice, mut healed_max) = (History::default(), seed(), Duration::ZERO);
    for _ in 0..cycles {
        dice = next(dice);
        let outcomes = load(&server, &web, codes(&server, &browser, &web).await, &mut history, dice);
        tokio::time::sleep(Duration::from_millis(dice % KILL_WITHIN_MILLIS)).await;
        postgres.kill();
        history.note_all(outcomes).await;
        let gone = server.token(&web, &refresh(&probe)).await;
        assert_eq!(gone.status, 503, "{gone:?}");
        history.counts.unavailable += 1;
        postgres.start_again();
        healed_max = healed_max.max(healed(&server, &web, &mut probe, HEALED_WITHIN).await);
        history.verify(&server, &web).await;
    }
    println!(
        "{cycles} kills of PostgreSQL: {:?}; healed within {healed_max:?}; nothing lost",
        history.counts
    );
    println!("counted: {}", history.counts);
    println!("cycles done: {cycles}");
    assert_eq!(history.counts.unanswered, 0, "the server was there");
    assert!(history.counts.unavailable > 0, "kills fell into requests");
}
