//! Who may look a client up when: one request at a time for each id, few from one address, few in all.
//!
//! An unknown id costs a read, and nothing to make up. The limits keep a flood of them from the store, and from the turns
//! of other addresses. A request that waits for another's look-up of an id holds no place, so that one slow look-up takes
//! nothing from other ids. How many wait is bounded by what the listener lets in, and how long by its caller.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use proofkey_protocol::ClientId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit, watch};

use crate::limit::AddressKey;

/// Most look-ups at once.
pub(super) const LOOK_UPS_MAX: usize = 32;
/// Most look-ups at once for one address.
pub(super) const LOOK_UPS_PER_ADDRESS_MAX: usize = 2;

/// The look-ups under way.
#[derive(Debug)]
pub(super) struct LookUps {
    places: Semaphore,
    under_way: Mutex<UnderWay>,
}

#[derive(Debug, Default)]
struct UnderWay {
    /// The ids being looked up, each with what ends when its look-up does.
    ids: HashMap<ClientId, watch::Receiver<()>>,
    /// The addresses of requests that look up or wait for a place.
    addresses: HashMap<AddressKey, OfAddress>,
}

#[derive(Debug)]
struct OfAddress {
    places: Arc<Semaphore>,
    requests: usize,
}

/// What a request is told when its turn has come.
pub(super) enum Turn<'a, T> {
    /// Another request has found it.
    Found(T),
    /// This request looks it up; others may when this is dropped.
    Ours(LookUp<'a>),
}

/// The right to look one id up. A request that is cancelled gives it back like any other.
pub(super) struct LookUp<'a> {
    // Dropped in this order: a request that gets the place can use it, and the address is forgotten last.
    _id: IdUnderWay<'a>,
    _place: Option<SemaphorePermit<'a>>,
    _place_of_address: Option<OwnedSemaphorePermit>,
    _address: RequestOfAddress<'a>,
}

impl Default for LookUps {
    fn default() -> Self {
        Self { places: Semaphore::new(LOOK_UPS_MAX), under_way: Mutex::default() }
    }
}

impl LookUps {
    /// Waits until `found` tells something, or until no other request looks `id` up and places are free.
    ///
    /// A request that waited for another's look-up asks `found` and does not take over the other's answer: that may have
    /// been read before what this request is about was written.
    pub(super) async fn turn<T>(
        &self,
        id: &ClientId,
        address: AddressKey,
        found: impl Fn() -> Option<T>,
    ) -> Turn<'_, T> {
        loop {
            if let Some(found) = found() {
                return Turn::Found(found);
            }
            if let Some(mut end) = self.end_of(id) {
                // Nothing is ever sent: this returns when the sender goes.
                let _ = end.changed().await;
                continue;
            }
            let of_address = self.enter(address);
            // Neither semaphore is ever closed.
            let place_of_address = Arc::clone(&of_address.places).acquire_owned().await.ok();
            let place = self.places.acquire().await.ok();
            if let Some(begun) = self.begin(id) {
                let look_up = LookUp {
                    _id: begun,
                    _place: place,
                    _place_of_address: place_of_address,
                    _address: of_address,
                };
                return found().map_or(Turn::Ours(look_up), Turn::Found);
            }
        }
    }

    /// What ends with the look-up of an id, if one is under way.
    fn end_of(&self, id: &ClientId) -> Option<watch::Receiver<()>> {
        self.lock().ids.get(id).cloned()
    }

    /// Begins the look-up of an id, unless one is under way.
    fn begin(&self, id: &ClientId) -> Option<IdUnderWay<'_>> {
        let mut under_way = self.lock();
        if under_way.ids.contains_key(id) {
            return None;
        }
        let (ends, end) = watch::channel(());
        under_way.ids.insert(id.clone(), end);
        Some(IdUnderWay { look_ups: self, id: id.clone(), _ends: ends })
    }

    fn enter(&self, address: AddressKey) -> RequestOfAddress<'_> {
        let mut under_way = self.lock();
        let of_address = under_way.addresses.entry(address).or_insert_with(|| OfAddress {
            places: Arc::new(Semaphore::new(LOOK_UPS_PER_ADDRESS_MAX)),
            requests: 0,
        });
        of_address.requests += 1;
        RequestOfAddress { look_ups: self, address, places: Arc::clone(&of_address.places) }
    }

    /// A panic while the lock was held cannot leave an entry half written, so a poisoned lock is still good.
    fn lock(&self) -> MutexGuard<'_, UnderWay> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn is_idle(&self) -> bool {
        let under_way = self.lock();
        under_way.ids.is_empty()
            && under_way.addresses.is_empty()
            && self.places.available_permits() == LOOK_UPS_MAX
    }
}

/// An id that is being looked up.
struct IdUnderWay<'a> {
    look_ups: &'a LookUps,
    id: ClientId,
    /// Dropped after the id has left the table: those who wake up may begin.
    _ends: watch::Sender<()>,
}

impl Drop for IdUnderWay<'_> {
    fn drop(&mut self) {
        let _ended = self.look_ups.lock().ids.remove(&self.id);
    }
}

/// A request that looks up or waits for a place of its address.
struct RequestOfAddress<'a> {
    look_ups: &'a LookUps,
    address: AddressKey,
    places: Arc<Semaphore>,
}

impl Drop for RequestOfAddress<'_> {
    fn drop(&mut self) {
        let mut under_way = self.look_ups.lock();
        if let Some(of_address) = under_way.addresses.get_mut(&self.address) {
            of_address.requests -= 1;
            if of_address.requests == 0 {
                under_way.addresses.remove(&self.address);
            }
        }
    }
}
