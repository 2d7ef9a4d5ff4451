//! The store as the rest of the house sees it: one handle, whatever engine is behind it.

use std::future::Future;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

use crate::backend::Backend;
use crate::fault::{AdminFault, Fault};
use crate::options::{ConnectOptions, Options, Purpose};
use crate::script::{Script, ScriptOutcome};
use crate::subjects_read::SubjectsRead;
use crate::uses_noted::UsesNoted;
use crate::versions_seen::VersionsSeen;
use crate::{postgres, sqlite};

/// The durable state. Cheap to clone. It dereferences to [`ProtocolStore`]: what a protocol endpoint may do, a command and
/// a background task may do too, and never the other way round.
#[derive(Clone, Debug)]
pub struct Store {
    protocol: ProtocolStore,
}

/// The durable state as protocol endpoints have it: reads, and [`ProtocolStore::commit`] as the only write, for the redemption of a
/// code also with what it rests on ([`ProtocolStore::commit_remembered`]; on SQLite the same write), beside the note of the use of
/// a session ([`ProtocolStore::note_use`]). No way leads from here to administration, keys or sweeping:
///
/// ```compile_fail,E0599
/// # use proofkey_oauth::Timestamp;
/// # use proofkey_protocol::ClientId;
/// async fn remove(store: &proofkey_store::ProtocolStore, id: &ClientId) {
///     let _ = store.remove_client(id, || Timestamp(0)).await;
/// }
/// ```
///
/// The same line compiles for the store of commands:
///
/// ```
/// # use proofkey_oauth::Timestamp;
/// # use proofkey_protocol::ClientId;
/// async fn remove(store: &proofkey_store::Store, id: &ClientId) {
///     let _ = store.remove_client(id, || Timestamp(0)).await;
/// }
/// ```
#[derive(Clone, Debug)]
pub struct ProtocolStore {
    pub(crate) backend: Arc<Backend>,
    pub(crate) versions_seen: Arc<VersionsSeen>,
    pub(crate) uses_noted: Arc<UsesNoted>,
    /// Empty on an engine whose one writer knows what it has changed.
    pub(crate) subjects_read: Arc<SubjectsRead>,
}

impl Deref for Store {
    type Target = ProtocolStore;

    fn deref(&self) -> &ProtocolStore {
        &self.protocol
    }
}

impl Store {
    /// Opens the database at `path`, makes it (mode 0600) when it does not exist, and applies the migrations it lacks: before
    /// the first of them a backup is taken, `<path>.before-<migration>`. A backup, or a database that is one side of a copy,
    /// is refused.
    pub fn open(path: &Path, options: &Options) -> Result<Self, Fault> {
        Self::open_for(path, options, Purpose::Serve)
    }

    /// Connects to the PostgreSQL database of a URL, `postgres://user:password@host:5432/database`, and begins its schema if
    /// it is empty; one of an older schema is refused, for [`crate::moving::upgrade`] brings it up. Several hosts, with commas
    /// between them, are tried in turn until one takes writes. The link is encrypted, and the server's certificate and name
    /// checked, unless host is this machine or the URL says `sslmode=disable`; `sslrootcert` names a file of certificates to
    /// trust instead of the system's.
    pub async fn connect(url: &str, options: &ConnectOptions) -> Result<Self, Fault> {
        Self::connect_for(url, options, Purpose::Serve).await
    }

    /// Opens the database at `path`, which is there, to read from it alone: rows, modes and log stay as they are, and every write
    /// fails with [`Fault::Closed`]. SQLite may make the two files beside it that every connection needs. One of another
    /// schema can be opened and not be read; [`crate::moving::schema`] tells.
    pub fn open_to_read(path: &Path, options: &Options) -> Result<Self, Fault> {
        Ok(Self::of(Backend::Sqlite(sqlite::Engine::open_to_read(path, options)?), 0))
    }

    pub(crate) fn open_for(path: &Path, options: &Options, purpose: Purpose) -> Result<Self, Fault> {
        Ok(Self::of(Backend::Sqlite(sqlite::Engine::open(path, options, purpose)?), 0))
    }

    pub(crate) async fn connect_for(
        url: &str,
        options: &ConnectOptions,
        purpose: Purpose,
    ) -> Result<Self, Fault> {
        let backend = Backend::Postgres(postgres::Engine::connect(url, options, purpose).await?);
        Ok(Self::of(backend, options.subjects_read_max))
    }

    fn of(backend: Backend, subjects_read_max: usize) -> Self {
        Self {
            protocol: ProtocolStore {
                backend: Arc::new(backend),
                versions_seen: Arc::default(),
                uses_noted: Arc::default(),
                subjects_read: Arc::new(SubjectsRead::new(subjects_read_max)),
            },
        }
    }

    /// The part of it that protocol endpoints have; clone it to keep it.
    pub const fn protocol(&self) -> &ProtocolStore {
        &self.protocol
    }

    /// Locks a database in a file for one server process until every clone of this store is gone. Commands need no lock: they
    /// write beside the server. Any number of servers may work on PostgreSQL.
    pub fn lock_for_serving(&self) -> Result<(), Fault> {
        self.backend.lock_for_serving()
    }

    /// Whether a database in a file is still where it was opened. One that was moved or replaced stops writing, as
    /// [`Store::failed`] then tells.
    pub fn check_file(&self) -> Result<(), Fault> {
        self.backend.check_file()
    }

    /// Waits until the store stops writing for good, and says why. After an error of the disk nothing that this process
    /// believes about the file is certain, so the process must end.
    pub async fn failed(&self) -> Fault {
        self.backend.failed().await
    }

    /// Writes what is queued and ends what writes: on SQLite the writer, when the write-ahead log has been moved into the
    /// database; on PostgreSQL the connections. Later writes through other clones fail with [`Fault::Closed`].
    pub async fn close(self) {
        self.backend.close().await;
    }

    /// Runs an operator's change that finds its rows again when it is run again: that one is missing is true in any case.
    pub(crate) async fn change(&self, script: Script) -> Result<(), AdminFault> {
        match self.backend.run(script).await? {
            ScriptOutcome::Written { .. } => Ok(()),
            ScriptOutcome::Undone(no_row) | ScriptOutcome::Unsettled(no_row) => Err(no_row.into()),
        }
    }

    /// Runs an operator's change that adds or removes. Should the answer to a run be lost, `is_done` reads whether it was
    /// written.
    pub(crate) async fn change_once(
        &self,
        script: Script,
        is_done: impl Future<Output = Result<bool, Fault>>,
    ) -> Result<(), AdminFault> {
        match self.backend.run(script).await? {
            ScriptOutcome::Written { .. } => Ok(()),
            ScriptOutcome::Undone(no_row) => Err(no_row.into()),
            ScriptOutcome::Unsettled(no_row) => match is_done.await {
                Ok(true) => Ok(()),
                Ok(false) => Err(no_row.into()),
                Err(_) => Err(Fault::OutcomeUnknown.into()),
            },
        }
    }
}
