//! What only this crate can see of the engine: every text, every migration, every plan.

mod migrations;
mod schema;
mod sessions;
mod sweep;
mod texts;

use proofkey_testkit::postgres::TestDatabase;

use super::connection::Session;
use super::migrate::{MIGRATIONS, migrate};
use super::url;
use crate::options::ConnectOptions;

/// A session of an empty database.
async fn session(database: &TestDatabase) -> Session {
    let target = url::read(&database.url()).unwrap();
    Session::open(&target.hosts[0], &ConnectOptions::default()).await.unwrap()
}

/// A database with every migration.
async fn migrated() -> TestDatabase {
    let database = TestDatabase::create("template0").await;
    migrate(&session(&database).await, MIGRATIONS).await.unwrap();
    database
}
