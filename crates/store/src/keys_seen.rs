//! What reads of facts have seen of the keys.

use std::sync::atomic::{AtomicI64, Ordering};

/// The highest version of the keys that any read of facts has seen.
#[derive(Debug, Default)]
pub(crate) struct KeysSeen(AtomicI64);

impl KeysSeen {
    /// Notes what a read has seen.
    pub(crate) fn note(&self, version: i64) {
        // Almost always the same: a read costs the other threads nothing, a write would.
        if self.version() < version {
            self.0.fetch_max(version, Ordering::AcqRel);
        }
    }

    /// The highest so far.
    pub(crate) fn version(&self) -> i64 {
        self.0.load(Ordering::Acquire)
    }
}
