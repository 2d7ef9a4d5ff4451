//! Instants as the wire writes them: whole seconds since 1970-01-01T00:00:00Z.

use std::ops::{Add, Sub};

use serde::{Deserialize, Serialize};

/// A NumericDate without its fraction (RFC 7519 §2). Arithmetic saturates, so no input can make it overflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Whole seconds since the epoch.
    pub const fn seconds(self) -> i64 {
        self.0
    }
}

/// Moves an instant by a number of seconds.
impl Add<i64> for Timestamp {
    type Output = Self;

    fn add(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }
}

/// Seconds from the second instant to the first; negative when it lies ahead.
impl Sub for Timestamp {
    type Output = i64;

    fn sub(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}
