//! Clocks that ran ahead: what was made by one is refused, for what is remembered against it (that a code was redeemed, that a
//! token was revoked) may have been dropped by the same clock.

use proofkey_oauth::Timestamp;

/// How far ahead a thing may have been made. The clocks of two nodes may stand two minutes apart.
pub(crate) const CLOCK_AHEAD_SECONDS_MAX: i64 = 180;

/// Whether what was made at that instant was made by a clock that ran ahead.
pub(crate) fn is_ahead(made_at: Timestamp, now: Timestamp) -> bool {
    made_at - now > CLOCK_AHEAD_SECONDS_MAX
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::NOW;

    #[test]
    fn k_15_a_little_ahead_is_no_harm() {
        for (ahead, refused) in [(-1_000_000, false), (0, false), (180, false), (181, true), (9_000, true)] {
            assert_eq!(is_ahead(NOW + ahead, NOW), refused, "{ahead}");
        }
        assert!(is_ahead(Timestamp(i64::MAX), NOW) && !is_ahead(Timestamp(i64::MIN), NOW));
    }
}
