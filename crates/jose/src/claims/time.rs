//! The checks of the instants in a token against `now`. `leeway_seconds` forgives clocks that differ.

use super::NumericDate;

/// Which of its instants makes a token unusable now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// `exp` has passed.
    #[error("the token has expired")]
    Expired,
    /// `nbf` has not come yet.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// `iat` lies in the future.
    #[error("the token was issued in the future")]
    IssuedInFuture,
}

/// `exp` must lie in the future (RFC 7519 §4.1.4).
pub fn ensure_not_expired(exp: NumericDate, now: i64, leeway_seconds: u32) -> Result<(), TimeError> {
    if now < exp.seconds() + i64::from(leeway_seconds) { Ok(()) } else { Err(TimeError::Expired) }
}

/// `nbf` must not lie in the future (RFC 7519 §4.1.5).
pub fn ensure_not_before(nbf: NumericDate, now: i64, leeway_seconds: u32) -> Result<(), TimeError> {
    if nbf.seconds() - i64::from(leeway_seconds) <= now { Ok(()) } else { Err(TimeError::NotYetValid) }
}

/// `iat` must not lie in the future: such a token comes from a wrong clock or a forger.
pub fn ensure_issued(iat: NumericDate, now: i64, leeway_seconds: u32) -> Result<(), TimeError> {
    if iat.seconds() - i64::from(leeway_seconds) <= now { Ok(()) } else { Err(TimeError::IssuedInFuture) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rs_06_times_are_judged_with_their_leeway() {
        let at = NumericDate::from(100);
        for (now, leeway, expired, before) in [
            (99, 0, false, true),
            (100, 0, true, false),
            (101, 0, true, false),
            (40, 60, false, false),
            (39, 60, false, true),
            (159, 60, false, false),
            (160, 60, true, false),
            (i64::MAX, u32::MAX, true, false),
            (i64::MIN, 0, false, true),
        ] {
            assert_eq!(
                ensure_not_expired(at, now, leeway).is_err(),
                expired,
                "exp, now {now}, leeway {leeway}"
            );
            assert_eq!(
                ensure_not_before(at, now, leeway).is_err(),
                before,
                "nbf, now {now}, leeway {leeway}"
            );
            assert_eq!(ensure_issued(at, now, leeway).is_err(), before, "iat, now {now}, leeway {leeway}");
        }
    }
}
