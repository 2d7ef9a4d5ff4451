//! The clock of the edge: the only place that reads the system's time.
//!
//! A request is judged at one moment (invariant I2): the shell reads it and hands it on; rules never see a clock. It knows
//! nothing of what the time is used for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

/// Where the current time comes from.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// Times that a test sets and moves.
    Manual(Arc<ManualClock>),
    /// The clock of a database that several nodes share.
    Shared(Arc<SharedClock>),
}

/// What the clock of a database shows: it is asked now and then, and between two answers the time goes on by what passes here.
#[derive(Debug)]
pub struct SharedClock {
    /// Of this machine: what passes is read there.
    local: Clock,
    /// By how many milliseconds the database's clock is ahead of what has passed.
    ahead: AtomicI64,
    /// Whether it has answered; until then the time is the machine's.
    has_answered: AtomicBool,
}

/// The two times of a test.
#[derive(Debug)]
pub struct ManualClock {
    /// Milliseconds since 1970 (UTC), as a wall clock shows them.
    wall: AtomicI64,
    /// Milliseconds that have passed.
    passed: AtomicI64,
}

impl Clock {
    /// A clock that stands still at the given second until it is moved.
    pub fn manual(seconds: i64) -> Self {
        let wall = AtomicI64::new(seconds.saturating_mul(1_000));
        Self::Manual(Arc::new(ManualClock { wall, passed: AtomicI64::new(0) }))
    }

    /// The clock of a database, which is asked from a machine with this clock: [`SharedClock::note`] takes the answers.
    pub fn shared(local: Self) -> Self {
        let ahead = AtomicI64::new(local.now_millis().saturating_sub(local.passed_millis()));
        Self::Shared(Arc::new(SharedClock { local, ahead, has_answered: AtomicBool::new(false) }))
    }

    /// Seconds since 1970-01-01 (UTC).
    pub fn now(&self) -> i64 {
        self.now_millis().div_euclid(1_000)
    }

    /// Milliseconds since 1970-01-01 (UTC).
    pub fn now_millis(&self) -> i64 {
        match self {
            Self::System => system_millis(),
            Self::Manual(manual) => manual.wall.load(Ordering::SeqCst),
            Self::Shared(shared) => shared.local.passed_millis() + shared.ahead.load(Ordering::SeqCst),
        }
    }

    /// Milliseconds since some moment of this process, which go on evenly however the clock is set.
    pub fn passed_millis(&self) -> i64 {
        match self {
            Self::System => system_passed_millis(),
            Self::Manual(manual) => manual.passed.load(Ordering::SeqCst),
            Self::Shared(shared) => shared.local.passed_millis(),
        }
    }

    /// Lets so many seconds pass on a manual clock, that of a machine too; by a negative number it is set back, for time does not run backwards. The
    /// system's clock stays as it is.
    pub fn advance(&self, seconds: i64) {
        match self {
            Self::System => {}
            Self::Manual(manual) => {
                manual.passed.fetch_add(seconds.max(0).saturating_mul(1_000), Ordering::SeqCst);
                self.set_by(seconds);
            }
            Self::Shared(shared) => shared.local.advance(seconds),
        }
    }

    /// Sets a manual clock forward or back by so many seconds, while no time passes.
    pub fn set_by(&self, seconds: i64) {
        match self {
            Self::System => {}
            Self::Manual(manual) => {
                manual.wall.fetch_add(seconds.saturating_mul(1_000), Ordering::SeqCst);
            }
            Self::Shared(shared) => shared.local.set_by(seconds),
        }
    }
}

impl SharedClock {
    /// Takes an answer over: what the database's clock showed at some moment between two of the time that passes here. An
    /// answer that says the same as far as it can be told moves nothing.
    pub fn note(&self, shown_millis: i64, asked_at_millis: i64, answered_at_millis: i64) {
        let doubt = answered_at_millis.saturating_sub(asked_at_millis) / 2;
        let ahead = shown_millis.saturating_sub(asked_at_millis.saturating_add(doubt));
        let has_answered = self.has_answered.swap(true, Ordering::SeqCst);
        let moved = ahead.saturating_sub(self.ahead.load(Ordering::SeqCst)).saturating_abs();
        if !has_answered || moved > doubt.saturating_add(1) {
            self.ahead.store(ahead, Ordering::SeqCst);
        }
    }

    /// By how many seconds this machine's clock is ahead of the database's; negative where it is behind.
    pub fn local_ahead_seconds(&self) -> i64 {
        let shown = self.local.passed_millis().saturating_add(self.ahead.load(Ordering::SeqCst));
        self.local.now_millis().saturating_sub(shown) / 1_000
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
fn system_millis() -> i64 {
    // A clock before 1970 is a broken machine; zero makes every code and token look not yet issued rather than valid.
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}

fn system_passed_millis() -> i64 {
    static BEGAN: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    let passed = BEGAN.get_or_init(std::time::Instant::now).elapsed();
    i64::try_from(passed.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f_20_a_manual_clock_moves_only_when_told_and_backwards_too() {
        let clock = Clock::manual(1_000);
        let other = clock.clone();
        assert_eq!((clock.now(), clock.now_millis()), (1_000, 1_000_000));
        other.advance(-1_001);
        assert_eq!((clock.now(), clock.passed_millis()), (-1, 0));
        other.advance(2);
        other.set_by(10);
        assert_eq!((clock.now(), clock.passed_millis()), (11, 2_000));
    }

    #[test]
    fn st_07_f_20_the_clock_of_a_database_goes_on_by_what_passes_here_and_not_by_the_clock_of_the_machine() {
        let local = Clock::manual(1_000);
        let clock = Clock::shared(local.clone());
        let Clock::Shared(shared) = &clock else { panic!("it is shared") };
        assert_eq!((clock.now(), shared.local_ahead_seconds()), (1_000, 0), "before the first answer");
        shared.note(880_000, 0, 0);
        assert_eq!((clock.now(), shared.local_ahead_seconds()), (880, 120));
        local.set_by(3_600);
        assert_eq!((clock.now(), shared.local_ahead_seconds()), (880, 3_720), "the machine's is set");
        local.advance(10);
        assert_eq!((clock.now(), clock.passed_millis()), (890, 10_000), "ten seconds pass");
        shared.note(891_950, 10_000, 14_000);
        assert_eq!(clock.now_millis(), 890_000, "within what the way took");
        shared.note(893_000, 10_000, 10_000);
        assert_eq!(clock.now_millis(), 893_000);
    }

    #[test]
    fn the_system_clock_is_past_2020() {
        assert!(Clock::System.now() > 1_577_836_800);
        let before = Clock::System.passed_millis();
        assert!(Clock::System.passed_millis() >= before);
    }
}
