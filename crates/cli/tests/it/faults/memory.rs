//! Row F-31: the server may have no more memory than it has, and a password asks for more: it ends in the midst of its work.

use std::process::Command;
use std::time::Duration;

use proofkey_testkit::{AuthorizeRequest, Browser, Page, fixtures};
use tokio::task::JoinSet;

use super::load::{SCOPE, codes, load};
use super::points::Bench;
use super::switch::{cycles, next, seed};

/// What is left for it: less than one password needs.
const LEFT_MAX: u64 = 16 * 1024 * 1024;
/// People who sign in when it has come so far.
const SIGN_INS: usize = 3;
/// When they do, after the load has begun.
const SIGN_IN_WITHIN_MICROS: u64 = 30_000;
/// How long it may live on.
const ENDS_WITHIN: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_31_nothing_acknowledged_is_lost_when_memory_runs_out_under_load() {
    let _alone = crate::ALONE.lock().await;
    let (mut bench, cycles) = (Bench::new().await, cycles("PROOFKEY_CYCLES", 4));
    let mut dice = seed();
    for _ in 0..cycles {
        dice = next(dice);
        bench.runs_out_of_memory(dice).await;
    }
    println!("counted: {}", bench.history.counts);
    println!("cycles done: {cycles}");
}

impl Bench {
    /// Takes the memory away under load, and judges what is there after it.
    async fn runs_out_of_memory(&mut self, mut dice: u64) {
        let pages = self.sign_in_pages().await;
        let Self { server, browser, web, history, .. } = self;
        let codes = codes(server, browser, web).await;
        let pid = server.pid();
        leave(pid, dice % LEFT_MAX);
        dice = next(dice);
        let sent = load(server, web, codes, history, dice);
        tokio::time::sleep(Duration::from_micros(dice % SIGN_IN_WITHIN_MICROS)).await;
        let mut people = JoinSet::new();
        for (mut person, page) in pages {
            // The server dies under them: that they fail is what is wanted.
            people.spawn(async move { drop(person.sign_in(&page, &fixtures::ada()).await) });
        }
        history.note_all(sent).await;
        while people.join_next().await.is_some() {}
        let ended = tokio::time::timeout(ENDS_WITHIN, server.end()).await;
        assert!(ended.is_ok_and(|status| !status.success()), "it lives without memory");
        server.start_again().await;
        history.verify(server, web).await;
    }

    async fn sign_in_pages(&self) -> Vec<(Browser, Page)> {
        let mut pages = Vec::new();
        for _ in 0..SIGN_INS {
            let mut person = Browser::new(&self.server);
            let navigated = person.authorize(&AuthorizeRequest::new(&self.web).set("scope", SCOPE)).await;
            pages.push((person, navigated.page()));
        }
        pages
    }
}

/// Limits the memory that a process may write to: so much more than it has.
fn leave(pid: i32, bytes: u64) {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmData:")).unwrap();
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().unwrap();
    let limit = format!("--data={}", kib * 1024 + bytes);
    let set = Command::new("prlimit").args(["--pid", &pid.to_string(), &limit]).status();
    assert!(set.is_ok_and(|status| status.success()), "prlimit of util-linux is missing");
}
