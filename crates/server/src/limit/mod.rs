//! Rate limits in memory: a bounded table of keys under the generic cell rate algorithm (GCRA).
//!
//! It owns how often something may happen. Only [`Limiters`] knows what is limited. It reads no clock: the instant is an
//! argument. Counters that must survive a restart (account lockout) live in the database, not here.

mod address;
mod limiters;
mod rate;
mod sign_in;
mod table;

pub use address::{AddressKey, NetworkKey};
pub(crate) use limiters::{GrantsKey, Limiters};
pub use rate::{Rate, RetryAfter};
pub(crate) use sign_in::{Record, SignInLimits};

use std::hash::Hash;

use table::Table;

/// One limit over many keys, such as "10 failed sign-ins per address, then one in 6 seconds".
///
/// Where only failures count, use [`Limiter::check`] before the work and [`Limiter::refund`] when it succeeded: a
/// hundred parallel attempts then cannot slip through between a look and a count. [`Limiter::peek`] and
/// [`Limiter::record_failure`] are for work whose outcome is known at once.
#[derive(Debug)]
pub struct Limiter<K> {
    rate: Rate,
    table: Table<K>,
}

impl<K: Hash + Eq> Limiter<K> {
    /// A limiter that lets `burst` events through at once and then one per `interval_millis`. `factor` multiplies how
    /// much is allowed (`1.0` changes nothing); past `entries_max` keys the least indebted are forgotten.
    pub fn new(burst: u32, interval_millis: u32, entries_max: usize, factor: f64) -> Self {
        Self { rate: Rate::new(burst, interval_millis, factor), table: Table::new(entries_max) }
    }

    /// Counts one event, or says when the next one will be let through. A refused event is not counted.
    pub fn check(&self, key: K, now_millis: i64) -> Result<(), RetryAfter> {
        self.table.update(key, now_millis, |paid_until| self.rate.spend(paid_until, now_millis))
    }

    /// Whether an event would be let through now; counts nothing.
    pub fn peek(&self, key: &K, now_millis: i64) -> Result<(), RetryAfter> {
        self.rate.spend(self.table.read(key), now_millis).map(drop)
    }

    /// Counts an event that has happened, whether or not it was within the limit.
    pub fn record_failure(&self, key: K, now_millis: i64) {
        let counted = self.table.update(key, now_millis, |paid_until| {
            Ok::<_, std::convert::Infallible>(self.rate.charge(paid_until, now_millis))
        });
        match counted {
            Ok(()) => {}
        }
    }

    /// Gives back what [`Limiter::check`] took: the attempt succeeded.
    pub fn refund(&self, key: &K, now_millis: i64) {
        self.table.change(key, |paid_until| self.rate.refund(paid_until, now_millis));
    }

    /// Whether an event of this key is remembered that has not worn off.
    pub fn owes(&self, key: &K, now_millis: i64) -> bool {
        self.table.read(key).is_some_and(|paid_until| self.rate.owes(paid_until, now_millis))
    }

    /// How many keys are remembered.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether no key is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: i64 = 1_000;

    #[test]
    fn lg_07_a_burst_passes_then_one_per_interval() {
        let limiter = Limiter::new(3, 6_000, 100, 1.0);
        for _ in 0..3 {
            assert_eq!(limiter.check("a", 0), Ok(()));
        }
        assert_eq!(limiter.check("a", 0), Err(RetryAfter { seconds: 6 }));
        assert_eq!(limiter.check("b", 0), Ok(()), "another key has its own bucket");
        assert_eq!(limiter.check("a", 6 * SECOND), Ok(()));
        assert!(limiter.check("a", 6 * SECOND).is_err());
    }

    #[test]
    fn lg_07_only_failures_count_when_success_is_refunded() {
        let limiter = Limiter::new(2, 60_000, 100, 1.0);
        for _ in 0..50 {
            assert_eq!(limiter.check("a", 0), Ok(()));
            limiter.refund(&"a", 0);
        }
        limiter.record_failure("a", 0);
        limiter.record_failure("a", 0);
        assert!(limiter.peek(&"a", 0).is_err());
        limiter.record_failure("a", 0);
        assert_eq!(
            limiter.peek(&"a", 60 * SECOND),
            Ok(()),
            "failures over the limit do not lengthen the wait"
        );
    }

    #[test]
    fn the_factor_multiplies_what_is_allowed() {
        let limiter = Limiter::new(1, 60_000, 100, 1_000.0);
        assert_eq!((0..2_000).filter(|_| limiter.check((), 0).is_ok()).count(), 1_000);
        assert_eq!(limiter.check((), 60), Ok(()));
    }

    #[test]
    fn f_20_a_clock_that_jumps_back_locks_nobody_out() {
        let limiter = Limiter::new(2, 1_000, 100, 1.0);
        let tomorrow = 86_400 * SECOND;
        limiter.record_failure("a", tomorrow);
        assert!(limiter.peek(&"a", 2 * SECOND).is_err_and(|wait| wait.seconds <= 2));
        limiter.record_failure("a", 0);
        assert_eq!(limiter.peek(&"a", 2 * SECOND), Ok(()));
    }

    #[test]
    fn f_27_keys_are_bounded_under_a_spray() {
        let limiter = Limiter::new(1, 3_600_000, 1_000, 1.0);
        for address in 0..50_000_u32 {
            limiter.record_failure(address, i64::from(address));
        }
        assert!(limiter.len() <= 1_000, "{}", limiter.len());
    }

    #[test]
    fn lg_07_parallel_checks_never_pass_more_than_the_burst() {
        let limiter = Limiter::new(10, 60_000, 100, 1.0);
        let passed: usize = std::thread::scope(|scope| {
            let tries = || (0..100).filter(|_| limiter.check(7, 0).is_ok()).count();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(tries)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(passed, 10);
    }

    proptest! {
        #[test]
        fn lg_07_never_more_than_burst_plus_elapsed_over_interval(
            burst in 1_u32..20,
            interval in 1_u32..5_000,
            gaps in prop::collection::vec(0_i64..3_000, 1..200),
        ) {
            let limiter = Limiter::new(burst, interval, 100, 1.0);
            let (mut now, mut passed) = (0, 0);
            for gap in gaps {
                now += gap;
                passed += i64::from(limiter.check("k", now).is_ok());
                prop_assert!(passed <= i64::from(burst) + now / i64::from(interval));
            }
        }

        #[test]
        fn lg_07_the_wait_that_is_told_is_enough(burst in 1_u32..5, interval in 1_u32..90_000, at in 0_i64..100_000) {
            let limiter = Limiter::new(burst, interval, 100, 1.0);
            while limiter.check("k", at).is_ok() {}
            let wait = limiter.check("k", at).unwrap_err();
            let later = at + i64::try_from(wait.seconds).unwrap() * SECOND;
            prop_assert_eq!(limiter.check("k", later), Ok(()));
        }
    }
}
