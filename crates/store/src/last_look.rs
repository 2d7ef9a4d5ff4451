//! For how long a look at the database is relied on where each request would need one of its own.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// That long, counted from before the look began, by the time that passes. Who changes the database beside a running server
/// waits as long before the change is said to be made.
pub const REMEMBERED_FOR: Duration = Duration::from_millis(100);

/// When something was looked at last.
#[derive(Debug)]
pub struct LastLook {
    began: Instant,
    /// Microseconds since then, plus one; 0 before the first look.
    at_micros: AtomicU64,
}

impl Default for LastLook {
    fn default() -> Self {
        Self { began: Instant::now(), at_micros: AtomicU64::new(0) }
    }
}

impl LastLook {
    /// Whether it may be relied on at that instant.
    pub fn holds(&self, now: Instant) -> bool {
        let at = Duration::from_micros(self.at_micros.load(Ordering::Acquire));
        !at.is_zero() && now < self.began + at + REMEMBERED_FOR - Duration::from_micros(1)
    }

    /// Whether it may be relied on for less than half of that time from now on: a new one is due, and has time to come.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        !self.holds(now + REMEMBERED_FOR / 2)
    }

    /// Notes a look that had its answer and had begun at that instant.
    pub fn note(&self, began: Instant) {
        let micros = began.saturating_duration_since(self.began).as_micros();
        let at = u64::try_from(micros).unwrap_or(u64::MAX - 1).saturating_add(1);
        self.at_micros.fetch_max(at, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k_16_a_look_is_relied_on_for_a_tenth_of_a_second_from_before_it_began() {
        let look = LastLook::default();
        let began = look.began + Duration::from_secs(5);
        assert!(!look.holds(look.began) && !look.holds(began));
        look.note(began);
        look.note(began - Duration::from_secs(1));
        let holds = |millis| look.holds(began + Duration::from_millis(millis));
        assert!(holds(0) && holds(99));
        assert!(!holds(100) && !holds(5_000));
        let is_due = |millis| look.is_due(began + Duration::from_millis(millis));
        assert!(!is_due(0) && !is_due(49) && is_due(50) && is_due(5_000));
        assert!(LastLook::default().is_due(Instant::now()), "there was none");
    }
}
