//! The APIs as requests see them: an immutable snapshot in the process, read again when its version moves.

use std::sync::Arc;

use arc_swap::ArcSwap;
use proofkey_protocol::Apis;
use proofkey_store::{Fault, ProtocolStore};
use tokio::sync::Mutex;

/// The current snapshot, and how to take over another.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    snapshot: ArcSwap<Snapshot>,
    /// One takes over at a time; a caller that waited finds it done.
    turn: Mutex<()>,
}

/// The APIs at one moment. They are few, and operators make them.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    apis: Apis,
    version: i64,
}

impl Directory {
    /// The snapshot as it is now.
    pub(crate) fn now(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Reads the APIs again where the snapshot is older than this version, which a read has seen.
    pub(crate) async fn take_over(&self, store: &ProtocolStore, seen: i64) -> Result<(), Fault> {
        if self.snapshot.load().version >= seen {
            return Ok(());
        }
        let _turn = self.turn.lock().await;
        if self.snapshot.load().version >= seen {
            return Ok(());
        }
        // Before the APIs, never after: what is read is at least as new as the version says.
        let version = store.directory_versions().await?.apis;
        let apis = Apis::new(store.apis().await?);
        self.snapshot.store(Arc::new(Snapshot { apis, version }));
        Ok(())
    }
}

impl Snapshot {
    pub(crate) const fn apis(&self) -> &Apis {
        &self.apis
    }

    pub(crate) const fn version(&self) -> i64 {
        self.version
    }
}
