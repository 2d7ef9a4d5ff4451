//! Row F-02: the server is killed at a point of its work and not just at some moment: when a request comes in, while a page is
//! written, before what is written is durable, and when it is and the answer is about to go out.

use std::mem;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;

use proofkey_testkit::{AuthorizeRequest, Browser, TestClient, TestServer, fixtures};

use super::load::{History, SCOPE, codes, load};
use super::switch::{cycles, next, seed};
use super::traced::{SYNCHRONISE, Scripts};

/// The points, by the system calls that stand there.
const POINTS: [(&str, &str); 4] = [
    ("before the request is read", "recvfrom"),
    ("while a page is written", "pwrite64"),
    ("before it is durable", SYNCHRONISE),
    ("before the answer goes out", "sendto,writev"),
];
/// The kill comes at most at the so manieth call of a thread.
const CALLS_MAX: u64 = 30;
/// Rounds of load, by the last of which it has come, mostly.
const ROUNDS_MAX: usize = 20;
/// Servers that are started for one kill under load.
const STARTS_MAX: usize = 10;
/// What ends a process at once.
const SIGKILL: i32 = 9;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_02_nothing_acknowledged_is_lost_at_whatever_point_the_server_is_killed() {
    let _alone = crate::ALONE.lock().await;
    let (mut bench, cycles) = (Bench::new().await, cycles("PROOFKEY_CYCLES", 8));
    let (mut dice, mut killed) = (seed(), [0; POINTS.len()]);
    for (_, point) in (0..cycles).zip((0..POINTS.len()).cycle()) {
        let mut starts = 0..STARTS_MAX;
        let (name, calls) = POINTS[point];
        loop {
            assert!(starts.next().is_some(), "{STARTS_MAX} servers, and none was killed {name}");
            dice = next(dice);
            if bench.is_killed_under_load(calls, dice).await {
                break;
            }
        }
        killed[point] += 1;
    }
    let at = POINTS.iter().zip(killed).map(|((name, _), count)| format!("{count} killed {name}"));
    println!("counted: {}, {}", bench.history.counts, at.collect::<Vec<_>>().join(", "));
    println!("cycles done: {cycles}");
    assert_eq!(killed.iter().sum::<u64>(), cycles);
}

/// A server, what its clients know, and the scripts that kill it.
pub(super) struct Bench {
    scripts: Scripts,
    pub(super) server: TestServer,
    pub(super) browser: Browser,
    pub(super) web: TestClient,
    pub(super) history: History,
}

impl Bench {
    /// With grants that go on from the first round on.
    pub(super) async fn new() -> Self {
        let (command, web) = (Path::new(env!("CARGO_BIN_EXE_proofkey")), fixtures::web());
        let server = TestServer::builder().sqlite().set("limits.factor", 1000).start_process(command).await;
        let mut browser = Browser::new(&server);
        let _ = browser.complete(&AuthorizeRequest::new(&web).set("scope", SCOPE), &fixtures::ada()).await;
        let mut history = History::default();
        let sent = load(&server, &web, codes(&server, &browser, &web).await, &mut history, seed());
        history.note_all(sent).await;
        history.verify(&server, &web).await;
        Self { scripts: Scripts::new(), server, browser, web, history }
    }

    /// Whether the server was killed at one of these calls after it was ready. What it acknowledged holds, at any rate.
    async fn is_killed_under_load(&mut self, calls: &str, mut dice: u64) -> bool {
        let Self { scripts, server, browser, web, history } = self;
        let mut codes = codes(server, browser, web).await;
        assert!(server.terminate().await.success());
        let how = format!("signal=KILL:when={}", 4 + dice % CALLS_MAX);
        let mut ended = None;
        if server.start_by(&scripts.tampered(calls, &how)).await.is_ok() {
            for _ in 0..ROUNDS_MAX {
                dice = next(dice);
                let sent = load(server, web, mem::take(&mut codes), history, dice);
                history.note_all(sent).await;
                ended = server.ended();
                if ended.is_some() {
                    break;
                }
            }
        }
        server.kill();
        server.start_again().await;
        history.verify(server, web).await;
        assert!(ended.is_none_or(|status| status.signal() == Some(SIGKILL)), "{ended:?}");
        ended.is_some()
    }
}
