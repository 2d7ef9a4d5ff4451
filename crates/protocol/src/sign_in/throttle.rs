//! The pause after failures of one account.

use proofkey_oauth::Timestamp;

use crate::clock::is_ahead;
use crate::facts::FailureFacts;
use crate::policy::SignInLimit;

/// How long an account takes no attempt, after too many failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    /// Seconds from now on; at least one.
    pub seconds: i64,
}

/// How an account stands with the limit on failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Throttle {
    /// A proof counts.
    Open,
    /// Answer 429 before any work.
    Wait(Pause),
    /// Do the work and refuse whatever comes of it: the account takes no password any more.
    Locked,
}

/// Judges an account's failures: a burst is free, then the pause grows by as much with each failure up to its maximum, and
/// at the hard stop no password counts (NIST SP 800-63B-4 §3.2.2). Unknown names are counted alike, so the answer tells
/// nothing.
pub(super) fn throttle(facts: FailureFacts, now: Timestamp, limit: &SignInLimit) -> Throttle {
    if facts.failures >= limit.failures_max {
        return Throttle::Locked;
    }
    let beyond = facts.failures.saturating_sub(limit.burst);
    if beyond < 0 {
        return Throttle::Open;
    }
    // A clock counted it that ran ahead. When it was is not known, so it pauses nothing; the try that it lets through is dated
    // anew when it is counted.
    if is_ahead(Timestamp(facts.last_at), now) {
        return Throttle::Open;
    }
    let pause = limit.pause_seconds.saturating_mul(beyond + 1).min(limit.pause_seconds_max);
    let left = facts.last_at.saturating_add(pause).saturating_sub(now.seconds());
    if left > 0 { Throttle::Wait(Pause { seconds: left.min(pause) }) } else { Throttle::Open }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{NOW, World};

    #[test]
    fn lg_07_failures_cost_nothing_then_time_then_the_password() {
        let policy = World::new().policy;
        let check = |failures, ago| {
            throttle(FailureFacts { failures, last_at: NOW.seconds() - ago }, NOW, &policy.sign_in)
        };
        let wait = |seconds| Throttle::Wait(Pause { seconds });
        assert_eq!(check(9, 0), Throttle::Open);
        assert_eq!(check(10, 0), wait(60));
        assert_eq!(check(10, 60), Throttle::Open);
        assert_eq!(check(12, 100), wait(80));
        assert_eq!(check(99, 0), wait(900));
        assert_eq!(check(100, 1_000_000), Throttle::Locked);
        assert_eq!(check(10, -180), wait(60), "a clock a little ahead");
    }

    #[test]
    fn k_15_lg_07_a_failure_that_a_clock_counted_ahead_pauses_nothing_and_locks_all_the_same() {
        let policy = World::new().policy;
        for ahead in [181, 5_000, 86_400, i64::MAX - NOW.seconds()] {
            let check = |failures| {
                throttle(FailureFacts { failures, last_at: NOW.seconds() + ahead }, NOW, &policy.sign_in)
            };
            assert_eq!((check(10), check(99)), (Throttle::Open, Throttle::Open), "{ahead}");
            assert_eq!(check(100), Throttle::Locked, "{ahead}");
        }
    }
}
