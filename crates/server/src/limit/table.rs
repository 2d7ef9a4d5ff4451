//! A bounded, sharded map from keys to "paid until" instants.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

const SHARDS: usize = 16;
/// How many entries are looked at when a full shard must forget one.
const VICTIMS_SEEN: usize = 8;
/// A full shard is swept for expired entries at most this often; between sweeps it forgets one entry per insert, so a
/// spray over many addresses costs constant time per request.
const SWEEP_MILLIS: i64 = 1_000;

#[derive(Debug)]
pub(super) struct Table<K> {
    hasher: RandomState,
    shards: Vec<Mutex<Shard<K>>>,
    shard_entries_max: usize,
}

#[derive(Debug)]
struct Shard<K> {
    entries: HashMap<K, i64>,
    swept_at: i64,
}

impl<K: Hash + Eq> Table<K> {
    pub(super) fn new(entries_max: usize) -> Self {
        let shard = || Mutex::new(Shard { entries: HashMap::new(), swept_at: i64::MIN });
        let shards = (0..SHARDS).map(|_| shard()).collect();
        Self { hasher: RandomState::new(), shards, shard_entries_max: (entries_max / SHARDS).max(1) }
    }

    pub(super) fn read(&self, key: &K) -> Option<i64> {
        self.shard(key).and_then(|shard| shard.entries.get(key).copied())
    }

    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).entries.len()).sum()
    }

    /// Replaces the instant of a key by what `next` makes of it; an error leaves it as it was.
    pub(super) fn update<E>(
        &self,
        key: K,
        now_millis: i64,
        next: impl FnOnce(Option<i64>) -> Result<i64, E>,
    ) -> Result<(), E> {
        let Some(mut shard) = self.shard(&key) else { return next(None).map(drop) };
        let known = shard.entries.get(&key).copied();
        let paid_until = next(known)?;
        if known.is_none() {
            shard.make_room(self.shard_entries_max, now_millis);
        }
        shard.entries.insert(key, paid_until);
        Ok(())
    }

    /// Changes the instant of a key that is known.
    pub(super) fn change(&self, key: &K, next: impl FnOnce(i64) -> i64) {
        if let Some(paid_until) = self.shard(key).as_mut().and_then(|shard| shard.entries.get_mut(key)) {
            *paid_until = next(*paid_until);
        }
    }

    fn shard(&self, key: &K) -> Option<MutexGuard<'_, Shard<K>>> {
        let at = self.hasher.hash_one(key) % (SHARDS as u64);
        usize::try_from(at).ok().and_then(|at| self.shards.get(at)).map(lock)
    }
}

impl<K: Hash + Eq> Shard<K> {
    fn make_room(&mut self, entries_max: usize, now_millis: i64) {
        if self.entries.len() < entries_max {
            return;
        }
        if now_millis.saturating_sub(self.swept_at) >= SWEEP_MILLIS || now_millis < self.swept_at {
            self.swept_at = now_millis;
            let now_micros = now_millis.saturating_mul(1_000);
            self.entries.retain(|_, paid_until| *paid_until > now_micros);
        }
        // Still full: forget the least indebted of a few. Only the first match leaves the map.
        if self.entries.len() >= entries_max {
            let least = self.entries.values().take(VICTIMS_SEEN).copied().min();
            let _forgotten = self.entries.extract_if(|_, paid_until| Some(*paid_until) == least).next();
        }
    }
}

/// A panic while the lock was held cannot leave an entry half written, so a poisoned lock is still good.
fn lock<K>(shard: &Mutex<Shard<K>>) -> MutexGuard<'_, Shard<K>> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}
