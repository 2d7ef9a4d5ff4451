//! What a transaction of several writes promises each of them when it, or one of them, fails.

use std::cell::Cell;
use std::path::Path;
use std::time::Duration;

use proofkey_protocol::{Committed, RefusalRecord};
use proofkey_store::{Fault, Options, Store};
use rusqlite::Connection;
use tokio::task::JoinSet;

use super::World;
use crate::support::{NOW, failure, grant, grant_id, redeem, refusal, session, session_id, sign_in};

/// Commits grants at once, so that they share transactions, and says what each was told.
async fn redeem_together(
    store: &Store,
    numbers: std::ops::Range<u64>,
) -> Vec<(u64, Result<Committed, Fault>)> {
    let mut running = JoinSet::new();
    for number in numbers {
        let store = store.clone();
        running.spawn(async move { (number, store.commit(redeem(grant(number))).await) });
    }
    running.join_all().await
}

#[tokio::test]
async fn v_31_when_a_batch_finds_the_disk_full_none_of_it_is_called_durable() {
    let world = World::of(&Options { pages_max: Some(60), ..Options::default() }).await;
    let mut failed = 0;
    for round in 0..20 {
        for (number, told) in redeem_together(&world.store, round * 100..round * 100 + 100).await {
            let there = world.grant(number).await.is_some();
            assert_eq!(told, if there { Ok(Committed::Applied) } else { Err(Fault::Full) }, "{number}");
            failed += usize::from(!there);
        }
    }
    assert!(failed > 100, "more than one batch failed");
}

/// Makes COMMIT itself fail, which a sound schema never does.
pub(super) fn break_commits(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE odd (id INTEGER REFERENCES absent (id) DEFERRABLE INITIALLY DEFERRED);
             CREATE TABLE absent (id INTEGER PRIMARY KEY);
             CREATE TRIGGER odd_grants AFTER INSERT ON grants BEGIN INSERT INTO odd (id) VALUES (1); END;",
        )
        .unwrap();
    connection
}

/// Those of one transaction share its fate: where its COMMIT fails, so many are told that they may have been written.
#[tokio::test]
async fn v_31_a_transaction_has_so_many_writes_and_no_more() {
    let world = World::of(&Options { batch_max: 4, ..Options::default() }).await;
    let other = break_commits(&world.path());
    // While another process writes, all of them come to wait.
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let release = async {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        other.execute_batch("ROLLBACK").unwrap();
    };
    let (told, ()) = tokio::join!(redeem_together(&world.store, 0..40), release);
    let unknown = told.iter().filter(|(_, told)| matches!(told, Err(Fault::Unknown { .. }))).count();
    assert!((1..=4).contains(&unknown), "{told:?}");
}

#[tokio::test]
async fn a_commit_of_unknown_outcome_is_told_to_all_and_ends_the_writing() {
    let world = World::new().await;
    drop(break_commits(&world.path()));
    let mut unknown = 0;
    for (number, told) in redeem_together(&world.store, 0..20).await {
        match told {
            Err(Fault::Unknown { .. }) => unknown += 1,
            other => assert_eq!(other, Err(Fault::Stopped), "{number}"),
        }
    }
    assert!(unknown > 0);
    let reason = tokio::time::timeout(Duration::from_secs(5), world.store.failed()).await.unwrap();
    assert!(matches!(reason, Fault::Unknown { .. }) && reason.is_temporary(), "{reason:?}");
    assert_eq!(world.store.ping().await, Err(Fault::Stopped));
}

#[tokio::test]
async fn a_write_of_several_statements_that_fails_halfway_is_undone_alone() {
    let world = World::new().await;
    world.applied(failure([8; 32], NOW)).await;
    Connection::open(world.path())
        .unwrap()
        .execute_batch(
            "CREATE TRIGGER odd_failures BEFORE DELETE ON sign_in_failures
             BEGIN SELECT RAISE(ABORT, 'no'); END;",
        )
        .unwrap();
    let (before, halfway, after) = tokio::join!(
        world.store.commit(redeem(grant(1))),
        world.store.commit(sign_in(session(1))),
        world.store.commit(redeem(grant(2))),
    );
    assert!(matches!(halfway, Err(Fault::Engine { .. })), "{halfway:?}");
    assert!(world.store.session(session_id(1)).await.unwrap().is_none());
    for (told, number) in [(before, 1), (after, 2)] {
        assert_eq!(told, Ok(Committed::Applied));
        assert!(world.store.grant(grant_id(number)).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn one_write_that_is_refused_leaves_the_others_of_its_batch_alone() {
    let world = World::new().await;
    Connection::open(world.path())
        .unwrap()
        .execute_batch(
            "CREATE TRIGGER odd_sessions BEFORE INSERT ON sessions
             BEGIN SELECT RAISE(ABORT, 'no'); END;",
        )
        .unwrap();
    let (first, refused, taken, last) = tokio::join!(
        world.store.commit(redeem(grant(1))),
        world.store.commit(sign_in(session(9))),
        world.store.add_user(crate::support::user("ada")),
        world.store.commit(redeem(grant(2))),
    );
    assert_eq!((first, last), (Ok(Committed::Applied), Ok(Committed::Applied)));
    assert!(matches!(refused, Err(Fault::Engine { .. })), "{refused:?}");
    assert_eq!(taken, Err(proofkey_store::AdminFault::Exists));
    assert!(world.grant(1).await.is_some() && world.grant(2).await.is_some());
}

/// What is recorded of refusals waits for every write that waits: a trigger notes how many grants there were when it was written.
#[tokio::test]
async fn pk_08_the_record_of_refusals_goes_behind_every_write_that_waits() {
    let world = World::new().await;
    let other = Connection::open(world.path()).unwrap();
    other
        .execute_batch(
            "CREATE TABLE seen (grants INTEGER);
             CREATE TRIGGER recorded AFTER INSERT ON refusals
             BEGIN INSERT INTO seen SELECT count(*) FROM grants; END;
             BEGIN IMMEDIATE;",
        )
        .unwrap();
    let refusal = |id: &str| RefusalRecord {
        error_id: id.to_owned(),
        recorded_at: NOW,
        keep_until: NOW,
        address: 0,
        rule: String::new(),
        cause: String::new(),
        about: None,
        client_id: None,
        request: String::new(),
        status: 400,
        forwarded: 0,
        followed: 0,
        believed: false,
        from_here: false,
    };
    let store = &world.store;
    // The writer is held up by the first grant. Behind it comes the record, and behind that the other grants.
    let first = store.commit(redeem(grant(1_000)));
    let recorded = store.record_refusals(vec![refusal("a")], 10);
    let crowded = store.record_refusals(vec![refusal("b")], 10);
    let release = async {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        other.execute_batch("ROLLBACK").unwrap();
    };
    let (first, recorded, crowded, told, ()) =
        tokio::join!(first, recorded, crowded, redeem_together(store, 0..50), release);
    assert!(first == Ok(Committed::Applied) && told.iter().all(|(_, told)| *told == Ok(Committed::Applied)));
    assert_eq!((recorded, crowded), (Ok(()), Err(Fault::Busy)), "one waits, no more");
    let seen: i64 = other.query_row("SELECT grants FROM seen", [], |row| row.get(0)).unwrap();
    assert_eq!(seen, 51);
}

/// A removal notes how many grants there were: the record gives others their turn in the middle of its own work.
#[tokio::test]
async fn pk_08_writes_go_between_the_steps_in_which_crowded_refusals_are_removed() {
    let world = World::new().await;
    let store = &world.store;
    let rows = (0..300).map(|number| refusal(number, 1)).collect();
    store.record_refusals(rows, 300).await.unwrap();
    let other = Connection::open(world.path()).unwrap();
    other
        .execute_batch(
            "CREATE TABLE seen (grants INTEGER);
             CREATE TRIGGER removed AFTER DELETE ON refusals
             BEGIN INSERT INTO seen SELECT count(*) FROM grants; END;",
        )
        .unwrap();
    let is_done = Cell::new(false);
    let record = async {
        let recorded = store.record_refusals(vec![refusal(300, 1)], 100).await;
        is_done.set(true);
        recorded
    };
    // There is always one that waits, however long the first step takes to come.
    let redeemed = async {
        for number in (0..100_000).take_while(|_| !is_done.get()) {
            assert_eq!(store.commit(redeem(grant(number))).await, Ok(Committed::Applied), "{number}");
        }
    };
    let (recorded, ()) = tokio::join!(record, redeemed);
    assert_eq!(recorded, Ok(()));
    let steps: i64 =
        other.query_row("SELECT count(DISTINCT grants) FROM seen", [], |row| row.get(0)).unwrap();
    assert!(steps > 1, "{steps}");
}
