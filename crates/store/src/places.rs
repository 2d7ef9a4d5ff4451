//! A fixed number of places, each for one value under its key: a new one takes the place of the one before.

use std::sync::{Mutex, PoisonError};

/// Places for values under keys.
#[derive(Debug)]
pub(crate) struct Places<K, V>(Box<[Place<K, V>]>);

type Place<K, V> = Mutex<Option<(K, V)>>;

impl<K, V> Places<K, V> {
    /// So many places.
    pub(crate) fn new(count: usize) -> Self {
        Self((0..count).map(|_| Mutex::new(None)).collect())
    }

    /// What `pick` makes of the key and the value that stand in the place of this hash.
    pub(crate) fn find<T>(&self, hash: u64, pick: impl FnOnce(&K, &V) -> Option<T>) -> Option<T> {
        let place = self.place(hash)?.lock().unwrap_or_else(PoisonError::into_inner);
        let (key, value) = place.as_ref()?;
        pick(key, value)
    }

    /// Keeps a value.
    pub(crate) fn keep(&self, hash: u64, key: K, value: V) {
        let Some(place) = self.place(hash) else { return };
        let before = place.lock().unwrap_or_else(PoisonError::into_inner).replace((key, value));
        // What was there is freed when no request waits for the place.
        drop(before);
    }

    /// Takes the value under a key with this hash out of its place.
    pub(crate) fn take(&self, hash: u64, is_it: impl FnOnce(&K) -> bool) -> Option<V> {
        let mut place = self.place(hash)?.lock().unwrap_or_else(PoisonError::into_inner);
        place.take_if(|(key, _)| is_it(key)).map(|(_, value)| value)
    }

    /// Frees the values of which that is so.
    pub(crate) fn drop_where(&self, is_so: impl Fn(&V) -> bool) {
        for place in &self.0 {
            let freed =
                place.lock().unwrap_or_else(PoisonError::into_inner).take_if(|(_, value)| is_so(value));
            drop(freed);
        }
    }

    fn place(&self, hash: u64) -> Option<&Place<K, V>> {
        self.0.get(below(hash, self.0.len())?)
    }
}

/// A hash as a number below `count`; `None` if that is 0.
pub(crate) fn below(hash: u64, count: usize) -> Option<usize> {
    let count = u64::try_from(count).ok()?;
    usize::try_from(hash.checked_rem(count)?).ok()
}
