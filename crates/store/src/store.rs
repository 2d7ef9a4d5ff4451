//! The store as the rest of the house sees it: one handle, whatever engine is behind it.

use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

use crate::backend::Backend;
use crate::fault::{AdminFault, Fault};
use crate::options::Options;
use crate::script::{Script, ScriptOutcome};
use crate::sqlite::Engine;
use crate::versions_seen::VersionsSeen;

/// The durable state. Cheap to clone. It dereferences to [`ProtocolStore`]: what a protocol endpoint may do, a command and
/// a background task may do too, and never the other way round.
#[derive(Clone, Debug)]
pub struct Store {
    protocol: ProtocolStore,
}

/// The durable state as protocol endpoints have it: reads, and [`ProtocolStore::commit`] as the only write. No way leads
/// from here to administration, keys or sweeping:
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
}

impl Deref for Store {
    type Target = ProtocolStore;

    fn deref(&self) -> &ProtocolStore {
        &self.protocol
    }
}

impl Store {
    /// Opens the database at `path`, makes it (mode 0600) when it does not exist, and applies the migrations it lacks.
    pub fn open(path: &Path, options: &Options) -> Result<Self, Fault> {
        let backend = Arc::new(Backend::Sqlite(Engine::open(path, options)?));
        Ok(Self { protocol: ProtocolStore { backend, versions_seen: Arc::default() } })
    }

    /// The part of it that protocol endpoints have; clone it to keep it.
    pub const fn protocol(&self) -> &ProtocolStore {
        &self.protocol
    }

    /// Locks the database for one server process until every clone of this store is gone. Commands need no lock: they
    /// write beside the server.
    pub fn lock_for_serving(&self) -> Result<(), Fault> {
        self.backend.lock_for_serving()
    }

    /// Whether the database is still where it was opened. One that was moved or replaced stops writing, as
    /// [`Store::failed`] then tells.
    pub fn check_file(&self) -> Result<(), Fault> {
        self.backend.check_file()
    }

    /// Waits until the store stops writing for good, and says why. After an error of the disk nothing that this process
    /// believes about the file is certain, so the process must end.
    pub async fn failed(&self) -> Fault {
        self.backend.failed().await
    }

    /// Writes what is queued, moves the write-ahead log into the database and ends the writer. Later writes through other
    /// clones fail with [`Fault::Closed`].
    pub async fn close(self) {
        self.backend.close().await;
    }

    /// Runs an operator's change.
    pub(crate) async fn change(&self, script: Script) -> Result<(), AdminFault> {
        match self.backend.run(script).await? {
            ScriptOutcome::Written { .. } => Ok(()),
            ScriptOutcome::Undone(no_row) => Err(no_row.into()),
        }
    }
}
