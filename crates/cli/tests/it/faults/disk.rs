//! Row F-08: a disk that refuses to synchronise, and one that takes two seconds for it. After a refusal nobody knows what is on the
//! disk: the server answers 503, writes no more and ends with an error; the next one finds all that was acknowledged.

use std::path::Path;
use std::time::{Duration, Instant};

use proofkey_testkit::{AuthorizeRequest, Browser, TestClient, TestServer, Tokens, fixtures};

use super::load::{CODES, History, SCOPE, codes, load, refresh};
use super::switch::{cycles, next, seed};
use super::traced::{SYNCHRONISE, Scripts};

/// The refusal comes at most after so many times that went well.
const SYNCHRONISED_MAX: u64 = 40;
/// Writes that the server is asked for until it has ended.
const WRITES_MAX: usize = 200;
/// What a synchronisation takes while the disk is slow.
const SYNCHRONISED_AFTER: Duration = Duration::from_secs(2);
/// What a question for a token may take while the disk is slow; this machine may be busy.
const READ_WITHIN: Duration = Duration::from_secs(1);
/// What a write may take then.
const WRITTEN_WITHIN: Duration = Duration::from_secs(30);
/// Questions until then.
const READS_MAX: usize = 100_000;

/// A server on a file, a person who is signed in at it, and a refresh token beside the load.
async fn begin(web: &TestClient) -> (TestServer, Browser, String) {
    let command = Path::new(env!("CARGO_BIN_EXE_proofkey"));
    let server = TestServer::builder().sqlite().set("limits.factor", 1000).start_process(command).await;
    let mut browser = Browser::new(&server);
    let _ = browser.complete(&AuthorizeRequest::new(web).set("scope", SCOPE), &fixtures::ada()).await;
    let probe = server.tokens(web, SCOPE).await.refresh_token;
    (server, browser, probe)
}

/// Of so many disks one refuses under the load. With the six of every run of the tests that is not asked.
const HIT_BY_LOAD: u64 = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_08_after_a_synchronisation_that_failed_the_server_writes_no_more_and_ends_and_nothing_is_lost() {
    let _alone = crate::ALONE.lock().await;
    let (scripts, web, cycles) = (Scripts::new(), fixtures::web(), cycles("PROOFKEY_CYCLES", 6));
    let (mut server, browser, mut probe) = begin(&web).await;
    let (mut history, mut dice, mut at_start) = (History::default(), seed(), 0);
    for _ in 0..cycles {
        dice = next(dice);
        let codes = codes(&server, &browser, &web).await;
        assert!(server.terminate().await.success());
        let nth = 1 + dice % SYNCHRONISED_MAX;
        let status =
            match server.start_by(&scripts.tampered(SYNCHRONISE, &format!("error=EIO:when={nth}+"))).await {
                Err(status) => {
                    at_start += 1;
                    status
                }
                Ok(_) => {
                    let sent = load(&server, &web, codes, &mut history, dice);
                    history.note_all(sent).await;
                    write_until_it_ends(&server, &web, &mut probe).await;
                    server.end().await
                }
            };
        assert_eq!(status.code(), Some(1), "{nth}: {status}");
        server.start_again().await;
        history.verify(&server, &web).await;
        probe = Tokens::of(&server.token(&web, &refresh(&probe)).await).refresh_token;
    }
    println!("{cycles} disks that refused: {:?}; {at_start} before the server was ready", history.counts);
    println!("counted: {}", history.counts);
    println!("cycles done: {cycles}");
    assert!(at_start < cycles);
    // With few disks it may be that each refuses when all of the load is written, and only what is written afterwards meets it.
    assert!(cycles < HIT_BY_LOAD || history.counts.unanswered + history.counts.unavailable > 0);
}

/// Refreshes one token after the other until the server has ended. From the first refusal on there is no success.
async fn write_until_it_ends(server: &TestServer, web: &TestClient, probe: &mut String) {
    let mut refused = false;
    for _ in 0..WRITES_MAX {
        match server.try_token(web, &refresh(probe)).await {
            Some(answer) if answer.status == 200 => {
                assert!(!refused, "it went on writing");
                *probe = Tokens::of(&answer).refresh_token;
            }
            Some(answer) => {
                assert_eq!(answer.status, 503, "{answer:?}");
                refused = true;
            }
            None => return,
        }
    }
    panic!("it neither writes nor ends");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_08_on_a_disk_that_takes_two_seconds_reads_go_on_and_each_write_is_answered() {
    let _alone = crate::ALONE.lock().await;
    let (scripts, web, cycles) = (Scripts::new(), fixtures::web(), cycles("PROOFKEY_CYCLES", 1));
    let (mut server, browser, _) = begin(&web).await;
    let asked = server.tokens(&web, SCOPE).await.access_token;
    let slow = scripts.tampered(SYNCHRONISE, &format!("delay_enter={}", SYNCHRONISED_AFTER.as_micros()));
    let (mut history, mut dice, mut looks) = (History::default(), seed(), 0);
    for _ in 0..cycles {
        dice = next(dice);
        let codes = codes(&server, &browser, &web).await;
        assert!(server.terminate().await.success());
        server.start_by(&slow).await.expect("it starts on a slow disk");
        let began = Instant::now();
        let mut sent = load(&server, &web, codes, &mut history, dice);
        let writing = async {
            while history.note_next(&mut sent).await {
                let after = began.elapsed();
                assert!(after >= SYNCHRONISED_AFTER, "a write did not wait for the disk: {after:?}");
            }
        };
        let reading = async {
            for _ in 0..READS_MAX {
                let look = Instant::now();
                assert!(server.is_active(&web, &asked).await);
                assert!(look.elapsed() < READ_WITHIN, "a read waits for the disk: {:?}", look.elapsed());
                looks += 1;
            }
        };
        tokio::select! {
            () = writing => {}
            () = reading => panic!("{READS_MAX} reads"),
            () = tokio::time::sleep(WRITTEN_WITHIN) => panic!("a write is not answered"),
        }
        server.kill();
        server.start_again().await;
        history.verify(&server, &web).await;
    }
    println!("counted: {}, {looks} questions for a token", history.counts);
    println!("cycles done: {cycles}");
    let counts = history.counts;
    assert!(looks > 0 && counts.unanswered + counts.unavailable == 0, "{counts:?}");
    assert_eq!(counts.redeemed, CODES * usize::try_from(cycles).unwrap());
}
