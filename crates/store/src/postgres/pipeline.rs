//! The shared connections: what is asked over one of them goes out at once, and the answers come in the same order, so that
//! those who ask at the same time share round trips.

use std::sync::{Arc, Mutex, PoisonError};

use super::connection::{Isolation, Session};
use super::connector::Connector;
use super::severity::Failure;
use crate::fault::Fault;

/// A few connections, of which no more are used than there are calls for.
pub(super) struct Pipeline {
    connector: Arc<Connector>,
    shared: Shared,
    places: Box<[Place]>,
}

/// How connections are shared.
#[derive(Clone, Copy)]
pub(super) struct Shared {
    /// What a statement sees here.
    pub(super) isolation: Isolation,
    /// How many connections there are at most.
    pub(super) connections: usize,
    /// So many calls wait on a connection before the next one is used as well. The fewer connections, the more answers come with one
    /// look at a socket. What is written over one of them is made durable one after another, and what is written over several at once.
    pub(super) calls: usize,
}

#[derive(Default)]
struct Place {
    session: Mutex<Option<Arc<Session>>>,
    /// Held by the one who connects; the others wait for what comes of it.
    connecting: tokio::sync::Mutex<()>,
}

impl Pipeline {
    pub(super) fn new(connector: Arc<Connector>, shared: Shared) -> Self {
        let places = (0..shared.connections.max(1)).map(|_| Place::default()).collect();
        Self { connector, shared, places }
    }

    /// A connection that is there, or a new one in a place without.
    pub(super) async fn session(&self) -> Result<Arc<Session>, Failure> {
        // There is at least one place, and so there is this one.
        let Some(place) = self.place() else { return Err(Failure::unreachable(Fault::Closed)) };
        // The server may let in no more than there are: those go on.
        self.session_of(place).await.or_else(|failure| self.fewest_calls().ok_or(failure))
    }

    async fn session_of(&self, place: &Place) -> Result<Arc<Session>, Failure> {
        if let Some(session) = place.usable() {
            return Ok(session);
        }
        let connecting = place.connecting.try_lock().ok();
        if connecting.is_none()
            && let Some(session) = self.fewest_calls()
        {
            // One waits for the further connection, which may never be had; the others go on with those that are there.
            return Ok(session);
        }
        let _connecting = match connecting {
            Some(connecting) => connecting,
            None => place.connecting.lock().await,
        };
        if let Some(session) = place.usable() {
            return Ok(session);
        }
        let session = Arc::new(self.connector.connect_as(self.shared.isolation).await?);
        place.set(Some(Arc::clone(&session)));
        Ok(session)
    }

    /// Gives up a connection beyond the first, when the last call over it has its answer. `false` if there is none.
    pub(super) fn give_one_up(&self) -> bool {
        let further = self.places.get(1..).unwrap_or_default();
        further.iter().rev().any(|place| place.set(None).is_some())
    }

    /// The first place that has room, or the one with the fewest calls.
    fn place(&self) -> Option<&Place> {
        let mut fewest = None;
        for place in &self.places {
            let calls = place.calls();
            if calls < self.shared.calls {
                return Some(place);
            }
            if fewest.is_none_or(|(least, _)| calls < least) {
                fewest = Some((calls, place));
            }
        }
        fewest.map(|(_, place)| place)
    }

    /// The connection with the fewest calls, of those that are there.
    fn fewest_calls(&self) -> Option<Arc<Session>> {
        self.places.iter().filter_map(Place::usable).min_by_key(Arc::strong_count)
    }

    /// Whether one of the connections has room.
    pub(super) fn has_room(&self) -> bool {
        self.places.iter().any(|place| place.calls() < self.shared.calls)
    }

    /// Gives up every connection. What is under way over one is lost.
    pub(super) fn clear(&self) {
        for place in &self.places {
            if let Some(session) = place.set(None) {
                session.retire();
            }
        }
    }
}

impl Place {
    /// Calls that wait for an answer here: each holds the session for so long.
    fn calls(&self) -> usize {
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        session.as_ref().map_or(0, |session| Arc::strong_count(session) - 1)
    }

    fn usable(&self) -> Option<Arc<Session>> {
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        session.as_ref().filter(|session| session.is_usable()).map(Arc::clone)
    }

    fn set(&self, session: Option<Arc<Session>>) -> Option<Arc<Session>> {
        std::mem::replace(&mut *self.session.lock().unwrap_or_else(PoisonError::into_inner), session)
    }
}
