//! How many lines a second strangers may cause.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use prometheus_client::metrics::counter::Counter;

const SECOND: Duration = Duration::from_secs(1);

/// A ceiling on lines about requests that were refused: each request of a flood would write one.
#[derive(Debug)]
pub(crate) struct Ceiling {
    per_second: u32,
    second: Mutex<Second>,
    withheld: Counter,
}

#[derive(Debug, Default)]
struct Second {
    began: Option<Instant>,
    lines: u32,
    withheld: u64,
}

impl Ceiling {
    /// `withheld` counts what was not logged.
    pub(crate) fn new(per_second: u32, withheld: Counter) -> Self {
        Self { per_second, second: Mutex::default(), withheld }
    }

    /// Whether one more line may be written at this instant; with the first line of a second, how many of the seconds before
    /// were not written.
    pub(crate) fn admits(&self, at: Instant) -> Option<u64> {
        // A panic while the lock was held leaves three numbers, each of them good.
        let mut second = self.second.lock().unwrap_or_else(PoisonError::into_inner);
        let mut withheld = 0;
        if second.began.is_none_or(|began| at.saturating_duration_since(began) >= SECOND) {
            withheld = second.withheld;
            *second = Second { began: Some(at), lines: 0, withheld: 0 };
        }
        if second.lines < self.per_second {
            second.lines += 1;
            return Some(withheld);
        }
        second.withheld += 1;
        self.withheld.inc();
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k_01_so_many_lines_a_second_and_then_how_many_were_not_written() {
        let (withheld, start) = (Counter::default(), Instant::now());
        let ceiling = Ceiling::new(3, withheld.clone());
        let admitted = (0..10).filter(|_| ceiling.admits(start).is_some()).count();
        assert_eq!((admitted, withheld.get()), (3, 7));
        assert_eq!(ceiling.admits(start + SECOND), Some(7));
        assert_eq!(ceiling.admits(start + SECOND), Some(0));
        assert_eq!(ceiling.admits(start), Some(0), "a request that came earlier counts in this second");
        assert_eq!(ceiling.admits(start + SECOND), None);
    }
}
