//! Links that go silent and stay: nothing comes back, and nobody is told. Many at once, each under a store of its own.
//!
//! `PROOFKEY_CYCLES` is the number of links; docs/faults.md has the counts that were run.

use std::time::{Duration, Instant};

use proofkey_protocol::{ClientId, Commit, Committed, GrantFacts};
use proofkey_store::{ConnectOptions, Store};
use proofkey_testkit::postgres;
use tokio::task::JoinSet;

use super::World;
use super::proxy::{Break, Proxy};
use crate::support::{client, grant, grant_id, redeem, redeem_and_end_suspects, spend, suspect};

/// Links at once: each store has two connections, and one more when the first is given up.
const AT_ONCE: u64 = 40;
/// The longest that the server works on a statement, as it is by default.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(5);
/// When the caller has its answer: after that time, a second of grace and the way over another link.
const SETTLED_WITHIN: Duration = Duration::from_secs(12);
/// How a commit runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    /// One statement, on a connection that calls share: a refresh.
    Shared,
    /// One statement that is a serializable transaction: a redemption.
    Serializable,
    /// Several round trips on a connection of its own: a redemption that ends a suspect grant.
    Several,
}

/// How the link goes silent, and under what.
const WAYS: [(Break, Work); 5] = [
    (Break::SwallowExecution, Work::Shared),
    (Break::SilentExecution, Work::Shared),
    (Break::SwallowExecution, Work::Serializable),
    (Break::SilentExecution, Work::Serializable),
    (Break::SwallowCommit, Work::Several),
];

fn links() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "a test's own switch")]
    let asked = std::env::var("PROOFKEY_CYCLES").ok().and_then(|count| count.parse().ok());
    asked.unwrap_or(10)
}

/// A store of its own behind a proxy of its own, over as few connections as there can be.
async fn behind_proxy(url: &str) -> (Store, Proxy) {
    let server = postgres::server().port();
    let proxy = Proxy::start(server).await;
    let url = url.replace(&format!(":{server}/"), &format!(":{}/", proxy.port));
    let options = ConnectOptions {
        statement_timeout: STATEMENT_TIMEOUT,
        ..ConnectOptions::default().with_few_connections()
    };
    (Store::connect(&url, &options).await.unwrap(), proxy)
}

/// The client of these two numbers: what is suspect ends at the client alone, and no link waits for the rows of another.
fn client_of(number: u64) -> ClientId {
    ClientId::new(format!("app-{number}"))
}

/// What the link is silent about, and what is written before it. Both connections are in use then.
fn commits(work: Work, number: u64) -> (Vec<Commit>, Commit) {
    let other = number + 1;
    let grant = |own| GrantFacts { client_id: client_of(number), ..grant(own) };
    match work {
        Work::Shared => {
            (vec![redeem(grant(number)), redeem(grant(other)), suspect(other, 1)], spend(number, 1, 1))
        }
        Work::Serializable => (vec![redeem(grant(other)), suspect(other, 1)], redeem(grant(number))),
        Work::Several => {
            let before = vec![redeem_and_end_suspects(grant(other)), suspect(other, 1)];
            (before, redeem_and_end_suspects(grant(number)))
        }
    }
}

/// One link that goes silent under a commit; how long that took.
async fn silent(url: String, way: (Break, Work), number: u64) -> Duration {
    let (store, proxy) = behind_proxy(&url).await;
    let (at, work) = way;
    let (prepared, commit) = commits(work, number);
    store.add_client(client(client_of(number).as_str())).await.unwrap();
    for prepared in prepared {
        assert_eq!(store.commit(prepared).await, Ok(Committed::Applied), "{way:?}");
    }
    // A connection for what is written is open, and now one for what is read.
    assert!(store.grant(grant_id(number)).await.is_ok());
    proxy.arm(at);
    let began = Instant::now();
    let told = tokio::time::timeout(SETTLED_WITHIN, store.commit(commit.clone())).await;
    let took = began.elapsed();
    assert_eq!(told, Ok(Ok(Committed::Applied)), "{way:?} {took:?}");
    assert_eq!((proxy.broken(), took >= STATEMENT_TIMEOUT), (1, true), "{way:?}: {took:?}");
    assert_eq!(store.commit(commit).await, Ok(Committed::Conflict), "{way:?}: it was applied once");
    let row = store.grant(grant_id(number)).await.unwrap().unwrap();
    assert_eq!(row.grant().refresh.generation, i64::from(work == Work::Shared), "{way:?}");
    if let Some(other) = store.grant(grant_id(number + 1)).await.unwrap() {
        assert_eq!(other.grant().revoked_at.is_some(), work == Work::Several, "{way:?}");
    }
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

/// Everybody waits for a connection that is being opened: nobody may wait for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_05_st_03_a_link_that_goes_silent_while_it_is_opened_holds_nobody_up() {
    let world = World::new().await;
    let (store, proxy) = behind_proxy(&world.database.url()).await;
    proxy.arm(Break::SwallowExecution);
    let waiting = (1..=8).map(|number| {
        let store = store.clone();
        async move { tokio::time::timeout(SETTLED_WITHIN, store.grant(grant_id(number))).await }
    });
    for told in waiting.collect::<JoinSet<_>>().join_all().await {
        let told = told.expect("an answer in time");
        assert!(told.as_ref().is_ok_and(Option::is_none) || told.is_err_and(|fault| fault.is_temporary()));
    }
    assert_eq!(proxy.broken(), 1);
    let again = async {
        while store.grant(grant_id(1)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(2), again).await.expect("it is replaced within two seconds");
}
