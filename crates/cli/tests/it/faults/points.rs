//! Row F-02: the server is killed at a point of its work and not just at some moment: when a request comes in, while a page is
//! written, before what is written is durable, and when it is and the answer is about to go out.

use std::path::Path;

use proofkey_testkit::{AuthorizeRequest, Browser, TestServer, fixtures};

use super::load::{History, SCOPE, codes, load};
use super::switch::{cycles, next, seed};
use super::traced::{SYNCHRONISE, Scripts};

/// The points, by the system calls that stand there.
const POINTS: [(&str, &str); 4] = [
    ("before the request is read", "recvfrom"),
    ("while a page is written", "pwrite64"),
    ("before it is durable", SYNCHRONISE),
    ("before the answer goes out", "sendto,writev,write"),
];
/// The kill comes at most at the so manieth call of a thread.
const CALLS_MAX: u64 = 30;
/// Rounds of load, by the last of which it has come.
const ROUNDS_MAX: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_02_nothing_acknowledged_is_lost_at_whatever_point_the_server_is_killed() {
    let _alone = crate::ALONE.lock().await;
    let command = Path::new(env!("CARGO_BIN_EXE_proofkey"));
    let (scripts, web, cycles) = (Scripts::new(), fixtures::web(), cycles("PROOFKEY_CYCLES", 8));
    let builder = TestServer::builder().sqlite().set("limits.factor", 1000);
    let mut server = builder.start_process(command).await;
    let mut browser = Browser::new(&server);
    let _ = browser.complete(&AuthorizeRequest::new(&web).set("scope", SCOPE), &fixtures::ada()).await;
    let (mut history, mut dice, mut killed) = (History::default(), seed(), [0; POINTS.len()]);
    for (_, point) in (0..cycles).zip((0..POINTS.len()).cycle()) {
        dice = next(dice);
        let mut codes = codes(&server, &browser, &web).await;
        assert!(server.terminate().await.success());
        let (_, calls) = POINTS[point];
        let how = format!("signal=KILL:when={}", 4 + dice % CALLS_MAX);
        if server.start_by(&scripts.tampered(calls, &how)).await.is_ok() {
            for _ in 0..ROUNDS_MAX {
                let sent = load(&server, &web, std::mem::take(&mut codes), &mut history, dice);
                history.note_all(sent).await;
                if server.ended().is_some() {
                    killed[point] += 1;
                    break;
                }
            }
        }
        server.kill();
        server.start_again().await;
        history.verify(&server, &web).await;
    }
    let at = POINTS.iter().zip(killed).map(|((name, _), count)| format!("{count} killed {name}"));
    println!("counted: {}, {}", history.counts, at.collect::<Vec<_>>().join(", "));
    println!("cycles done: {cycles}");
    assert!(killed.iter().all(|count| *count > 0) || cycles < 8, "{killed:?}");
}
