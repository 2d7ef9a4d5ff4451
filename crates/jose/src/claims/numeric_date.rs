//! NumericDate (RFC 7519 §2): seconds since 1970 as a JSON number.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, Visitor},
};

/// The last second of the year 9999.
const SECONDS_MAX: i64 = 253_402_300_799;

/// An instant in a token, never negative and never past the year 9999, so that arithmetic on it cannot overflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NumericDate(i64);

impl NumericDate {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub fn seconds(self) -> i64 {
        self.0
    }
}

/// From our own clock; an instant that no token can carry becomes the nearest that it can.
impl From<i64> for NumericDate {
    fn from(seconds: i64) -> Self {
        Self(seconds.clamp(0, SECONDS_MAX))
    }
}

impl Serialize for NumericDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Number)
    }
}

struct Number;

impl Visitor<'_> for Number {
    type Value = NumericDate;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of seconds from 0 to the year 9999")
    }

    fn visit_u64<E: Error>(self, seconds: u64) -> Result<NumericDate, E> {
        match i64::try_from(seconds) {
            Ok(seconds) if seconds <= SECONDS_MAX => Ok(NumericDate(seconds)),
            _ => Err(E::custom("out of range")),
        }
    }

    fn visit_f64<E: Error>(self, seconds: f64) -> Result<NumericDate, E> {
        let in_range = seconds.is_finite() && seconds >= 0.0 && seconds <= SECONDS_MAX as f64;
        if !in_range {
            return Err(E::custom("out of range"));
        }
        // Exact: the value is within ±2^53, and fractions of a second are dropped on purpose.
        Ok(NumericDate(seconds as i64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v_71_rs_06_only_sensible_numbers_are_dates() {
        let accepted = [
            ("0", 0),
            ("1700000000", 1_700_000_000),
            ("1700000000.9", 1_700_000_000),
            ("1.7e9", 1_700_000_000),
            ("253402300799", SECONDS_MAX),
        ];
        for (json, seconds) in accepted {
            assert_eq!(serde_json::from_str::<NumericDate>(json).unwrap().seconds(), seconds, "{json}");
        }
        let refused = [
            "-1",
            "-0.5",
            "253402300800",
            "18446744073709551615",
            "18446744073709551616",
            "1e308",
            "1e999",
            "-1e999",
            "NaN",
            "null",
            "[]",
            "[1700000000]",
            "{}",
            "true",
            "\"1700000000\"",
            "\"9999999999\"",
            "",
        ];
        for json in refused {
            assert!(serde_json::from_str::<NumericDate>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn dates_are_written_as_integers() {
        assert_eq!(serde_json::to_string(&NumericDate::from(17)).unwrap(), "17");
        assert_eq!(NumericDate::from(-5).seconds(), 0);
        assert_eq!(NumericDate::from(i64::MAX).seconds(), SECONDS_MAX);
    }
}
