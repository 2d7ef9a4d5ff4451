//! The APIs as requests see them: an immutable snapshot in the process, read again when its version moves.

use std::sync::Arc;

use arc_swap::ArcSwap;
use proofkey_protocol::Apis;
use proofkey_store::{Fault, Store};

/// The current snapshot, and how to refresh it.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    snapshot: ArcSwap<Snapshot>,
}

/// The APIs at one moment. They are few, and operators make them.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    apis: Apis,
    version: Option<i64>,
}

impl Directory {
    /// The snapshot as it is now; a request keeps the one that it began with.
    pub(crate) fn now(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Reads the APIs again if they have another version than this, which was read before.
    pub(crate) async fn refresh(&self, store: &Store, version: i64) -> Result<(), Fault> {
        if self.snapshot.load().version != Some(version) {
            let apis = Apis::new(store.apis().await?);
            self.snapshot.store(Arc::new(Snapshot { apis, version: Some(version) }));
        }
        Ok(())
    }
}

impl Snapshot {
    pub(crate) const fn apis(&self) -> &Apis {
        &self.apis
    }
}
