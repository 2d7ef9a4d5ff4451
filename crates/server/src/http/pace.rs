//! How fast peers are read whose requests come to nothing: those that are served go first.
//!
//! Work is caused by what is read. An address whose requests are refused again and again waits for a turn before more is read
//! of it, and all such addresses together have so many turns a second. A request that is served makes up for one that was
//! refused, so that an address of many people is not judged by those who mistype. [`Pace`] reads no clock; what asks it does.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::clock::Clock;
use crate::limit::{AddressKey, Limiter};

/// So many requests of an address may be refused that none which was served has made up for; then it is paced.
pub(super) const REFUSALS_MAX: u32 = 3;
/// One refusal is forgotten in so long.
pub(super) const REFUSAL_SECONDS: u32 = 10;
/// Turns a second of all addresses that are paced, where no setting says otherwise. A turn is one read, 4 KiB at most, or one
/// request that a proxy hands on.
pub(super) const PACED_TURNS_PER_SECOND: u32 = 200;
/// Turns a second of one address, where half of the longest wait is taken.
pub(super) const PACED_TURNS_OF_ADDRESS_PER_SECOND: u32 = 20;
/// A peer that would wait longer for a turn is closed, or told to come back.
pub(super) const PACED_WAIT_MAX: Duration = Duration::from_secs(5);
/// Most addresses that are remembered; then the least indebted of a few is forgotten.
pub(super) const PACED_ADDRESSES_MAX: usize = 100_000;

const MILLIS_PER_SECOND: u32 = 1_000;
const MICROS_PER_SECOND: i64 = 1_000_000;
const NEVER: i64 = i64::MIN;

/// The refusals of addresses, and the turns of those that are paced.
#[derive(Debug)]
pub struct Pace {
    refusals: Limiter<AddressKey>,
    turns: Limiter<AddressKey>,
    turn_micros: i64,
    /// When the next turn is due.
    next_at_micros: AtomicI64,
    /// When the latest refusal of any address is forgotten, in milliseconds: from then on none has to be looked for.
    quiet_from_millis: AtomicI64,
    /// For how long a refusal can be remembered.
    remembered_millis: i64,
}

/// What a peer waits for before more is read of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Now,
    After(Duration),
    /// Too many wait.
    Never,
}

/// What became of a request, as far as its sender is judged by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Served,
    Refused,
    /// A fault of this server, or want of room, says nothing of the sender.
    Neither,
}

/// Whom a connection is read for.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    pace: Arc<Pace>,
    /// `None` for a trusted proxy, which speaks for many: the client that it names is judged, and not the connection.
    address: Option<AddressKey>,
}

impl Default for Pace {
    fn default() -> Self {
        Self::new(PACED_TURNS_PER_SECOND, 1.0)
    }
}

impl Pace {
    /// So many turns a second; `factor` multiplies that and all else that is allowed.
    pub fn new(turns_per_second: u32, factor: f64) -> Self {
        let turns = f64::from(turns_per_second) * factor;
        let of_address = PACED_TURNS_OF_ADDRESS_PER_SECOND;
        let limiter =
            |burst, interval_millis| Limiter::new(burst, interval_millis, PACED_ADDRESSES_MAX, factor);
        let refusal_millis = REFUSAL_SECONDS * MILLIS_PER_SECOND;
        // Float casts saturate: with an absurd factor a turn takes no time, or ages, and refusals are remembered as long.
        Self {
            refusals: limiter(REFUSALS_MAX, refusal_millis),
            turns: limiter(of_address, MILLIS_PER_SECOND / of_address),
            turn_micros: (MICROS_PER_SECOND as f64 / turns) as i64,
            next_at_micros: AtomicI64::new(0),
            quiet_from_millis: AtomicI64::new(NEVER),
            remembered_millis: (f64::from((REFUSALS_MAX + 1) * refusal_millis) / factor.min(1.0)) as i64,
        }
    }

    /// Whether nothing that was refused is remembered of any address. Almost always, and so it costs no look at a clock.
    fn is_quiet(&self, now_millis: impl FnOnce() -> i64) -> bool {
        let quiet_from = self.quiet_from_millis.load(Ordering::Relaxed);
        quiet_from == NEVER || now_millis() >= quiet_from
    }

    /// Whether the address waits for its turns.
    fn paces(&self, address: &AddressKey, now_millis: i64) -> bool {
        self.refusals.peek(address, now_millis).is_err()
    }

    fn note_at(&self, address: AddressKey, outcome: Outcome, now_millis: i64) {
        match outcome {
            Outcome::Refused => {
                let quiet_from = now_millis.saturating_add(self.remembered_millis);
                self.quiet_from_millis.fetch_max(quiet_from, Ordering::Relaxed);
                self.refusals.record_failure(address, now_millis);
            }
            Outcome::Served => self.refusals.refund(&address, now_millis),
            Outcome::Neither => {}
        }
    }

    /// Takes the next turn. What was not taken of the last second is still there: a few that come at once need not wait. Where
    /// half of the longest wait is taken an address has its share alone, so that none keeps the others from theirs.
    fn turn_at(&self, address: AddressKey, now_millis: i64) -> Turn {
        let now = now_millis.saturating_mul(1_000);
        let wait_max = i64::try_from(PACED_WAIT_MAX.as_micros()).unwrap_or(i64::MAX);
        let is_crowded = self.next_at_micros.load(Ordering::Relaxed).saturating_sub(now) > wait_max / 2;
        if is_crowded && self.turns.check(address, now_millis).is_err() {
            return Turn::Never;
        }
        let due = |next: i64| next.max(now.saturating_sub(MICROS_PER_SECOND));
        let taken = self.next_at_micros.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |next| {
            let due = due(next);
            (due.saturating_sub(now) <= wait_max).then(|| due.saturating_add(self.turn_micros))
        });
        let Ok(next) = taken else { return Turn::Never };
        match u64::try_from(due(next).saturating_sub(now)) {
            Ok(wait @ 1..) => Turn::After(Duration::from_micros(wait)),
            Ok(0) | Err(_) => Turn::Now,
        }
    }

    /// The turn of an address.
    fn turn_of(&self, address: AddressKey) -> Turn {
        let now = || Clock::System.passed_millis();
        if self.is_quiet(now) || !self.paces(&address, now()) {
            return Turn::Now;
        }
        self.turn_at(address, now())
    }

    /// Notes what became of a request of an address. What is served costs nothing to note where nothing was refused.
    fn note_of(&self, address: AddressKey, outcome: Outcome) {
        let now = || Clock::System.passed_millis();
        if outcome == Outcome::Refused || !self.is_quiet(now) {
            self.note_at(address, outcome, now());
        }
    }
}

impl Standing {
    /// That of a new connection; `address` is absent for a trusted proxy.
    pub(super) const fn new(pace: Arc<Pace>, address: Option<AddressKey>) -> Self {
        Self { pace, address }
    }

    /// What is waited for before the next read.
    pub(super) fn turn(&self) -> Turn {
        self.address.map_or(Turn::Now, |address| self.pace.turn_of(address))
    }

    /// What became of a request of this connection.
    pub(super) fn note(&self, outcome: Outcome) {
        if let Some(address) = self.address {
            self.pace.note_of(address, outcome);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> AddressKey {
        AddressKey::of(std::net::Ipv4Addr::new(192, 0, 2, last).into())
    }

    fn paced(pace: &Pace, last: u8, now_millis: i64) -> bool {
        pace.paces(&address(last), now_millis)
    }

    #[test]
    fn k_03_an_address_is_paced_by_what_is_refused_and_not_made_up_for() {
        let pace = Pace::default();
        for _ in 0..REFUSALS_MAX {
            assert!(!paced(&pace, 1, 0));
            pace.note_at(address(1), Outcome::Refused, 0);
        }
        assert!(paced(&pace, 1, 0) && !paced(&pace, 2, 0));
        pace.note_at(address(1), Outcome::Served, 0);
        assert!(!paced(&pace, 1, 0), "one was served");
        pace.note_at(address(1), Outcome::Refused, 0);
        assert!(paced(&pace, 1, 0));
        let forgotten = i64::from(REFUSAL_SECONDS) * 1_000;
        assert!(!paced(&pace, 1, forgotten));
        for _ in 0..1_000 {
            pace.note_at(address(1), Outcome::Refused, forgotten);
        }
        assert!(!paced(&pace, 1, 2 * forgotten), "it owes no more than a full bucket");
    }

    #[test]
    fn k_03_what_is_served_in_between_keeps_an_address_of_many_people_unpaced() {
        let pace = Pace::default();
        for round in 0..1_000 {
            pace.note_at(address(1), Outcome::Refused, round);
            pace.note_at(address(1), Outcome::Served, round);
            assert!(!paced(&pace, 1, round));
        }
    }

    /// The turns that addresses get at this instant, by turns, until one gets none.
    fn turns(pace: &Pace, addresses: u32, now_millis: i64) -> Vec<Turn> {
        let of = |at: u32| AddressKey::of(std::net::Ipv4Addr::from_bits(0x0a00_0000 + at % addresses).into());
        (0..).map(|at| pace.turn_at(of(at), now_millis)).take_while(|turn| *turn != Turn::Never).collect()
    }

    #[test]
    fn k_03_all_that_are_paced_have_so_many_turns_a_second_and_wait_for_them_in_order() {
        let pace = Pace::default();
        let second = 1_000_000;
        let turns = turns(&pace, 1_000, second);
        let at_once = turns.iter().take_while(|turn| **turn == Turn::Now).count();
        assert_eq!(at_once, PACED_TURNS_PER_SECOND as usize + 1, "those of the last second");
        assert!(turns.is_sorted_by_key(|turn| match turn {
            Turn::After(wait) => *wait,
            Turn::Now | Turn::Never => Duration::ZERO,
        }));
        assert_eq!(turns.last(), Some(&Turn::After(PACED_WAIT_MAX)));
        assert_eq!(pace.turn_at(address(1), second), Turn::Never, "and it takes no turn");
        let later = second + 1_000 + i64::try_from(PACED_WAIT_MAX.as_millis()).unwrap();
        assert_eq!(pace.turn_at(address(1), later), Turn::Now);
    }

    #[test]
    fn k_03_one_address_keeps_no_other_from_its_turns() {
        let pace = Pace::default();
        let mut now = 1_000_000;
        for _ in 0..100 {
            while pace.turn_at(address(1), now) != Turn::Never {}
            assert_ne!(pace.turn_at(address(2), now), Turn::Never);
            now += 100;
        }
    }

    #[test]
    fn k_03_a_fault_of_this_server_makes_up_for_nothing_and_is_nobodys() {
        let pace = Pace::default();
        for _ in 0..100 {
            pace.note_at(address(1), Outcome::Neither, 0);
        }
        assert!(!paced(&pace, 1, 0));
        for _ in 0..REFUSALS_MAX {
            pace.note_at(address(1), Outcome::Refused, 0);
        }
        pace.note_at(address(1), Outcome::Neither, 0);
        assert!(paced(&pace, 1, 0));
    }

    #[test]
    fn k_03_a_connection_that_was_open_before_makes_up_for_its_address_and_is_paced_with_it() {
        let pace = Arc::new(Pace::default());
        let standing = || Standing::new(Arc::clone(&pace), Some(address(1)));
        let (open_before, script) = (standing(), standing());
        for _ in 0..1_000 {
            script.note(Outcome::Refused);
            open_before.note(Outcome::Served);
        }
        assert!(!pace.paces(&address(1), Clock::System.passed_millis()));
        while pace.turn_of(address(1)) != Turn::Never {
            script.note(Outcome::Refused);
        }
        assert_eq!((open_before.turn(), standing().turn()), (Turn::Never, Turn::Never));
    }

    #[test]
    fn k_03_nobody_is_looked_for_once_every_refusal_is_forgotten() {
        let pace = Pace::default();
        assert!(pace.is_quiet(|| panic!("no clock is asked")));
        for _ in 0..100 {
            pace.note_at(address(1), Outcome::Refused, 0);
        }
        let quiet_from = pace.quiet_from_millis.load(Ordering::Relaxed);
        assert!(!pace.is_quiet(|| quiet_from - 1) && pace.is_quiet(|| quiet_from));
        assert!(!pace.refusals.owes(&address(1), quiet_from));
    }

    #[test]
    fn k_03_the_connection_of_a_trusted_proxy_is_never_paced() {
        let pace = Arc::new(Pace::default());
        let (proxy, peer) =
            (Standing::new(Arc::clone(&pace), None), Standing::new(Arc::clone(&pace), Some(address(1))));
        while pace.turn_of(address(1)) != Turn::Never {
            proxy.note(Outcome::Refused);
            peer.note(Outcome::Refused);
        }
        assert_eq!((proxy.turn(), peer.turn()), (Turn::Now, Turn::Never));
        assert_eq!(pace.turn_of(address(2)), Turn::Now, "whom a proxy names is judged alone");
    }
}
