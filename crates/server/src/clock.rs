//! The clock of the edge: the only place that reads the system's time.
//!
//! A request is judged at one moment (invariant I2): the shell reads it and hands it on; rules never see a clock. It knows
//! nothing of what the time is used for.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Where the current time comes from.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// Times that a test sets and moves.
    Manual(Arc<ManualClock>),
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

    /// Seconds since 1970-01-01 (UTC).
    pub fn now(&self) -> i64 {
        self.now_millis().div_euclid(1_000)
    }

    /// Milliseconds since 1970-01-01 (UTC).
    pub fn now_millis(&self) -> i64 {
        match self {
            Self::System => system_millis(),
            Self::Manual(manual) => manual.wall.load(Ordering::SeqCst),
        }
    }

    /// Milliseconds since some moment of this process, which go on evenly however the clock is set.
    pub fn passed_millis(&self) -> i64 {
        match self {
            Self::System => system_passed_millis(),
            Self::Manual(manual) => manual.passed.load(Ordering::SeqCst),
        }
    }

    /// Lets so many seconds pass on a manual clock; by a negative number it is set back, for time does not run backwards. The
    /// system's clock stays as it is.
    pub fn advance(&self, seconds: i64) {
        if let Self::Manual(manual) = self {
            manual.passed.fetch_add(seconds.max(0).saturating_mul(1_000), Ordering::SeqCst);
        }
        self.set_by(seconds);
    }

    /// Sets a manual clock forward or back by so many seconds, while no time passes.
    pub fn set_by(&self, seconds: i64) {
        if let Self::Manual(manual) = self {
            manual.wall.fetch_add(seconds.saturating_mul(1_000), Ordering::SeqCst);
        }
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
    fn the_system_clock_is_past_2020() {
        assert!(Clock::System.now() > 1_577_836_800);
        let before = Clock::System.passed_millis();
        assert!(Clock::System.passed_millis() >= before);
    }
}
