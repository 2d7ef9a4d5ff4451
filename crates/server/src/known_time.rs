//! The time that is known: by it what has ended is removed for good.
//!
//! A clock that is set wrong is set right again, and what a wrong one judged ended lives once more: a code can be redeemed
//! again if the row of its first redemption is gone. So removal goes by the earlier of two times: what the clock shows, and
//! what was known last (a mark in the database) with the time that has passed since. A clock that has been ahead of that for a
//! day of the server's life is believed: the server was switched off for a while, or its clock was wrong before. It is believed
//! by as much as it was ahead at least through all of that day. The day goes on where a restart cut it off, and each
//! restart adds the time for which the server was off to what is to be believed later.

use proofkey_oauth::Timestamp;
use proofkey_store::NotedTime;

use crate::clock::Clock;

/// How long a clock must have been ahead until it is believed.
const BELIEVED_AFTER_MILLIS: i64 = 24 * 3_600 * 1_000;
/// A difference that is worth a warning: above what time services correct in their course.
const NOTABLE_SECONDS: i64 = 30;

/// What is known of the time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KnownTime {
    /// The latest time that was known, and when that was, by the time that passes.
    mark: Timestamp,
    marked_at_millis: i64,
    ahead: Option<Ahead>,
    stands: ClockStands,
}

/// That the clock has been ahead of what is known, without a break.
#[derive(Clone, Copy, Debug)]
struct Ahead {
    /// By how much at least.
    by_seconds: i64,
    /// For how long in earlier processes, and since when in this one.
    before_millis: i64,
    since_millis: i64,
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
    /// Begins with what earlier processes have noted; without that the clock is believed.
    pub(crate) fn new(noted: Option<NotedTime>, clock: &Clock) -> Self {
        let (wall, marked_at_millis) = (Timestamp(clock.now()), clock.passed_millis());
        let mark = noted.map_or(wall, |noted| noted.latest);
        let ahead = noted.filter(|noted| noted.ahead_by > NOTABLE_SECONDS).map(|noted| Ahead {
            by_seconds: noted.ahead_by,
            before_millis: noted.ahead_millis,
            since_millis: marked_at_millis,
        });
        Self { mark, marked_at_millis, ahead, stands: ClockStands::Right }
    }

    /// The time that is known now.
    pub(crate) fn now(&mut self, clock: &Clock) -> Timestamp {
        let (wall, passed) = (Timestamp(clock.now()), clock.passed_millis());
        let reckoned = self.reckoned(passed);
        let by_seconds = wall - reckoned;
        if by_seconds <= NOTABLE_SECONDS {
            self.ahead = None;
            if by_seconds >= 0 {
                // In step, or corrected a little.
                (self.mark, self.marked_at_millis) = (wall, passed);
            }
            return wall.min(reckoned);
        }
        let began = Ahead { by_seconds, before_millis: 0, since_millis: passed };
        let ahead = self.ahead.get_or_insert(began);
        ahead.by_seconds = ahead.by_seconds.min(by_seconds);
        if ahead.millis(passed) < BELIEVED_AFTER_MILLIS {
            return reckoned;
        }
        (self.mark, self.marked_at_millis) = (reckoned + ahead.by_seconds, passed);
        self.ahead = None;
        self.mark
    }

    /// The time that is known now, and what is noted of it for the process that comes after this one.
    pub(crate) fn note(&mut self, clock: &Clock) -> NotedTime {
        let (latest, passed) = (self.now(clock), clock.passed_millis());
        let (ahead_by, ahead_millis) =
            self.ahead.map_or((0, 0), |ahead| (ahead.by_seconds, ahead.millis(passed)));
        NotedTime { latest, ahead_by, ahead_millis }
    }

    /// By how many seconds the clock is ahead of what is known; behind it where that is negative.
    pub(crate) fn ahead_seconds(&self, clock: &Clock) -> i64 {
        Timestamp(clock.now()) - self.reckoned(clock.passed_millis())
    }

    /// The mark with the time that has passed since.
    fn reckoned(&self, passed_millis: i64) -> Timestamp {
        self.mark + (passed_millis - self.marked_at_millis) / 1_000
    }

    /// How the clock stands, where that has changed since it was asked last.
    pub(crate) fn changed(&mut self, clock: &Clock) -> Option<ClockStands> {
        let difference = self.ahead_seconds(clock);
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

impl Ahead {
    fn millis(self, passed_millis: i64) -> i64 {
        self.before_millis.saturating_add(passed_millis - self.since_millis)
    }
}

impl ClockStands {
    /// Tells the operator.
    pub(crate) fn report(self) {
        match self {
            Self::Right => tracing::info!("the clock is right again"),
            Self::Ahead(seconds) => tracing::warn!(
                seconds,
                "the clock has been set forward, or the server was off: nothing is removed by the new time until it has run for a day"
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

    fn noted(latest: i64) -> Option<NotedTime> {
        Some(NotedTime { latest: Timestamp(latest), ahead_by: 0, ahead_millis: 0 })
    }

    #[test]
    fn k_15_f_20_a_clock_that_jumps_ahead_for_a_while_moves_nothing() {
        let clock = Clock::manual(START);
        let mut known = KnownTime::new(noted(START), &clock);
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
        let mut known = KnownTime::new(noted(START), &clock);
        clock.set_by(-24 * HOUR);
        assert_eq!(known.now(&clock), Timestamp(START - 24 * HOUR));
        assert_eq!(known.changed(&clock), Some(ClockStands::Behind(24 * HOUR)));
        clock.set_by(24 * HOUR);
        assert_eq!(known.now(&clock), Timestamp(START));
    }

    #[test]
    fn k_15_a_clock_that_stays_ahead_for_a_day_is_believed() {
        let clock = Clock::manual(START);
        let mut known = KnownTime::new(noted(START - 50 * HOUR), &clock);
        assert_eq!(known.now(&clock), Timestamp(START - 50 * HOUR), "the server was off for two days");
        clock.advance(24 * HOUR - 1);
        assert_eq!(known.now(&clock), Timestamp(START - 26 * HOUR - 1));
        clock.advance(1);
        assert_eq!(known.now(&clock), Timestamp(START + 24 * HOUR));
        assert_eq!(KnownTime::new(None, &clock).now(&clock), Timestamp(START + 24 * HOUR), "a new database");
    }

    /// What a server has noted that was stopped for five minutes so many times, and ran for so many hours after each.
    fn restarted(clock: &Clock, hours: i64, times: i64) -> NotedTime {
        let mut note = KnownTime::new(noted(START), clock).note(clock);
        for _ in 0..times {
            clock.set_by(300);
            let mut known = KnownTime::new(Some(note), clock);
            for _ in 0..2 * hours {
                clock.advance(HOUR / 2);
                note = known.note(clock);
            }
        }
        note
    }

    #[test]
    fn k_15_the_day_goes_on_where_a_restart_cut_it_off() {
        for (hours, times) in [(23, 10), (5, 40), (1, 200)] {
            let clock = Clock::manual(START);
            let behind = Timestamp(clock.now()) - restarted(&clock, hours, times).latest;
            // No more than the stops of two days.
            assert!(behind <= 300 * (48 / hours + 2), "{hours} {times}: {behind}");
        }
    }

    #[test]
    fn k_15_a_jump_is_not_believed_by_the_day_of_an_earlier_one_nor_after_a_break() {
        let clock = Clock::manual(START);
        let before =
            NotedTime { latest: Timestamp(START - 60), ahead_by: 60, ahead_millis: 23 * HOUR * 1_000 };
        let mut known = KnownTime::new(Some(before), &clock);
        clock.set_by(9_000);
        clock.advance(HOUR);
        assert_eq!(known.now(&clock), Timestamp(START + HOUR), "the minute, and nothing of the jump");
        let note = known.note(&clock);
        assert_eq!((note.ahead_by, note.ahead_millis), (9_000, 0));
        let mut known = KnownTime::new(Some(before), &clock);
        clock.set_by(-9_060 - HOUR);
        let _ = known.now(&clock);
        clock.set_by(9_000);
        clock.advance(2 * HOUR);
        assert!(known.now(&clock) <= Timestamp(START + 2 * HOUR), "it was right in between");
    }

    proptest::proptest! {
        #[test]
        fn k_15_it_never_runs_ahead_of_the_clock_nor_of_the_time_that_passed(
            steps in proptest::collection::vec((0_i64..40_000, -200_000_i64..200_000), 1..40),
        ) {
            let clock = Clock::manual(START);
            let mut known = KnownTime::new(noted(START), &clock);
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
