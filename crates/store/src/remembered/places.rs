//! A fixed number of places, each for one value under its key: a new one takes the place of the one before.

use std::sync::{Mutex, PoisonError};

/// Places for values under keys.
#[derive(Debug)]
pub(super) struct Places<K, V>(Box<[Place<K, V>]>);

type Place<K, V> = Mutex<Option<Kept<K, V>>>;

#[derive(Debug)]
struct Kept<K, V> {
    key: K,
    stamps: Stamps,
    value: V,
}

/// What has been forgotten of all, of three ids and of a user: numbers that move with each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamps {
    pub(super) all: u64,
    pub(super) ids: [u64; 3],
    pub(super) user: u64,
}

impl<K, V: Clone> Places<K, V> {
    /// So many places.
    pub(super) fn new(count: usize) -> Self {
        Self((0..count).map(|_| Mutex::new(None)).collect())
    }

    /// The value under a key with this hash, if its stamps are what they were.
    pub(super) fn find(
        &self,
        hash: u64,
        is_it: impl FnOnce(&K) -> bool,
        stamps: impl FnOnce(&V) -> Stamps,
    ) -> Option<V> {
        let place = self.place(hash)?.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = place.as_ref().filter(|kept| is_it(&kept.key))?;
        (kept.stamps == stamps(&kept.value)).then(|| kept.value.clone())
    }

    /// Keeps a value.
    pub(super) fn keep(&self, hash: u64, key: K, stamps: Stamps, value: V) {
        let Some(place) = self.place(hash) else { return };
        let before =
            place.lock().unwrap_or_else(PoisonError::into_inner).replace(Kept { key, stamps, value });
        // What was there is freed when no request waits for the place.
        drop(before);
    }

    fn place(&self, hash: u64) -> Option<&Place<K, V>> {
        self.0.get(below(hash, self.0.len())?)
    }
}

/// A hash as a number below `count`; `None` if that is 0.
pub(super) fn below(hash: u64, count: usize) -> Option<usize> {
    let count = u64::try_from(count).ok()?;
    usize::try_from(hash.checked_rem(count)?).ok()
}
