//! Row F-12: the server is asked to end under load. It ends by itself and well, in time, and what it has taken it answers: a request
//! without an answer was never begun.

use std::path::Path;
use std::time::{Duration, Instant};

use proofkey_testkit::{AuthorizeRequest, Browser, TestServer, fixtures};

use super::load::{History, SCOPE, codes, load};
use super::switch::{cycles, next, seed};

/// The signal comes within so many milliseconds after the load began.
const ASKED_WITHIN_MILLIS: u64 = 60;
/// How long the end may take.
const ENDED_WITHIN: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_12_a_server_that_is_asked_to_end_under_load_answers_what_it_has_taken_and_ends_well() {
    let _alone = crate::ALONE.lock().await;
    let cycles = cycles("PROOFKEY_CYCLES", 10);
    let command = Path::new(env!("CARGO_BIN_EXE_proofkey"));
    let mut server = TestServer::builder().set("limits.factor", 1000).start_process(command).await;
    let web = fixtures::web();
    let mut browser = Browser::new(&server);
    let _ = browser.complete(&AuthorizeRequest::new(&web).set("scope", SCOPE), &fixtures::ada()).await;
    let (mut history, mut dice, mut ended_max) = (History::default(), seed(), Duration::ZERO);
    for _ in 0..cycles {
        dice = next(dice);
        let outcomes = load(&server, &web, codes(&server, &browser, &web).await, &mut history, dice);
        tokio::time::sleep(Duration::from_millis(dice % ASKED_WITHIN_MILLIS)).await;
        let began = Instant::now();
        server.ask_to_stop();
        let status = server.end().await;
        ended_max = ended_max.max(began.elapsed());
        assert!(status.success(), "{status}");
        history.note_all(outcomes).await;
        server.start_again().await;
        history.none_was_begun_without_an_answer(&server, &web).await;
        history.verify(&server, &web).await;
    }
    println!("{cycles} ends: {:?}; each within {ended_max:?}; nothing dropped", history.counts);
    println!("counted: {}", history.counts);
    println!("cycles done: {cycles}");
    assert!(ended_max < ENDED_WITHIN, "{ended_max:?}");
}
