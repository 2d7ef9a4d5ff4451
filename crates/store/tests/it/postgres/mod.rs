//! PostgreSQL: the suite, and what only a server at the other end of a link can show.

mod as_read;
mod black_holes;
mod compared_columns;
mod errors;
mod isolation;
mod links;
mod lost_answers;
mod proxy;
#[path = "../suite/mod.rs"]
mod suite;

use proofkey_store::{Basis, ConnectOptions, Store};
use proofkey_testkit::postgres::TestDatabase;
use tokio::sync::OnceCell;

use crate::support::{self, Database, GRANTS_SESSION, app, code, session_id};

/// A database of the one server of this process.
pub(crate) struct PostgresDatabase(TestDatabase);

impl Database for PostgresDatabase {
    const SLOWER: u64 = 10;

    async fn create() -> Self {
        Self(TestDatabase::create(template().await).await)
    }

    async fn open(&self) -> Store {
        Store::connect(&self.0.url(), &ConnectOptions::default()).await.unwrap()
    }
}

/// A database with every migration, which the others are copies of.
async fn template() -> &'static str {
    static TEMPLATE: OnceCell<TestDatabase> = OnceCell::const_new();
    let make = async || {
        let empty = TestDatabase::create("template0").await;
        Store::connect(&empty.url(), &ConnectOptions::default()).await.unwrap().close().await;
        empty
    };
    TEMPLATE.get_or_init(make).await.name()
}

pub(crate) type World = support::World<PostgresDatabase>;

/// What a redemption rests on when the subject was read a moment ago.
async fn read(store: &Store) -> Basis {
    assert!(store.session_with_consent(session_id(GRANTS_SESSION), &app()).await.unwrap().is_some());
    store.remembered_code(&code(1)).unwrap().basis
}
