//! Failed sign-ins per address, per network and in all: what is asked before a password is hashed, and what is counted after.
//!
//! A browser that is known to the account is not asked: its failures are counted under its own key, in the store.

use std::net::IpAddr;

use super::{AddressKey, Limiter, NetworkKey, RetryAfter};

/// The limits on failed sign-ins that live in memory.
#[derive(Debug)]
pub(crate) struct SignInLimits {
    /// Per address.
    pub(crate) address: Limiter<AddressKey>,
    /// Per /48 of IPv6: who has one has 65,536 of what the limit per address counts by. No stricter than that one.
    pub(crate) network: Limiter<NetworkKey>,
    /// Networks from which a sign-in failed of late, by what came of it and not by what is under way. It refuses no sign-in.
    pub(crate) failing: Limiter<NetworkKey>,
    /// Networks from which a sign-in succeeded of late.
    pub(crate) succeeding: Limiter<NetworkKey>,
    /// Of all sign-ins. It refuses none: beyond it they wait in another order.
    pub(crate) all: Limiter<()>,
    /// How many names that no account has are remembered in the store.
    pub(crate) unknown_names_max: u32,
}

/// What came of the sign-ins from a network of late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Record {
    /// Some succeeded, and none failed.
    Good,
    /// There were none, or some of either.
    Open,
    /// All failed.
    Bad,
}

impl SignInLimits {
    /// Whether a failure from this address would still be let through; counts nothing.
    pub(crate) fn look(&self, address: IpAddr, now_millis: i64) -> Result<(), RetryAfter> {
        self.address.peek(&AddressKey::of(address), now_millis)?;
        self.network.peek(&NetworkKey::of(address), now_millis)
    }

    /// Counts a failure in advance, or says when one will be let through: of attempts at once no more are let through than
    /// of those that come one after another.
    pub(crate) fn reserve(&self, address: IpAddr, now_millis: i64) -> Result<(), RetryAfter> {
        let key = AddressKey::of(address);
        self.address.check(key, now_millis)?;
        let network = self.network.check(NetworkKey::of(address), now_millis);
        network.inspect_err(|_| self.address.refund(&key, now_millis))
    }

    /// Takes back what [`Self::reserve`] counted: it was no failure.
    pub(crate) fn take_back(&self, address: IpAddr, now_millis: i64) {
        self.address.refund(&AddressKey::of(address), now_millis);
        self.network.refund(&NetworkKey::of(address), now_millis);
    }

    /// Takes back what [`Self::reserve`] counted: it has succeeded.
    pub(crate) fn succeeded(&self, address: IpAddr, now_millis: i64) {
        self.take_back(address, now_millis);
        self.succeeding.record_failure(NetworkKey::of(address), now_millis);
    }

    /// Notes that what was reserved has failed.
    pub(crate) fn failed(&self, address: IpAddr, now_millis: i64) {
        self.failing.record_failure(NetworkKey::of(address), now_millis);
        self.all.record_failure((), now_millis);
    }

    /// Whether so many sign-ins fail that who is known goes first.
    pub(crate) fn many_fail(&self, now_millis: i64) -> bool {
        self.all.peek(&(), now_millis).is_err()
    }

    /// What came of the sign-ins from this network of late.
    pub(crate) fn record(&self, address: IpAddr, now_millis: i64) -> Record {
        let network = NetworkKey::of(address);
        let (succeeded, failed) =
            (self.succeeding.owes(&network, now_millis), self.failing.owes(&network, now_millis));
        match (succeeded, failed) {
            (true, false) => Record::Good,
            (true, true) | (false, false) => Record::Open,
            (false, true) => Record::Bad,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> SignInLimits {
        SignInLimits {
            address: Limiter::new(3, 60_000, 1_000, 1.0),
            network: Limiter::new(5, 60_000, 1_000, 1.0),
            failing: Limiter::new(3, 60_000, 1_000, 1.0),
            succeeding: Limiter::new(1, 86_400_000, 1_000, 1.0),
            all: Limiter::new(8, 60_000, 1, 1.0),
            unknown_names_max: 1_000,
        }
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn k_05_lg_07_the_networks_of_one_48_share_a_bucket_and_ipv4_addresses_do_not() {
        let limits = limits();
        let host = |at: u16| address(&format!("2001:db8:7:{at:x}::1"));
        assert_eq!((0..300).filter(|at| limits.reserve(host(*at), 0).is_ok()).count(), 5);
        assert!(limits.look(host(999), 0).is_err());
        assert_eq!(limits.reserve(address("2001:db8:8::1"), 0), Ok(()), "another /48");
        for last in 0..200 {
            assert_eq!(limits.reserve(address(&format!("192.0.2.{last}")), 0), Ok(()), "{last}");
        }
    }

    #[test]
    fn k_05_what_the_network_refuses_is_not_counted_for_the_address_and_success_is_taken_back() {
        let limits = limits();
        let here = address("2001:db8:7:1::1");
        for at in 2..7 {
            assert_eq!(limits.reserve(address(&format!("2001:db8:7:{at}::1")), 0), Ok(()));
        }
        assert!(limits.reserve(here, 0).is_err());
        assert!(!limits.address.owes(&AddressKey::of(here), 0));
        limits.take_back(address("2001:db8:7:2::1"), 0);
        assert_eq!(limits.reserve(here, 0), Ok(()));
    }

    #[test]
    fn k_05_the_bucket_of_all_says_that_many_fail_and_refuses_nobody() {
        let limits = limits();
        let (here, there) = (address("192.0.2.1"), address("192.0.2.2"));
        assert_eq!(limits.reserve(here, 0), Ok(()), "under way, and no failure yet");
        for _ in 0..8 {
            assert!(!limits.many_fail(0));
            limits.failed(there, 0);
        }
        assert!(limits.many_fail(0) && !limits.many_fail(60_000));
        assert_eq!(limits.look(here, 0), Ok(()));
    }

    #[test]
    fn k_05_networks_where_people_sign_in_go_before_unknown_ones_and_those_before_failing_ones() {
        let limits = limits();
        let [good, mixed, unknown, bad] = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"].map(address);
        for here in [good, mixed] {
            limits.succeeded(here, 0);
        }
        for here in [mixed, bad] {
            limits.failed(here, 0);
        }
        let ranks = |now| [good, mixed, unknown, bad].map(|here| limits.record(here, now));
        assert_eq!(ranks(0), [Record::Good, Record::Open, Record::Open, Record::Bad]);
        let worn_off = 8 * 60_000;
        assert_eq!(ranks(worn_off), [Record::Good, Record::Good, Record::Open, Record::Open]);
        assert_eq!(ranks(86_400_000), [Record::Open; 4]);
    }
}
