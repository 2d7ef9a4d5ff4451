//! The arithmetic of one bucket (GCRA): a single instant per key, "paid until", in microseconds.

const MICROS_PER_MILLI: i64 = 1_000;
const MICROS_PER_SECOND: i64 = 1_000_000;

/// So many events at once, then one per interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    interval_micros: i64,
    burst_micros: i64,
}

/// When to come back (RFC 9110 §10.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryAfter {
    /// Whole seconds, at least one.
    pub seconds: u64,
}

impl Rate {
    /// `factor` makes the burst larger and the interval shorter by the same ratio.
    pub fn new(burst: u32, interval_millis: u32, factor: f64) -> Self {
        let interval = f64::from(interval_millis) * 1_000.0 / factor;
        let burst = (f64::from(burst) * factor).round().max(1.0);
        // Float casts saturate, so an absurd factor yields the largest or smallest bucket, never a wrong one.
        let interval_micros = (interval as i64).max(1);
        Self { interval_micros, burst_micros: interval_micros.saturating_mul(burst as i64) }
    }

    /// One event: the new "paid until", or the wait until it would fit.
    pub(super) fn spend(&self, paid_until: Option<i64>, now_millis: i64) -> Result<i64, RetryAfter> {
        let now = now_millis.saturating_mul(MICROS_PER_MILLI);
        let next = self.current(paid_until, now).saturating_add(self.interval_micros);
        let over = next.saturating_sub(now.saturating_add(self.burst_micros));
        if over > 0 { Err(RetryAfter::from_micros(over)) } else { Ok(next) }
    }

    /// One event that happened anyway. The debt never exceeds a full bucket, so the wait stays bounded.
    pub(super) fn charge(&self, paid_until: Option<i64>, now_millis: i64) -> i64 {
        let now = now_millis.saturating_mul(MICROS_PER_MILLI);
        let next = self.current(paid_until, now).saturating_add(self.interval_micros);
        next.min(now.saturating_add(self.burst_micros))
    }

    /// The stored instant once one event is taken back.
    pub(super) fn refund(&self, paid_until: i64, now_millis: i64) -> i64 {
        let now = now_millis.saturating_mul(MICROS_PER_MILLI);
        self.current(Some(paid_until), now).saturating_sub(self.interval_micros).max(now)
    }

    /// Whether a stored instant is still ahead.
    pub(super) fn owes(&self, paid_until: i64, now_millis: i64) -> bool {
        let now = now_millis.saturating_mul(MICROS_PER_MILLI);
        self.current(Some(paid_until), now) > now
    }

    /// The stored instant brought into the window that it can honestly have: not before now, and not further ahead
    /// than a full bucket, which only a clock that jumped back can produce.
    fn current(&self, paid_until: Option<i64>, now: i64) -> i64 {
        paid_until.unwrap_or(now).clamp(now, now.saturating_add(self.burst_micros))
    }
}

impl RetryAfter {
    fn from_micros(micros: i64) -> Self {
        let seconds =
            micros.div_euclid(MICROS_PER_SECOND) + i64::from(micros.rem_euclid(MICROS_PER_SECOND) > 0);
        Self { seconds: u64::try_from(seconds).unwrap_or(1).max(1) }
    }
}
