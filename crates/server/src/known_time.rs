//! The time that is known: by it what has ended is removed for good.
//!
//! A clock that is set wrong is set right again, and what a wrong one judged ended lives once more: a code can be redeemed
//! again if the row of its first redemption is gone. So removal goes by the earlier of two times: what the clock shows, and
//! what was known last (a mark in the database) with the time that has passed since. A clock that stays ahead of that for a
//! day is believed: the server was switched off for a while, or its clock was wrong before.

use proofkey_oauth::Timestamp;

use crate::clock::Clock;

/// How long a clock must stay ahead until it is believed.
const BELIEVED_AFTER_MILLIS: i64 = 24 * 3_600 * 1_000;
/// A difference that is worth a warning: above what time services correct in their course.
const NOTABLE_SECONDS: i64 = 30;

/// What is known of the time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KnownTime {
    /// The latest time that was known, and when that was, by the time that passes.
    mark: Timestamp,
    marked_at_millis: i64,
    /// Since when the clock has been ahead of it without a break.
    ahead_since_millis: Option<i64>,
    stands: ClockStands,
}

/// How the clock stands to what is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClockStands {
    /// Within half a minute.
    Right,
    /// By so many seconds later.
    Ahead(i64),
    /// By so many seconds earlier.
    Behind(i64),
}

impl KnownTime {
    /// Begins with the mark of an earlier process; without one the clock is believed.
    pub(crate) fn new(mark: Option<Timestamp>, clock: &Clock) -> Self {
        let mark = mark.unwrap_or(Timestamp(clock.now()));
        let (marked_at_millis, ahead_since_millis) = (clock.passed_millis(), None);
        Self { mark, marked_at_millis, ahead_since_millis, stands: ClockStands::Right }
    }

    /// The time that is known now.
    pub(crate) fn now(&mut self, clock: &Clock) -> Timestamp {
        let (wall, passed) = (Timestamp(clock.now()), clock.passed_millis());
        let reckoned = self.mark + (passed - self.marked_at_millis) / 1_000;
        if wall - reckoned <= NOTABLE_SECONDS {
            self.ahead_since_millis = None;
            if wall - reckoned >= 0 {
                // In step, or corrected a little.
                (self.mark, self.marked_at_millis) = (wall, passed);
            }
            return wall.min(reckoned);
        }
        let since = *self.ahead_since_millis.get_or_insert(passed);
        if passed - since < BELIEVED_AFTER_MILLIS {
            return reckoned;
        }
        (self.mark, self.marked_at_millis, self.ahead_since_millis) = (wall, passed, None);
        wall
    }

    /// How the clock stands, where that has changed since it was asked last.
    pub(crate) fn changed(&mut self, clock: &Clock) -> Option<ClockStands> {
        let reckoned = self.mark + (clock.passed_millis() - self.marked_at_millis) / 1_000;
        let difference = Timestamp(clock.now()) - reckoned;
        let stands = match difference {
            _ if difference > NOTABLE_SECONDS => ClockStands::Ahead(difference),
            _ if difference < -NOTABLE_SECONDS => ClockStands::Behind(-difference),
            _ => ClockStands::Right,
        };
        let alike = std::mem::discriminant(&stands) == std::mem::discriminant(&self.stands);
        self.stands = stands;
        (!alike).then_some(stands)
    }
}

impl ClockStands {
    /// Tells the operator.
    pub(crate) fn report(self) {
        match self {
            Self::Right => tracing::info!("the clock is right again"),
            Self::Ahead(seconds) => tracing::warn!(
                seconds,
                "the clock has been set forward, or the server was off: nothing is removed by the new time for a day"
            ),
            Self::Behind(seconds) => tracing::warn!(
                seconds,
                "the clock is behind the time that this database has seen: what was made since is refused until it is right"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_790_000_000;
    const HOUR: i64 = 3_600;

    #[test]
    fn k_15_f_20_a_clock_that_jumps_ahead_for_a_while_moves_nothing() {
        let clock = Clock::manual(START);
        let mut known = KnownTime::new(Some(Timestamp(START)), &clock);
        clock.set_by(2 * HOUR + HOUR / 2);
        for passed in 0..32 {
            assert_eq!(known.now(&clock), Timestamp(START + passed));
            clock.advance(1);
        }
        assert_eq!(known.changed(&clock), Some(ClockStands::Ahead(2 * HOUR + HOUR / 2)));
        assert_eq!(known.changed(&clock), None, "told once");
        clock.set_by(-2 * HOUR - HOUR / 2);
        assert_eq!(known.now(&clock), Timestamp(START + 32));
        assert_eq!(known.changed(&clock), Some(ClockStands::Right));
        clock.advance(HOUR);
        assert_eq!(known.now(&clock), Timestamp(START + 32 + HOUR), "and time goes on");
    }

    #[test]
    fn k_15_f_20_a_clock_that_is_set_back_is_followed_and_told_and_never_by_more() {
        let clock = Clock::manual(START);
        let mut known = KnownTime::new(Some(Timestamp(START)), &clock);
        clock.set_by(-24 * HOUR);
        assert_eq!(known.now(&clock), Timestamp(START - 24 * HOUR));
        assert_eq!(known.changed(&clock), Some(ClockStands::Behind(24 * HOUR)));
        clock.set_by(24 * HOUR);
        assert_eq!(known.now(&clock), Timestamp(START));
    }

    #[test]
    fn k_15_a_clock_that_stays_ahead_for_a_day_is_believed() {
        let clock = Clock::manual(START);
        let mut known = KnownTime::new(Some(Timestamp(START - 50 * HOUR)), &clock);
        assert_eq!(known.now(&clock), Timestamp(START - 50 * HOUR), "the server was off for two days");
        clock.advance(24 * HOUR - 1);
        assert_eq!(known.now(&clock), Timestamp(START - 26 * HOUR - 1));
        clock.advance(1);
        assert_eq!(known.now(&clock), Timestamp(START + 24 * HOUR));
        assert_eq!(KnownTime::new(None, &clock).now(&clock), Timestamp(START + 24 * HOUR), "a new database");
    }

    proptest::proptest! {
        #[test]
        fn k_15_it_never_runs_ahead_of_the_clock_nor_of_the_time_that_passed(
            steps in proptest::collection::vec((0_i64..40_000, -200_000_i64..200_000), 1..40),
        ) {
            let clock = Clock::manual(START);
            let mut known = KnownTime::new(Some(Timestamp(START)), &clock);
            for (count, (passed, set_by)) in (1..).zip(steps) {
                clock.advance(passed);
                clock.set_by(set_by);
                let now = known.now(&clock);
                proptest::prop_assert!(now <= Timestamp(clock.now()));
                let believed = clock.passed_millis() >= BELIEVED_AFTER_MILLIS;
                let most = Timestamp(START + clock.passed_millis() / 1_000 + NOTABLE_SECONDS * count);
                proptest::prop_assert!(believed || now <= most);
            }
        }
    }
}
