//! Links that go silent and stay: nothing comes back, and nobody is told. Many at once, each under a store of its own.
//!
//! `PROOFKEY_CYCLES` is the number of links; docs/faults.md has the counts that were run.

use std::time::{Duration, Instant};

use proofkey_protocol::{Commit, Committed};
use proofkey_store::{ConnectOptions, Store};
use proofkey_testkit::postgres;
use tokio::task::JoinSet;

use super::World;
use super::proxy::{Break, Proxy};
use crate::support::{grant, grant_id, redeem, spend};

/// Links at once: each store has two connections, and one more when the first is given up.
const AT_ONCE: u64 = 40;
/// The longest that the server works on a statement, as it is by default.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(5);
/// When the caller has its answer: after that time, a second of grace and the way over another link.
const SETTLED_WITHIN: Duration = Duration::from_secs(12);
/// How the link goes silent.
const WAYS: [Break; 3] = [Break::SwallowExecution, Break::SilentExecution, Break::SwallowCommit];

fn links() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "a test's own switch")]
    let asked = std::env::var("PROOFKEY_CYCLES").ok().and_then(|count| count.parse().ok());
    asked.unwrap_or(9)
}

/// What the link is silent about. A redemption is a transaction of several round trips, a refresh one statement.
fn commit(way: Break, number: u64) -> Commit {
    if way == Break::SwallowCommit { redeem(grant(number)) } else { spend(number, 1, 1) }
}

/// One link that goes silent under a commit; how long that took.
async fn silent(url: String, way: Break, number: u64) -> Duration {
    let server = postgres::server().port();
    let proxy = Proxy::start(server).await;
    let url = url.replace(&format!(":{server}/"), &format!(":{}/", proxy.port));
    let options = ConnectOptions {
        shared_connections: 1,
        own_connections: 1,
        statement_timeout: STATEMENT_TIMEOUT,
        ..ConnectOptions::default()
    };
    let store = Store::connect(&url, &options).await.unwrap();
    let commit = commit(way, number);
    let prepared = if way == Break::SwallowCommit { redeem(grant(number + 1)) } else { redeem(grant(number)) };
    assert_eq!(store.commit(prepared).await, Ok(Committed::Applied), "{way:?}");
    proxy.arm(way);
    let began = Instant::now();
    let told = tokio::time::timeout(SETTLED_WITHIN, store.commit(commit.clone())).await;
    let took = began.elapsed();
    assert_eq!(told, Ok(Ok(Committed::Applied)), "{way:?} {took:?}");
    assert_eq!((proxy.broken(), took >= STATEMENT_TIMEOUT), (1, true), "{way:?}: {took:?}");
    assert_eq!(store.commit(commit).await, Ok(Committed::Conflict), "{way:?}: it was applied once");
    let row = store.grant(grant_id(number)).await.unwrap().unwrap();
    assert_eq!(row.grant().refresh.generation, i64::from(way != Break::SwallowCommit), "{way:?}");
    store.close().await;
    took
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_05_st_03_a_commit_whose_link_goes_silent_is_settled_in_bounded_time() {
    let (world, links) = (World::new().await, links());
    let (mut done, mut longest) = (0, Duration::ZERO);
    while done < links {
        let mut running = JoinSet::new();
        for number in done..links.min(done + AT_ONCE) {
            let way = WAYS[usize::try_from(number).unwrap() % WAYS.len()];
            running.spawn(silent(world.database.url(), way, 1 + number * 2));
        }
        done += u64::try_from(running.len()).unwrap();
        longest = running.join_all().await.into_iter().fold(longest, Duration::max);
    }
    println!("{links} links: each commit settled within {longest:?}");
    println!("cycles done: {links}");
}
