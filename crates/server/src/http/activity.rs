//! What goes on on one connection: its requests, and the bytes that they hold.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::budget::{Account, Charge};
use super::pace::Standing;

/// The state of a connection. Requests, the accept loop and the connection itself look at it.
#[derive(Debug)]
pub(super) struct Activity {
    opened_at: Instant,
    begun: AtomicU64,
    in_flight: AtomicUsize,
    /// Requests that this server works on. The others wait for their peer: for the rest of a body, or to take an answer.
    working: AtomicUsize,
    /// When the latest request began, in milliseconds since the connection was opened.
    latest_at: AtomicU64,
    /// When a request began or ended last, in the same way.
    moved_at: AtomicU64,
    account: Account,
    pub(super) standing: Standing,
    /// Bytes that have come and are no request yet.
    parked: AtomicUsize,
    shed: CancellationToken,
    is_shed: AtomicBool,
    /// Where the pool keeps it, see [`super::pool`].
    pub(super) slots: [AtomicUsize; 2],
}

/// The requests of a connection: how many have begun, and how many of them have no answer yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) begun: u64,
    pub(super) in_flight: usize,
}

/// How readily a connection is shed: the least first. It belongs to a trusted proxy; it has had a request; its latest
/// request began at this instant.
pub(super) type Worth = (bool, bool, Instant);

/// A request whose response is not yet written.
pub(super) struct InFlight {
    activity: Arc<Activity>,
    charge: Charge,
    is_working: bool,
}

/// A request that waits for its peer.
pub(super) struct Waiting(Arc<Activity>);

impl Activity {
    pub(super) fn new(account: Account, standing: Standing) -> Self {
        Self {
            opened_at: Instant::now(),
            begun: AtomicU64::new(0),
            in_flight: AtomicUsize::new(0),
            working: AtomicUsize::new(0),
            latest_at: AtomicU64::new(0),
            moved_at: AtomicU64::new(0),
            account,
            standing,
            parked: AtomicUsize::new(0),
            shed: CancellationToken::new(),
            is_shed: AtomicBool::new(false),
            slots: Default::default(),
        }
    }

    /// Begins a request that may hold so many bytes. `None` if that is more than may be held.
    pub(super) fn begin(self: &Arc<Self>, bytes: usize, at: Instant) -> Option<InFlight> {
        // What came is a request, whether or not there is room for it: the peer has spoken in time.
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.latest_at.store(self.moved(at), Ordering::Relaxed);
        // What lay there was the beginning of this request, which is charged whole.
        self.account.give_back(self.parked.swap(0, Ordering::Relaxed));
        let charge = self.account.take(bytes)?;
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        self.working.fetch_add(1, Ordering::Relaxed);
        Some(InFlight { activity: Arc::clone(self), charge, is_working: true })
    }

    /// Notes that a request begins or ends, and returns when, in milliseconds since the connection was opened.
    fn moved(&self, at: Instant) -> u64 {
        let millis = at.saturating_duration_since(self.opened_at).as_millis();
        let millis = u64::try_from(millis).unwrap_or(u64::MAX);
        self.moved_at.fetch_max(millis, Ordering::Relaxed);
        millis
    }

    /// How much longer the connection may stay if nothing moves on it: `None` once no request has begun or ended for `idle`. Where
    /// answers may be endless, it stays for as long as one is under way.
    pub(super) fn may_stay(&self, idle: Duration, endless_answers: bool, now: Instant) -> Option<Duration> {
        if endless_answers && self.now().in_flight > 0 {
            return Some(idle);
        }
        let moved_at = self.opened_at + Duration::from_millis(self.moved_at.load(Ordering::Relaxed));
        let left = idle.saturating_sub(now.saturating_duration_since(moved_at));
        (!left.is_zero()).then_some(left)
    }

    /// The counts as they stand.
    pub(super) fn now(&self) -> Counts {
        Counts {
            begun: self.begun.load(Ordering::Relaxed),
            in_flight: self.in_flight.load(Ordering::Relaxed),
        }
    }

    /// Keeps bytes of a request that has not begun yet. `false` if that is more than may be held.
    pub(super) fn park(&self, bytes: usize) -> bool {
        let fits = self.account.park(bytes);
        self.parked.fetch_add(bytes, Ordering::Relaxed);
        fits
    }

    /// A request of this connection waits for its peer, until the value is dropped.
    pub(super) fn wait(self: &Arc<Self>) -> Waiting {
        self.working.fetch_sub(1, Ordering::Relaxed);
        Waiting(Arc::clone(self))
    }

    /// What the connection is worth when one must go. `None` if it must not: this server works for it, or it goes already.
    pub(super) fn worth(&self) -> Option<Worth> {
        if self.working.load(Ordering::Relaxed) > 0 || self.is_shed.load(Ordering::Relaxed) {
            return None;
        }
        let latest_at = Duration::from_millis(self.latest_at.load(Ordering::Relaxed));
        Some((self.account.is_exempt(), self.now().begun > 0, self.opened_at + latest_at))
    }

    /// Ends the connection, for another needs its place.
    pub(super) fn shed(&self) {
        self.is_shed.store(true, Ordering::Relaxed);
        self.shed.cancel();
    }

    /// Whether it is this peer that holds too much for a request of so many bytes, and not all peers together.
    pub(super) fn holds_too_much(&self, bytes: usize) -> bool {
        self.account.is_over_own(bytes)
    }

    pub(super) fn is_shed(&self) -> bool {
        self.is_shed.load(Ordering::Relaxed)
    }

    /// Waits until the connection is shed.
    pub(super) async fn until_shed(&self) {
        self.shed.cancelled().await;
    }
}

impl Drop for Activity {
    fn drop(&mut self) {
        self.account.give_back(self.parked.swap(0, Ordering::Relaxed));
    }
}

impl InFlight {
    /// The answer is made, and holds so many bytes until the peer has taken it.
    pub(super) fn answer(&mut self, bytes: usize) {
        self.charge.add(bytes);
        self.rest();
    }

    fn rest(&mut self) {
        if std::mem::take(&mut self.is_working) {
            self.activity.working.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.rest();
        self.activity.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.activity.moved(Instant::now());
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.working.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE: Duration = Duration::from_secs(60);

    #[test]
    fn k_03_a_connection_is_idle_so_long_after_its_last_request_and_no_longer() {
        let activity = Arc::new(Activity::new(Account::default(), Standing::new(Arc::default(), None)));
        let at = |seconds| activity.opened_at + Duration::from_secs(seconds);
        let left =
            |seconds, endless| activity.may_stay(IDLE, endless, at(seconds)).map(|left| left.as_secs());
        assert_eq!((left(0, false), left(59, false), left(60, false)), (Some(60), Some(1), None));
        // One second after the connection was opened a request begins: its time counts from there, whenever one looks.
        let one = activity.begin(0, at(1)).unwrap();
        assert_eq!((left(60, false), left(61, false)), (Some(1), None));
        assert_eq!((left(61, true), left(3_600, true)), (Some(60), Some(60)), "an answer may be endless");
        let other = activity.begin(0, at(100)).unwrap();
        drop((one, other));
        assert_eq!((left(159, false), left(160, false), left(160, true)), (Some(1), None, None));
    }

    #[test]
    fn k_03_the_end_of_a_request_counts_as_its_beginning_does() {
        let begun_at = Instant::now();
        let activity = Arc::new(Activity::new(Account::default(), Standing::new(Arc::default(), None)));
        let request = activity.begin(0, begun_at).unwrap();
        while begun_at.elapsed() < Duration::from_millis(20) {}
        drop(request);
        assert!(activity.moved_at.load(Ordering::Relaxed) >= 10, "it ended 20 ms after it began");
    }
}
