//! Migrations: once and in order, also when several nodes start at once.

use proofkey_testkit::postgres::TestDatabase;

use super::{MIGRATIONS, migrate, migrated, session};
use crate::fault::Fault;
use crate::migration::Migration;

const FIRST: Migration = Migration { version: 1, name: "0001", text: "CREATE TABLE a (x BIGINT);" };
const SECOND: Migration =
    Migration { version: 2, name: "0002", text: "CREATE TABLE b (x BIGINT); INSERT INTO b (x) VALUES (1);" };

async fn count(database: &TestDatabase, text: &str) -> i64 {
    database.master().await.query_one(text, &[]).await.unwrap().get(0)
}

async fn tables(database: &TestDatabase) -> i64 {
    count(database, "SELECT count(*) FROM pg_tables WHERE tablename IN ('a', 'b')").await
}

#[tokio::test]
async fn migrations_run_once_and_in_order() {
    let database = TestDatabase::create("template0").await;
    for _ in 0..2 {
        migrate(&session(&database).await, &[FIRST]).await.unwrap();
    }
    assert_eq!(tables(&database).await, 1);
    for _ in 0..2 {
        migrate(&session(&database).await, &[FIRST, SECOND]).await.unwrap();
    }
    assert_eq!(count(&database, "SELECT count(*) FROM b").await, 1);
    assert!(MIGRATIONS.is_sorted_by(|a, b| a.version < b.version));
}

#[tokio::test]
async fn st_11_a_migration_that_fails_halfway_leaves_nothing_and_is_resumed() {
    let database = TestDatabase::create("template0").await;
    let torn = Migration { text: "CREATE TABLE b (x BIGINT); INSERT INTO nowhere VALUES (1);", ..SECOND };
    assert!(migrate(&session(&database).await, &[FIRST, torn]).await.is_err());
    assert_eq!(tables(&database).await, 1, "the first stays, nothing of the second is there");
    migrate(&session(&database).await, &[FIRST, SECOND]).await.unwrap();
    assert_eq!(tables(&database).await, 2);
}

#[tokio::test]
async fn st_10_a_changed_or_unknown_migration_is_refused() {
    let database = TestDatabase::create("template0").await;
    migrate(&session(&database).await, &[FIRST, SECOND]).await.unwrap();
    let changed = Migration { text: "CREATE TABLE b (y BIGINT);", ..SECOND };
    let refused = migrate(&session(&database).await, &[FIRST, changed]).await;
    assert_eq!(refused, Err(Fault::MigrationChanged { name: "0002" }));
    let newer = migrate(&session(&database).await, &[FIRST]).await;
    assert_eq!(newer, Err(Fault::NewerSchema { found: 2, known: 1 }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn st_11_of_nodes_that_start_at_once_one_migrates_and_all_start() {
    for _ in 0..5 {
        let database = TestDatabase::create("template0").await;
        let mut starting = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let session = session(&database).await;
            starting.spawn(async move { migrate(&session, MIGRATIONS).await });
        }
        assert!(starting.join_all().await.iter().all(Result::is_ok));
        assert_eq!(count(&database, "SELECT count(*) FROM directory_versions").await, 1);
        let noted = count(&database, "SELECT count(*) FROM schema_migrations").await;
        assert_eq!(noted, MIGRATIONS.len() as i64);
    }
    drop(migrated().await);
}
