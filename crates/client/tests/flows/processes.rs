//! Row F-35: several processes on one sign-in, and processes that are killed while they refresh.
//!
//! The children are this test binary itself, running the one test that is ignored otherwise.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

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

#[tokio::test(flavor = "multi_thread")]
async fn f_35_cl_12_cl_13_a_kill_during_a_refresh_loses_no_sign_in() {
    let issuer = Issuer::start().await;
    let directory = tempfile::tempdir().unwrap();
    drop(signed_in(&issuer, directory.path()).await);
    // The full count of the row is a matter of minutes: PROOFKEY_KILLS=10000.
    let kills = std::env::var("PROOFKEY_KILLS").ok().and_then(|count| count.parse().ok()).unwrap_or(40_u64);
    for round in 0..kills {
        // Sweeps over the whole life of the child, and on from there.
        let mut victim = child(&issuer, directory.path(), 100_000);
        tokio::time::sleep(Duration::from_micros(round * 1_777 % 60_000)).await;
        victim.kill().unwrap();
        victim.wait().unwrap();
        let session = issuer.client(directory.path()).session().await.unwrap();
        if round % 8 == 7 {
            session.access_token(Duration::from_secs(100_000)).await.unwrap();
        }
    }
    assert!(issuer.seen.lock().unwrap().refreshes > 0);
}
