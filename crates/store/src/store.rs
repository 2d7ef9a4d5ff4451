//! The store as the rest of the house sees it: one handle, whatever engine is behind it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use proofkey_oauth::Timestamp;
use proofkey_protocol::{Commit, Committed};

use crate::fault::Fault;
use crate::sqlite::Engine;

/// How to open a store. Each field is a maximum.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long a write waits while another process writes.
    pub busy_timeout: Duration,
    /// How long a read waits; it runs on a request's thread, and in WAL mode it practically never has to.
    pub reader_busy_timeout: Duration,
    /// Most writes that may wait; one more is refused with [`Fault::Busy`].
    pub queue_max: usize,
    /// Most writes in one transaction.
    pub batch_max: usize,
    /// Most pages of 4 KiB that the database may have; SQLite's own maximum when absent.
    pub pages_max: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            busy_timeout: Duration::from_secs(5),
            reader_busy_timeout: Duration::from_secs(1),
            queue_max: 4096,
            batch_max: 256,
            pages_max: None,
        }
    }
}

/// The durable state. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) backend: Arc<Backend>,
}

/// The engines. PostgreSQL becomes the second variant, and every `match` on this names what it must then do.
#[derive(Debug)]
pub(crate) enum Backend {
    Sqlite(Engine),
}

impl Store {
    /// Opens the database at `path`, makes it (mode 0600) when it does not exist, and applies the migrations it lacks.
    pub fn open(path: &Path, options: &Options) -> Result<Self, Fault> {
        Ok(Self { backend: Arc::new(Backend::Sqlite(Engine::open(path, options)?)) })
    }

    /// Claims the database for one server process until every clone of this store is gone. Commands need no claim: they
    /// write beside the server.
    pub fn lock_for_serving(&self) -> Result<(), Fault> {
        match &*self.backend {
            Backend::Sqlite(engine) => engine.lock_for_serving(),
        }
    }

    /// Writes a commit. When this returns [`Committed::Applied`] it is on the disk.
    pub async fn commit(&self, commit: Commit) -> Result<Committed, Fault> {
        match &*self.backend {
            Backend::Sqlite(engine) => engine.commit(commit).await,
        }
    }

    /// Removes at most `rows_max` rows that ended long enough before `now`, and says how many. Call it again while it
    /// returns `rows_max`.
    pub async fn sweep(&self, now: Timestamp, rows_max: u32) -> Result<u32, Fault> {
        match &*self.backend {
            Backend::Sqlite(engine) => engine.sweep(now, rows_max).await,
        }
    }

    /// Writes through the writer and reads it back: the database can do both.
    pub async fn ping(&self) -> Result<(), Fault> {
        match &*self.backend {
            Backend::Sqlite(engine) => engine.ping().await,
        }
    }

    /// Waits until the store stops writing for good, and says why. After an error of the disk nothing that this process
    /// believes about the file is certain, so the process must end.
    pub async fn failed(&self) -> Fault {
        match &*self.backend {
            Backend::Sqlite(engine) => engine.failed().await,
        }
    }

    /// Writes what is queued, moves the write-ahead log into the database and ends the writer. Later writes through other
    /// clones fail with [`Fault::Closed`].
    pub async fn close(self) {
        match &*self.backend {
            Backend::Sqlite(engine) => engine.close().await,
        }
    }
}
