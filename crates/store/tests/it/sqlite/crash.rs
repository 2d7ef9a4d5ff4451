//! Death without warning: a child process writes and is killed; whatever it had acknowledged must be there.

use std::io::{BufRead, BufReader, Write, stdin, stdout};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use proofkey_protocol::Committed;
use proofkey_store::{Options, Store};

use super::World;
use crate::support::{NOW, block_on, failure, grant, grant_id, redeem, spend};

/// Kills in one test run; `cargo xtask faults kill-store` runs more.
fn kills() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "a test's own switch")]
    let asked = std::env::var("PROOFKEY_CYCLES").ok().and_then(|count| count.parse().ok());
    asked.unwrap_or(20)
}

/// Runs one of the ignored tests below in a process of its own, and tells it the database.
pub(crate) fn child(test: &str, database: &Path) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", test, "--nocapture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    writeln!(child.stdin.take().unwrap(), "{}", database.display()).unwrap();
    child
}

/// The database that the parent names; none when the child was started by hand.
pub(crate) fn database() -> Option<PathBuf> {
    let mut line = String::new();
    stdin().read_line(&mut line).unwrap();
    let path = line.trim();
    (!path.is_empty()).then(|| PathBuf::from(path))
}

/// Says that something is durable.
fn acknowledge(what: u64) {
    println!("acknowledged {what}");
    stdout().flush().unwrap();
}

fn acknowledged(line: &str) -> Option<u64> {
    // The test harness writes its own text before the first line.
    line.rsplit_once("acknowledged ")?.1.parse().ok()
}

#[test]
#[ignore = "a process that another test starts and kills"]
fn child_counts_failures() {
    let Some(path) = database() else { return };
    block_on(async {
        let store = Store::open(&path, &Options::default()).unwrap();
        for count in 1..=10 {
            let commit = failure([4; 32], NOW);
            assert_eq!(store.commit(commit).await, Ok(Committed::Applied));
            acknowledge(count);
        }
        std::future::pending::<()>().await;
    });
}

#[test]
fn v_63_lg_07_ten_failures_are_still_counted_after_a_crash() {
    let world = block_on(World::new());
    let mut child = child("sqlite::crash::child_counts_failures", &world.path());
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let last = lines.filter_map(|line| acknowledged(&line)).find(|count| *count == 10);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(last, Some(10));
    let facts = block_on(world.store.sign_in_failures(&[4; 32])).unwrap();
    assert_eq!(facts.failures, 10);
}

#[test]
#[ignore = "a process that another test starts and kills"]
fn child_redeems_and_refreshes() {
    let Some(path) = database() else { return };
    block_on(async {
        let store = Store::open(&path, &Options::default()).unwrap();
        let tasks: Vec<_> = (0..8)
            .map(|task: u64| {
                let store = store.clone();
                tokio::spawn(async move {
                    for number in (0..).map(|round| round * 8 + task + 1) {
                        match store.commit(redeem(grant(number))).await.unwrap() {
                            // A former child got this far and died.
                            Committed::Conflict => continue,
                            Committed::Applied => {}
                        }
                        assert_eq!(store.commit(spend(number, 1, 1)).await, Ok(Committed::Applied));
                        acknowledge(number);
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
}

#[test]
fn f_01_nothing_acknowledged_is_lost_when_the_process_is_killed_while_it_writes() {
    let world = block_on(World::new());
    let (mut seen, kills) = (0, kills());
    for kill in 0..kills {
        let mut child = child("sqlite::crash::child_redeems_and_refreshes", &world.path());
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut held: Vec<u64> = lines.by_ref().find_map(|line| acknowledged(&line)).into_iter().collect();
        let (began, patience) = (Instant::now(), Duration::from_millis(kill % 40 * 3));
        while began.elapsed() < patience {
            held.extend(lines.next().and_then(|line| acknowledged(&line)));
        }
        child.kill().unwrap();
        held.extend(lines.filter_map(|line| acknowledged(&line)));
        child.wait().unwrap();
        assert!(!held.is_empty());
        seen += held.len();
        block_on(async {
            for number in held {
                let row = world.store.grant(grant_id(number)).await.unwrap().expect("the grant is there");
                let grant = row.grant();
                assert_eq!(grant.refresh.generation, 1, "the rotation is there");
                assert_eq!(world.commit(redeem(crate::support::grant(number))).await, Committed::Conflict);
            }
            world.store.ping().await.unwrap();
        });
    }
    assert!(seen >= usize::try_from(kills).unwrap());
    println!("cycles done: {kills}");
}
