//! Full disks, locks, queues, and files that are not what they should be.

use std::os::unix::fs::{FileExt, PermissionsExt};
use std::time::Duration;

use proofkey_oauth::{ResourceUri, Timestamp};
use proofkey_protocol::{Algorithm, ApiRecord, Committed, GrantFacts};
use proofkey_store::{Fault, Options, Store};
use rusqlite::Connection;

use super::World;
use crate::support::{grant, grant_id, redeem, session, session_id, sign_in};

/// The end of time, as far as a sweep is concerned.
const LATER: Timestamp = Timestamp(2_000_000_000);

#[tokio::test]
async fn v_31_a_full_disk_is_a_temporary_fault_and_the_store_recovers_by_itself() {
    let world = World::of(&Options { pages_max: Some(60), ..Options::default() }).await;
    let mut written = Vec::new();
    let fault = loop {
        let number = written.len() as u64 + 1;
        match world.store.commit(redeem(grant(number))).await {
            Ok(_) => written.push(number),
            Err(fault) => break fault,
        }
    };
    assert_eq!(fault, Fault::Full);
    assert!(fault.is_temporary());
    assert!(world.grant(written.len() as u64 + 1).await.is_none(), "no partial grant");
    assert!(world.grant(1).await.is_some(), "reads go on");
    while world.store.sweep(LATER, 1000).await.unwrap() == 1000 {}
    world.applied(sign_in(session(1))).await;
    let afterwards = GrantFacts { session_id: session_id(1), ..grant(100_000) };
    world.applied(redeem(afterwards)).await;
}

#[tokio::test]
async fn a_lock_held_elsewhere_is_a_temporary_fault() {
    let world = World::new().await;
    let options = Options { busy_timeout: Duration::from_millis(20), ..Options::default() };
    let store = Store::open(&world.path(), &options).unwrap();
    let other = Connection::open(world.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let fault = store.commit(redeem(grant(1))).await.unwrap_err();
    assert_eq!(fault, Fault::Locked);
    assert!(fault.is_temporary());
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(store.commit(redeem(grant(1))).await, Ok(Committed::Applied));
}

#[tokio::test]
async fn a_full_queue_refuses_at_once_instead_of_growing() {
    let world = World::new().await;
    let options = Options { queue_max: 2, busy_timeout: Duration::from_millis(300), ..Options::default() };
    let store = Store::open(&world.path(), &options).unwrap();
    let other = Connection::open(world.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let tries: Vec<_> = (1..=10)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move { store.commit(redeem(grant(number))).await })
        })
        .collect();
    let mut refused = 0;
    for attempt in tries {
        match attempt.await.unwrap() {
            Err(Fault::Busy) => refused += 1,
            other => assert_eq!(other, Err(Fault::Locked)),
        }
    }
    assert!(refused >= 7, "{refused}: two wait, at most one is with the writer");
    assert!(Fault::Busy.is_temporary());
}

#[tokio::test]
async fn after_an_error_of_the_file_the_store_stops_writing_and_says_so() {
    let world = World::new().await;
    world.applied(redeem(grant(1))).await;
    let path = world.path();
    world.store.clone().close().await;
    let root: u64 = Connection::open(&path)
        .unwrap()
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'grants'", [], |row| row.get(0))
        .unwrap();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.write_all_at(&[0xff; 4096], (root - 1) * 4096).unwrap();
    let store = Store::open(&path, &Options::default()).unwrap();
    let fault = store.commit(redeem(grant(2))).await.unwrap_err();
    assert!(matches!(fault, Fault::Engine { .. }) && !fault.is_temporary(), "{fault:?}");
    let ended =
        tokio::time::timeout(Duration::from_secs(5), store.failed()).await.expect("the server is told");
    assert_eq!(ended, fault);
    assert_eq!(store.ping().await, Err(Fault::Stopped));
    assert_eq!(store.commit(redeem(grant(3))).await, Err(Fault::Stopped));
}

#[tokio::test]
async fn an_impossible_row_is_named_by_table_column_and_key_and_not_by_its_value() {
    let world = World::new().await;
    world.applied(redeem(grant(1))).await;
    let other = Connection::open(world.path()).unwrap();
    other
        .execute_batch("UPDATE clients SET metadata = 'hush'; UPDATE grants SET scope = 'a\"hush';")
        .unwrap();
    let fault = world.store.clients().await.unwrap_err();
    assert_eq!(
        fault,
        Fault::Impossible { table: "clients", column: "metadata".to_owned(), key: "app".to_owned() }
    );
    let fault = world.store.grant(grant_id(1)).await.unwrap_err();
    let key = grant_id(1).to_string();
    assert_eq!(fault, Fault::Impossible { table: "grants", column: "scope".to_owned(), key });
    assert!(!fault.to_string().contains("hush") && !fault.is_temporary());
}

#[tokio::test]
async fn an_algorithm_that_does_not_exist_is_an_impossible_row() {
    let world = World::new().await;
    world.store.add_api(api("https://notes.example")).await.unwrap();
    assert_eq!(world.store.apis().await.unwrap()[0].record.algorithm, Some(Algorithm::EdDsa));
    for text in ["none", "HS256", "es256", ""] {
        let other = Connection::open(world.path()).unwrap();
        other.execute("UPDATE apis SET algorithm = ?1", [text]).unwrap();
        let (column, key) = ("algorithm".to_owned(), "https://notes.example".to_owned());
        let fault = world.store.apis().await.unwrap_err();
        assert_eq!(fault, Fault::Impossible { table: "apis", column, key }, "{text}");
    }
}

fn api(resource: &str) -> ApiRecord {
    ApiRecord {
        resource: ResourceUri::parse(resource).unwrap(),
        name: None,
        scopes: vec![],
        access_token_seconds: None,
        algorithm: Some(Algorithm::EdDsa),
        introspection: None,
    }
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let world = World::new().await;
    let other = Connection::open(world.path()).unwrap();
    other.execute("INSERT INTO schema_migrations VALUES (999, 'later', x'00')", []).unwrap();
    let refused = Store::open(&world.path(), &Options::default()).unwrap_err();
    assert!(matches!(refused, Fault::NewerSchema { found: 999, .. }), "{refused:?}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    let text = "not a database\n".repeat(500);
    std::fs::write(&path, &text).unwrap();
    assert!(Store::open(&path, &Options::default()).is_err());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[tokio::test]
async fn only_the_owner_may_read_the_files() {
    let world = World::new().await;
    world.store.lock_for_serving().unwrap();
    for suffix in ["", "-wal", "-shm", ".lock"] {
        let path = format!("{}{suffix}", world.path().display());
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{path}");
    }
}
