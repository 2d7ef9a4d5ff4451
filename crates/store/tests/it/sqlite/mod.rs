//! SQLite: the suite, and what only files can show: crashes, durability, full disks, damage, second processes.

mod batches;
pub(crate) mod crash;
mod durability;
mod faults;
mod files;
mod large;
mod mutants;
mod processes;
mod remembered;
#[path = "../suite/mod.rs"]
mod suite;

use std::path::PathBuf;

use proofkey_store::{Options, Store};
use tempfile::TempDir;

use crate::support::{self, Database};

/// A database file in a folder of its own.
pub(crate) struct SqliteFile(TempDir);

impl Database for SqliteFile {
    const SLOWER: u64 = 1;

    async fn create() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    async fn open(&self) -> Store {
        self.open_with(&Options::default())
    }
}

impl SqliteFile {
    fn open_with(&self, options: &Options) -> Store {
        Store::open(&self.path(), options).unwrap()
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("proofkey.db")
    }
}

pub(crate) type World = support::World<SqliteFile>;

impl World {
    pub(crate) async fn of(options: &Options) -> Self {
        let database = SqliteFile::create().await;
        let store = database.open_with(options);
        Self::with(database, store).await
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.database.path()
    }

    /// Drops the store, and keeps its files.
    pub(crate) fn keep_folder(self) -> TempDir {
        self.database.0
    }
}
