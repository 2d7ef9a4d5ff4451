//! The bytes that requests hold, in all and for each address: one number, whatever the number of connections, streams and
//! bodies. Each of those has a limit of its own, and their product would be gigabytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that all requests in flight may hold: heads, bodies, answers, and heads that are not complete yet, beyond what each
/// connection has for itself.
pub(crate) const BYTES_IN_FLIGHT_MAX: usize = 32 * 1024 * 1024;
/// An address may hold this part of what is free, at most.
pub(crate) const ADDRESS_PART: usize = 16;
/// Bytes that the requests of one connection may hold together. A single one may always be as large as a request may be.
pub(crate) const CONNECTION_BYTES_MAX: usize = 64 * 1024;
/// Bytes that may come on a connection before a request begins: a head and a body as large as they may be, at once.
pub(crate) const PARKED_BYTES_MAX: usize = 96 * 1024;
/// Of all these, what a connection always has for itself, whatever others hold: an honest request is no larger. How many connections
/// there are is bounded, and who has them.
pub(crate) const CONNECTION_OWN_BYTES: usize = 12 * 1024;

/// What all listeners of a process share.
#[derive(Debug, Default)]
pub struct Budget {
    held: AtomicUsize,
}

/// What the connections of one address hold.
#[derive(Debug, Default)]
pub(super) struct AddressBytes(AtomicUsize);

/// Who pays for a connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Account(Arc<Accounts>);

#[derive(Debug, Default)]
struct Accounts {
    budget: Arc<Budget>,
    /// `None` for a trusted proxy, which speaks for many.
    address: Option<Arc<AddressBytes>>,
    connection: AtomicUsize,
}

/// Bytes that are held until it is dropped.
#[derive(Debug)]
pub(super) struct Charge {
    account: Account,
    bytes: usize,
}

impl Budget {
    /// Bytes that are held now, beyond what each connection has for itself.
    pub fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// One of which others hold everything.
    #[cfg(test)]
    pub(crate) fn exhausted() -> Self {
        Self { held: AtomicUsize::new(BYTES_IN_FLIGHT_MAX) }
    }
}

impl Account {
    /// An account of a connection; `address` is absent for a trusted proxy.
    pub(super) fn new(budget: Arc<Budget>, address: Option<Arc<AddressBytes>>) -> Self {
        Self(Arc::new(Accounts { budget, address, connection: AtomicUsize::new(0) }))
    }

    pub(super) fn is_exempt(&self) -> bool {
        self.0.address.is_none()
    }

    /// Takes bytes before it is clear what they are, and says whether so many may be held.
    pub(super) fn park(&self, bytes: usize) -> bool {
        self.count(bytes, PARKED_BYTES_MAX)
    }

    /// Takes bytes, if they may be held.
    pub(super) fn take(&self, bytes: usize) -> Option<Charge> {
        let is_single = self.0.connection.load(Ordering::Relaxed) == 0;
        let connection_max = if is_single || self.is_exempt() { usize::MAX } else { CONNECTION_BYTES_MAX };
        let fits = self.count(bytes, connection_max);
        // Where it does not fit, this gives it back.
        let charge = Charge { account: self.clone(), bytes };
        fits.then_some(charge)
    }

    /// Counts bytes, and says whether they may be held. It counts first and looks then, so that two at once cannot both take
    /// the last bytes: what may not be held is to be given back.
    fn count(&self, bytes: usize, connection_max: usize) -> bool {
        let Accounts { budget, address, connection } = &*self.0;
        let before = connection.fetch_add(bytes, Ordering::Relaxed);
        let shared = beyond_own(before + bytes) - beyond_own(before);
        let fits_connection = before + bytes <= connection_max;
        if shared == 0 {
            return fits_connection;
        }
        let free = BYTES_IN_FLIGHT_MAX.saturating_sub(budget.held.fetch_add(shared, Ordering::Relaxed));
        match address {
            None => shared <= free && fits_connection,
            Some(address) => {
                let of_address = address.0.fetch_add(shared, Ordering::Relaxed) + shared;
                of_address <= free / ADDRESS_PART && fits_connection
            }
        }
    }

    /// Whether so many bytes more are beyond what the connection, or the address where no other holds anything, may hold.
    pub(super) fn is_over_own(&self, bytes: usize) -> bool {
        let Accounts { address, connection, .. } = &*self.0;
        let held = connection.load(Ordering::Relaxed);
        let of_address = address.as_ref().map_or(0, |address| address.0.load(Ordering::Relaxed) + bytes);
        (held > 0 && held + bytes > CONNECTION_BYTES_MAX) || of_address > BYTES_IN_FLIGHT_MAX / ADDRESS_PART
    }

    pub(super) fn give_back(&self, bytes: usize) {
        let Accounts { budget, address, connection } = &*self.0;
        let before = connection.fetch_sub(bytes, Ordering::Relaxed);
        let shared = beyond_own(before) - beyond_own(before.saturating_sub(bytes));
        if shared == 0 {
            return;
        }
        budget.held.fetch_sub(shared, Ordering::Relaxed);
        if let Some(address) = address {
            address.0.fetch_sub(shared, Ordering::Relaxed);
        }
    }
}

/// What a connection that holds so many bytes takes of the budget.
const fn beyond_own(held: usize) -> usize {
    held.saturating_sub(CONNECTION_OWN_BYTES)
}

impl Charge {
    /// Counts what is held already, whether or not it may be: what comes next is judged by it.
    pub(super) fn add(&mut self, bytes: usize) {
        let _fits = self.account.count(bytes, usize::MAX);
        self.bytes += bytes;
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.account.give_back(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: usize = 1024;

    fn account(budget: &Arc<Budget>, address: &Arc<AddressBytes>) -> Account {
        Account::new(Arc::clone(budget), Some(Arc::clone(address)))
    }

    #[test]
    fn k_02_one_connection_holds_one_request_of_any_size_or_several_small_ones() {
        let (budget, address) = (Arc::default(), Arc::default());
        let connection = account(&budget, &address);
        let large = connection.take(2 * CONNECTION_BYTES_MAX).unwrap();
        assert!(connection.take(1).is_none());
        drop(large);
        let small: Vec<_> = (0..100).filter_map(|_| connection.take(2 * KIB)).collect();
        assert_eq!(small.len(), CONNECTION_BYTES_MAX / (2 * KIB));
        drop(small);
        assert_eq!((budget.held(), address.0.load(Ordering::Relaxed)), (0, 0), "it goes back");
    }

    #[test]
    fn k_02_whatever_addresses_hold_one_that_holds_nothing_may_hold_something() {
        for addresses in [1, 30, 1_000, 10_000] {
            let budget = Arc::default();
            let hold_all_they_can = |_| {
                let address = Arc::default();
                let connections = (0..100).map_while(|_| account(&budget, &address).take(64 * KIB));
                let large: Vec<_> = connections.collect();
                let small: Vec<_> =
                    (0..100).map_while(|_| account(&budget, &address).take(13 * KIB)).collect();
                (large, small)
            };
            let held: Vec<_> = (0..addresses).map(hold_all_they_can).collect();
            assert!(budget.held() <= BYTES_IN_FLIGHT_MAX, "{addresses}: {}", budget.held());
            let newcomer = account(&budget, &Arc::default());
            let own: Vec<_> = (0..4).map_while(|_| newcomer.take(CONNECTION_OWN_BYTES / 4)).collect();
            assert_eq!(own.len(), 4, "{addresses}");
            drop((held, own));
            assert_eq!(budget.held(), 0);
        }
    }

    #[test]
    fn k_02_a_trusted_proxy_is_bound_by_the_whole_alone() {
        let budget = Arc::default();
        let proxy = Account::new(Arc::clone(&budget), None);
        let held: Vec<_> = (0..1_000).map_while(|_| proxy.take(64 * KIB)).collect();
        assert_eq!(held.len(), (BYTES_IN_FLIGHT_MAX + CONNECTION_OWN_BYTES) / (64 * KIB));
    }

    #[test]
    fn k_02_answers_that_nobody_takes_keep_further_requests_out() {
        let connection = account(&Arc::default(), &Arc::default());
        let mut first = connection.take(KIB).unwrap();
        first.add(CONNECTION_BYTES_MAX);
        assert!(connection.take(KIB).is_none());
    }
}
