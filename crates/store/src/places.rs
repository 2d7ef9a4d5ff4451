//! A fixed number of places, each for one value under its key. A few of them make a set, and the hash of a key says which: where a set
//! is full, a new value takes the place of the oldest.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Places in a set. With as many values as there are places in all, a seventh of them finds its set full; with half as many values, one
/// in a hundred.
const SET: usize = 8;

/// Places for values under keys. What is in no use takes four bytes.
#[derive(Debug)]
pub(crate) struct Places<K, V> {
    sets: Box<[Mutex<Set<K, V>>]>,
    /// Places in each set.
    each: usize,
}

/// Values with their keys, and with the hashes of these.
type Set<K, V> = Vec<(u64, Box<(K, V)>)>;

impl<K: PartialEq, V> Places<K, V> {
    /// So many places at most.
    pub(crate) fn new(count: usize) -> Self {
        let each = count.min(SET);
        let sets = count.checked_div(each).unwrap_or_default();
        Self { sets: (0..sets).map(|_| Mutex::new(Vec::new())).collect(), each }
    }

    /// What `pick` makes of a key and a value that stand under this hash, which several keys may share.
    pub(crate) fn find<T>(&self, hash: u64, pick: impl Fn(&K, &V) -> Option<T>) -> Option<T> {
        let set = self.set(hash)?;
        set.iter().filter(|(of, _)| *of == hash).find_map(|(_, kept)| pick(&kept.0, &kept.1))
    }

    /// Changes the values that stand under this hash.
    pub(crate) fn change(&self, hash: u64, change: impl Fn(&K, &mut V)) {
        let Some(mut set) = self.set(hash) else { return };
        for (_, kept) in set.iter_mut().filter(|(of, _)| *of == hash) {
            let (key, value) = kept.as_mut();
            change(key, value);
        }
    }

    /// Keeps a value.
    pub(crate) fn keep(&self, hash: u64, key: K, value: V) {
        let Some(mut set) = self.set(hash) else { return };
        let same = set.iter().position(|(of, kept)| *of == hash && kept.0 == key);
        let oldest = (set.len() >= self.each).then_some(0);
        let before = same.or(oldest).map(|at| set.remove(at));
        set.push((hash, Box::new((key, value))));
        // What was there is freed when no request waits for the set.
        drop(set);
        drop(before);
    }

    /// Takes the value under a key with this hash out of its place.
    pub(crate) fn take(&self, hash: u64, is_it: impl Fn(&K) -> bool) -> Option<V> {
        let mut set = self.set(hash)?;
        let at = set.iter().position(|(of, kept)| *of == hash && is_it(&kept.0))?;
        let (_, kept) = set.remove(at);
        drop(set);
        Some(kept.1)
    }

    /// Frees the values of which that is so.
    pub(crate) fn drop_where(&self, is_so: impl Fn(&K, &V) -> bool) {
        self.drop_some((0, self.sets.len()), is_so);
    }

    /// The same in so many sets from one on, so that it takes no longer however many there are; returns where to go on.
    pub(crate) fn drop_some(&self, (from, count): (usize, usize), is_so: impl Fn(&K, &V) -> bool) -> usize {
        for set in self.sets.iter().skip(from).take(count) {
            let freed: Vec<_> = lock(set).extract_if(.., |(_, kept)| is_so(&kept.0, &kept.1)).collect();
            drop(freed);
        }
        let next = from.saturating_add(count);
        if next < self.sets.len() { next } else { 0 }
    }

    /// How many sets there are.
    pub(crate) fn sets(&self) -> usize {
        self.sets.len()
    }

    fn set(&self, hash: u64) -> Option<MutexGuard<'_, Set<K, V>>> {
        self.sets.get(below(hash, self.sets.len())?).map(lock)
    }
}

/// No code panics while it holds one of these locks in a half-done state.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A hash as a number below `count`; `None` if that is 0.
pub(crate) fn below(hash: u64, count: usize) -> Option<usize> {
    let count = u64::try_from(count).ok()?;
    usize::try_from(hash.checked_rem(count)?).ok()
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher as _, RandomState};

    use super::*;

    #[test]
    fn as_many_values_are_kept_as_there_are_places_and_under_their_own_keys() {
        let hasher = RandomState::new();
        for (count, values) in [(0, 4), (1, 4), (7, 100), (64, 6_400), (1024, 40_960)] {
            let places = Places::new(count);
            for value in 0..values {
                places.keep(hasher.hash_one(value), value, value);
            }
            let find = |value: usize| {
                places.find(hasher.hash_one(value), |key, kept| (*key == value).then_some(*kept))
            };
            let found: Vec<usize> = (0..values).filter_map(find).collect();
            assert_eq!(found.len(), count);
            assert!(found.iter().all(|value| find(*value) == Some(*value)));
        }
    }

    #[test]
    fn one_key_has_one_place_and_what_is_taken_is_there_no_more() {
        let places = Places::new(SET);
        for value in 0..3 {
            places.keep(7, "key", value);
        }
        let find = |hash| places.find(hash, |_, value| Some(*value));
        assert_eq!((find(7), find(8)), (Some(2), None));
        places.keep(7, "another", 5);
        places.change(7, |key, value| *value += i32::from(*key == "another"));
        assert_eq!(places.take(7, |key| *key == "another"), Some(6), "of the same hash");
        assert_eq!((places.take(7, |key| *key == "key"), find(7)), (Some(2), None));
        places.keep(7, "key", 3);
        places.keep(8, "other", 4);
        places.drop_where(|_, value| *value == 3);
        assert_eq!((find(7), find(8)), (None, Some(4)));
    }

    #[test]
    fn the_oldest_of_a_full_set_goes_whatever_its_key_is() {
        let places = Places::new(SET);
        for value in 0..100 {
            places.keep(value % 3, value, value);
        }
        for value in 0..100 {
            let found = places.find(value % 3, |key, kept| (*key == value).then_some(*kept));
            assert_eq!(found.is_some(), value >= 92, "{value}");
        }
        // What is taken leaves its place to the next, and the others their order.
        assert!(places.take(92 % 3, |key| *key == 92).is_some());
        for value in [100, 101] {
            places.keep(0, value, value);
        }
        let is_there = |value: u64| {
            places.find(if value < 100 { value % 3 } else { 0 }, |key, _| (*key == value).then_some(()))
        };
        assert_eq!(
            [93, 94, 99, 100, 101].map(|value| is_there(value).is_some()),
            [false, true, true, true, true]
        );
    }

    #[test]
    fn some_sets_after_the_others_are_looked_through() {
        let places = Places::new(SET * 3);
        for hash in 0..3 {
            places.keep(hash, hash, ());
        }
        let left = || [0, 1, 2].map(|hash| places.find(hash, |_, ()| Some(())).is_some());
        let mut from = 0;
        for (next, expected) in [(1, [false, true, true]), (2, [false, false, true]), (0, [false; 3])] {
            from = places.drop_some((from, 1), |_, ()| true);
            assert_eq!((from, left()), (next, expected));
        }
        assert_eq!(Places::<u64, ()>::new(0).drop_some((0, 1), |_, ()| true), 0);
    }

    #[test]
    fn nearly_all_are_kept_where_there_are_twice_as_many_places() {
        let (hasher, values) = (RandomState::new(), 40_000_u32);
        let places = Places::new(80_000);
        // Others were there before.
        for value in (0..values * 10).rev() {
            places.keep(hasher.hash_one(value), value, ());
        }
        let is_kept =
            |value: &u32| places.find(hasher.hash_one(value), |key, ()| (key == value).then_some(()));
        let kept = (0..values).filter(|value| is_kept(value).is_some()).count();
        assert!(kept > 39_200, "{kept}");
    }
}
