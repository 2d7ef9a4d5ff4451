//! How fast peers are read whose requests come to nothing: whoever is served goes first.
//!
//! Work is caused by what is read. An address whose requests are refused again and again waits for a turn before more is read
//! of it, and all such addresses together have so many turns a second. A request that is served makes up for one that was
//! refused, so that an address of many people is not judged by those who mistype. [`Pace`] reads no clock; what asks it does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use crate::clock::Clock;
use crate::limit::{AddressKey, Limiter};

/// So many requests of an address may be refused that none which was served has made up for; then it is paced.
pub(super) const REFUSALS_MAX: u32 = 3;
/// A refusal is forgotten after so long.
pub(super) const REFUSAL_SECONDS: u32 = 10;
/// Turns a second of all addresses that are paced. A turn is one read, 4 KiB at most, or one request that a proxy hands on.
pub(super) const PACED_TURNS_PER_SECOND: u32 = 200;
/// Whoever would wait longer for a turn is closed, or told to come back.
pub(super) const PACED_WAIT_MAX: Duration = Duration::from_secs(5);
/// Most addresses that are remembered; then the least indebted of a few is forgotten.
pub(super) const PACED_ADDRESSES_MAX: usize = 100_000;

const MICROS_PER_SECOND: i64 = 1_000_000;

/// The refusals of addresses, and the turns of those that are paced.
#[derive(Debug)]
pub struct Pace {
    refusals: Limiter<AddressKey>,
    turn_micros: i64,
    /// When the next turn is due.
    next_at_micros: AtomicI64,
}

/// What a peer waits for before more is read of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Now,
    After(Duration),
    /// Too many wait.
    Never,
}

/// The address of one connection, and what was known of it at the latest look.
#[derive(Debug)]
pub(super) struct Standing {
    pace: Arc<Pace>,
    /// `None` for a trusted proxy, which speaks for many: whoever it names is judged, and not the connection.
    address: Option<AddressKey>,
    /// Something was refused that nothing has made up for.
    owes: AtomicBool,
    is_paced: AtomicBool,
}

impl Default for Pace {
    fn default() -> Self {
        Self::new(1.0)
    }
}

impl Pace {
    /// `factor` multiplies what is allowed.
    pub fn new(factor: f64) -> Self {
        let turns = f64::from(PACED_TURNS_PER_SECOND) * factor;
        // Float casts saturate: with an absurd factor a turn takes no time, or ages.
        let turn_micros = (MICROS_PER_SECOND as f64 / turns) as i64;
        let refusals = Limiter::new(REFUSALS_MAX, REFUSAL_SECONDS * 1_000, PACED_ADDRESSES_MAX, factor);
        Self { refusals, turn_micros, next_at_micros: AtomicI64::new(0) }
    }

    /// Whether the address waits for its turns.
    fn paces(&self, address: &AddressKey, now_millis: i64) -> bool {
        self.refusals.peek(address, now_millis).is_err()
    }

    /// A request of the address was refused, or it served.
    fn note(&self, address: AddressKey, is_refused: bool, now_millis: i64) {
        if is_refused {
            self.refusals.record_failure(address, now_millis);
        } else {
            self.refusals.refund(&address, now_millis);
        }
    }

    /// Takes the next turn. What nobody took of the last second is still there: a few that come at once need not wait.
    fn turn(&self, now_millis: i64) -> Turn {
        let now = now_millis.saturating_mul(1_000);
        let wait_max = i64::try_from(PACED_WAIT_MAX.as_micros()).unwrap_or(i64::MAX);
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

    /// The turn of a client that a trusted proxy names.
    pub(super) fn turn_of(&self, client: &AddressKey) -> Turn {
        let now = Clock::System.passed_millis();
        if self.paces(client, now) { self.turn(now) } else { Turn::Now }
    }

    /// The same, for what became of its request.
    pub(super) fn note_of(&self, client: AddressKey, is_refused: bool) {
        self.note(client, is_refused, Clock::System.passed_millis());
    }
}

impl Standing {
    /// That of a new connection; `address` is absent for a trusted proxy.
    pub(super) fn new(pace: Arc<Pace>, address: Option<AddressKey>) -> Self {
        let standing = Self { pace, address, owes: AtomicBool::default(), is_paced: AtomicBool::default() };
        standing.look(Clock::System.passed_millis());
        standing
    }

    /// What is waited for before the next read.
    pub(super) fn turn(&self) -> Turn {
        if !self.is_paced.load(Ordering::Relaxed) {
            return Turn::Now;
        }
        self.pace.turn(Clock::System.passed_millis())
    }

    /// A request of this connection was refused, or served; what is served costs nothing to note where nothing was refused.
    pub(super) fn note(&self, is_refused: bool) {
        let Some(address) = self.address else { return };
        if is_refused || self.owes.load(Ordering::Relaxed) {
            let now = Clock::System.passed_millis();
            self.pace.note(address, is_refused, now);
            self.look(now);
        }
    }

    fn look(&self, now_millis: i64) {
        let Some(address) = self.address else { return };
        let owes = self.pace.refusals.owes(&address, now_millis);
        self.owes.store(owes, Ordering::Relaxed);
        self.is_paced.store(owes && self.pace.paces(&address, now_millis), Ordering::Relaxed);
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
            pace.note(address(1), true, 0);
        }
        assert!(paced(&pace, 1, 0) && !paced(&pace, 2, 0));
        pace.note(address(1), false, 0);
        assert!(!paced(&pace, 1, 0), "one was served");
        pace.note(address(1), true, 0);
        assert!(paced(&pace, 1, 0));
        let forgotten = i64::from(REFUSAL_SECONDS) * 1_000;
        assert!(!paced(&pace, 1, forgotten));
        for _ in 0..1_000 {
            pace.note(address(1), true, forgotten);
        }
        assert!(!paced(&pace, 1, 2 * forgotten), "it owes no more than a full bucket");
    }

    #[test]
    fn k_03_what_is_served_in_between_keeps_an_address_of_many_people_unpaced() {
        let pace = Pace::default();
        for round in 0..1_000 {
            pace.note(address(1), true, round);
            pace.note(address(1), false, round);
            assert!(!paced(&pace, 1, round));
        }
    }

    #[test]
    fn k_03_all_that_are_paced_have_so_many_turns_a_second_and_wait_for_them_in_order() {
        let pace = Pace::default();
        let second = 1_000_000;
        let at_once = (0..).take_while(|_| pace.turn(second) == Turn::Now).count();
        assert_eq!(at_once, PACED_TURNS_PER_SECOND as usize + 1, "those of the last second");
        let waits: Vec<_> =
            (0..).map(|_| pace.turn(second)).take_while(|turn| *turn != Turn::Never).collect();
        assert!(waits.is_sorted_by_key(|turn| match turn {
            Turn::After(wait) => *wait,
            Turn::Now | Turn::Never => Duration::ZERO,
        }));
        assert_eq!(waits.last(), Some(&Turn::After(PACED_WAIT_MAX)));
        assert_eq!(pace.turn(second), Turn::Never, "and it takes no turn");
        let later = second + 1_000 + i64::try_from(PACED_WAIT_MAX.as_millis()).unwrap();
        assert_eq!(pace.turn(later), Turn::Now);
    }

    #[test]
    fn k_03_the_connection_of_a_trusted_proxy_is_never_paced() {
        let pace = Arc::new(Pace::default());
        let (proxy, peer) =
            (Standing::new(Arc::clone(&pace), None), Standing::new(Arc::clone(&pace), Some(address(1))));
        while pace.turn_of(&address(1)) != Turn::Never {
            proxy.note(true);
            peer.note(true);
        }
        assert_eq!((proxy.turn(), peer.turn()), (Turn::Now, Turn::Never));
        assert_eq!(
            Standing::new(Arc::clone(&pace), Some(address(1))).turn(),
            Turn::Never,
            "the next connection too"
        );
        assert_eq!(pace.turn_of(&address(2)), Turn::Now, "whom a proxy names is judged alone");
    }
}
