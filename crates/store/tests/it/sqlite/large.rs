//! A file that counts as large: the suite, where the writer reads what is one person's, and what comes of a writer that has no time.

#[path = "../suite/mod.rs"]
mod suite;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use proofkey_protocol::Committed;
use proofkey_store::{Options, Store};
use rusqlite::Connection;

use super::SqliteFile;
use super::batches::break_commits;
use crate::support::{self, Database, GRANTS_SESSION, app, grant, grant_id, redeem, session_id};

/// A database file that is large from its first page on.
pub(crate) struct LargeFile(SqliteFile);

impl Database for LargeFile {
    const SLOWER: u64 = 1;

    async fn create() -> Self {
        Self(SqliteFile::create().await)
    }

    async fn open(&self) -> Store {
        self.0.open_with(&large())
    }
}

type World = support::World<LargeFile>;

fn large() -> Options {
    Options { large_from_pages: 0, ..Options::default() }
}

fn path(world: &World) -> PathBuf {
    world.database.0.path()
}

#[tokio::test]
async fn v_31_reads_go_on_while_another_process_keeps_the_writer_waiting() {
    let world = World::new().await;
    world.applied(redeem(grant(1))).await;
    let other = Connection::open(path(&world)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let waits = world.store.clone();
    let write = tokio::spawn(async move { waits.commit(redeem(grant(2))).await });
    // The writer has taken it, and waits for the lock.
    tokio::time::sleep(Duration::from_millis(50)).await;
    let began = Instant::now();
    assert!(world.grant(1).await.is_some() && world.grant(2).await.is_none());
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(write.await.unwrap(), Ok(Committed::Applied));
    assert!(world.grant(2).await.is_some());
}

#[tokio::test]
async fn reads_go_on_without_a_place_in_the_queue_and_after_the_writer_has_ended() {
    let world = World::new().await;
    world.applied(redeem(grant(1))).await;
    let store = Store::open(&path(&world), &Options { queue_max: 1, ..large() }).unwrap();
    let other = Connection::open(path(&world)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let waiting: Vec<_> = (2..5)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move { store.commit(redeem(grant(number))).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(store.grant(grant_id(1)).await.unwrap().is_some());
    other.execute_batch("ROLLBACK").unwrap();
    for write in waiting {
        let _ = write.await.unwrap();
    }
    store.clone().close().await;
    assert!(store.grant(grant_id(1)).await.unwrap().is_some());
}

/// A store on the file of a world, of which no thread has read yet, whose file has gone from its place: a thread that reads by itself
/// finds none, and the writer still has it.
async fn without_its_name(options: &Options) -> (World, Store) {
    let world = World::new().await;
    world.applied(redeem(grant(1))).await;
    let store = Store::open(&path(&world), options).unwrap();
    std::fs::rename(path(&world), path(&world).with_extension("moved")).unwrap();
    (world, store)
}

#[tokio::test]
async fn in_a_large_file_the_writer_reads_what_is_one_persons_and_in_a_small_one_each_thread() {
    let (_world, store) = without_its_name(&large()).await;
    assert!(store.grant(grant_id(1)).await.unwrap().is_some());
    assert!(store.session_with_consent(session_id(GRANTS_SESSION), &app()).await.unwrap().is_some());
    let (_world, store) = without_its_name(&Options::default()).await;
    assert!(store.grant(grant_id(1)).await.is_err(), "the name is gone");
}

#[tokio::test]
async fn c_1_a_read_that_comes_in_the_midst_of_writes_sees_none_that_is_not_durable() {
    let world = World::new().await;
    let other = break_commits(&path(&world));
    // The writer waits for the lock with the first write, and meets the second and the read in the same transaction.
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let write = |number| {
        let store = world.store.clone();
        tokio::spawn(async move { store.commit(redeem(grant(number))).await })
    };
    let first = write(1);
    some_turns().await;
    let second = write(2);
    some_turns().await;
    let reader = world.store.clone();
    let read = tokio::spawn(async move { reader.grant(grant_id(2)).await });
    some_turns().await;
    other.execute_batch("ROLLBACK").unwrap();
    assert!(read.await.unwrap().unwrap().is_none(), "it cannot be committed");
    assert!(first.await.unwrap().is_err() && second.await.unwrap().is_err());
}

#[tokio::test]
async fn c_1_what_was_acknowledged_is_read() {
    let world = World::new().await;
    for number in 1..=200 {
        let (store, reader) = (world.store.clone(), world.store.clone());
        let write = tokio::spawn(async move { store.commit(redeem(grant(number))).await });
        some_turns().await;
        let was_there = reader.grant(grant_id(number)).await.unwrap().is_some();
        assert_eq!(write.await.unwrap(), Ok(Committed::Applied));
        let is_there = reader.grant(grant_id(number)).await.unwrap().is_some();
        assert!(is_there, "{number}, which was {was_there} before");
    }
}

async fn some_turns() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}
