//! What reads of facts have seen of the versions of keys and APIs.

use std::sync::atomic::{AtomicI64, Ordering};

/// In the column that tells both, the version of the APIs is what is below this.
const APIS_BELOW: i64 = 1 << 32;

/// The highest versions of the keys and of the APIs that any read of facts has seen.
#[derive(Debug, Default)]
pub(crate) struct VersionsSeen {
    keys: AtomicI64,
    apis: AtomicI64,
}

impl VersionsSeen {
    /// Notes what a read has seen: [`crate::sql::versions::VERSIONS_OF_DECISIONS`].
    pub(crate) fn note(&self, both: i64) {
        self.note_each(both / APIS_BELOW, both % APIS_BELOW);
    }

    /// Notes the versions of keys and APIs.
    pub(crate) fn note_each(&self, keys: i64, apis: i64) {
        raise(&self.keys, keys);
        raise(&self.apis, apis);
    }

    /// The highest of the keys so far.
    pub(crate) fn keys(&self) -> i64 {
        self.keys.load(Ordering::Acquire)
    }

    /// The highest of the APIs so far.
    pub(crate) fn apis(&self) -> i64 {
        self.apis.load(Ordering::Acquire)
    }
}

fn raise(highest: &AtomicI64, version: i64) {
    // Almost always the same: a read costs the other threads nothing, a write would.
    if highest.load(Ordering::Acquire) < version {
        highest.fetch_max(version, Ordering::AcqRel);
    }
}
