//! What goes on on one connection: its requests, and the bytes that they hold.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use tokio_util::sync::CancellationToken;

use super::budget::{Account, Charge};

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
    account: Account,
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
    pub(super) fn new(account: Account) -> Self {
        Self {
            opened_at: Instant::now(),
            begun: AtomicU64::new(0),
            in_flight: AtomicUsize::new(0),
            working: AtomicUsize::new(0),
            latest_at: AtomicU64::new(0),
            account,
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
        let millis = at.saturating_duration_since(self.opened_at).as_millis();
        self.latest_at.store(u64::try_from(millis).unwrap_or(u64::MAX), Ordering::Relaxed);
        // What lay there was the beginning of this request, which is charged whole.
        self.account.give_back(self.parked.swap(0, Ordering::Relaxed));
        let charge = self.account.take(bytes)?;
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        self.working.fetch_add(1, Ordering::Relaxed);
        Some(InFlight { activity: Arc::clone(self), charge, is_working: true })
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
        let latest_at = std::time::Duration::from_millis(self.latest_at.load(Ordering::Relaxed));
        Some((self.account.is_exempt(), self.now().begun > 0, self.opened_at + latest_at))
    }

    /// Ends the connection, for another needs its place.
    pub(super) fn shed(&self) {
        self.is_shed.store(true, Ordering::Relaxed);
        self.shed.cancel();
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
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.working.fetch_add(1, Ordering::Relaxed);
    }
}
