//! Row F-35: several processes on one sign-in, and processes that are killed while they refresh.
//!
//! The children are this test binary itself, running the one test that is ignored otherwise.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::Issuer;
use proofkey_client::{Application, Client, Session, TokenStore};

const MARK: &str = "ACCESS TOKEN ";

fn child(issuer: &Issuer, directory: &Path, validity_seconds: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "processes::the_child", "--ignored", "--nocapture"])
        .env("CHILD_ISSUER", &issuer.url)
        .env("CHILD_DIRECTORY", directory)
        .env("CHILD_VALIDITY", validity_seconds.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[tokio::test]
#[ignore = "the body of the child processes"]
async fn the_child() {
    let read = |name: &str| std::env::var(name);
    let Ok(issuer) = read("CHILD_ISSUER") else { return };
    let store = TokenStore::in_directory(read("CHILD_DIRECTORY").unwrap());
    let client = Client::with_store(Application::new(&issuer, "app").unwrap(), &store);
    let session = client.session().await.unwrap();
    let validity = Duration::from_secs(read("CHILD_VALIDITY").unwrap().parse().unwrap());
    println!("{MARK}{}", session.access_token(validity).await.unwrap().token.expose());
}

async fn signed_in(issuer: &Issuer, directory: &Path) -> Session {
    let started = issuer.client(directory).sign_in().await.unwrap();
    let url = started.url().as_str().to_owned();
    let browser = tokio::spawn(async move { reqwest::get(url).await.unwrap().text().await.unwrap() });
    let session = started.finish().await.unwrap().session;
    browser.await.unwrap();
    session
}

async fn token_of(child: Child) -> String {
    let output = tokio::task::spawn_blocking(|| child.wait_with_output()).await.unwrap().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text.lines().find_map(|line| line.split_once(MARK)).unwrap_or_else(|| panic!("{text}"));
    line.1.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn f_35_cl_13_eight_processes_make_one_refresh() {
    let issuer = Issuer::start().await;
    *issuer.expires_in.lock().unwrap() = 0;
    let directory = tempfile::tempdir().unwrap();
    drop(signed_in(&issuer, directory.path()).await);
    *issuer.expires_in.lock().unwrap() = 600;
    // Slow enough that all of them have started before the first is done.
    issuer.faults.lock().unwrap().slow_ms = 700;
    let before = issuer.seen.lock().unwrap().refreshes;
    let children: Vec<_> = (0..8).map(|_| child(&issuer, directory.path(), 60)).collect();
    let mut tokens = std::collections::BTreeSet::new();
    for child in children {
        tokens.insert(token_of(child).await);
    }
    assert_eq!((tokens.len(), issuer.seen.lock().unwrap().refreshes - before), (1, 1));
}

/// Kills a child `after` the start of its life, or of its refresh; says whether that fell into its refresh: the issuer
/// had the request, and the child had not yet said its token.
async fn is_killed_while_refreshing(issuer: &Issuer, directory: &Path, moment: Moment) -> bool {
    let begun = || issuer.seen.lock().unwrap().refreshes_begun;
    let before = begun();
    let mut victim = child(issuer, directory, 100_000);
    let after = match moment {
        Moment::OfLife(after) => after,
        Moment::OfRefresh(after) => {
            let deadline = Instant::now() + Duration::from_secs(20);
            while begun() == before {
                assert!(Instant::now() < deadline, "the child never refreshed");
                tokio::time::sleep(Duration::from_micros(200)).await;
            }
            after
        }
    };
    tokio::time::sleep(after).await;
    victim.kill().unwrap();
    let output = tokio::task::spawn_blocking(|| victim.wait_with_output()).await.unwrap().unwrap();
    begun() > before && !String::from_utf8_lossy(&output.stdout).contains(MARK)
}

enum Moment {
    OfLife(Duration),
    OfRefresh(Duration),
}

#[tokio::test(flavor = "multi_thread")]
async fn f_35_cl_12_cl_13_a_kill_during_a_refresh_loses_no_sign_in() {
    const REFRESH_MS: u64 = 20;
    let issuer = Issuer::start().await;
    let directory = tempfile::tempdir().unwrap();
    drop(signed_in(&issuer, directory.path()).await);
    issuer.faults.lock().unwrap().slow_ms = REFRESH_MS;
    // `cargo xtask faults kill-client` runs more.
    let kills = std::env::var("PROOFKEY_CYCLES").ok().and_then(|count| count.parse().ok()).unwrap_or(40_u64);
    let mut while_refreshing = 0;
    for round in 0..kills {
        // One half sweeps over the whole life of the child; the other over its refresh and a little beyond, to where
        // the answer has arrived and is being written.
        let moment = match round % 2 {
            0 => Moment::OfLife(Duration::from_micros(round * 1_777 % 60_000)),
            _ => Moment::OfRefresh(Duration::from_micros(round * 1_777 % (REFRESH_MS * 1_250))),
        };
        while_refreshing += u64::from(is_killed_while_refreshing(&issuer, directory.path(), moment).await);
        let session = issuer.client(directory.path()).session().await.unwrap();
        if round % 8 == 7 {
            session.access_token(Duration::from_secs(100_000)).await.unwrap();
        }
    }
    println!("{while_refreshing} of {kills} kills fell into a refresh\ncycles done: {kills}");
    assert!(while_refreshing >= kills / 8, "{while_refreshing} of {kills} kills fell into a refresh");
}
