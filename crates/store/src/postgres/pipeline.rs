//! The shared connections: what is asked over one of them goes out at once, and the answers come in the same order, so that
//! those who ask at the same time share round trips.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::connection::Session;
use super::connector::Connector;
use super::severity::Failure;
use crate::fault::Fault;

/// A few connections in turn.
pub(super) struct Pipeline {
    connector: Arc<Connector>,
    places: Box<[Place]>,
    next: AtomicUsize,
}

#[derive(Default)]
struct Place {
    session: Mutex<Option<Arc<Session>>>,
    /// Held by the one who connects; the others wait for what comes of it.
    connecting: tokio::sync::Mutex<()>,
}

impl Pipeline {
    pub(super) fn new(connector: Arc<Connector>, count: usize) -> Self {
        let places = (0..count.max(1)).map(|_| Place::default()).collect();
        Self { connector, places, next: AtomicUsize::new(0) }
    }

    /// A connection that is there, or a new one in the place of one that has gone.
    pub(super) async fn session(&self) -> Result<Arc<Session>, Failure> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.places.len();
        // There is at least one place, and so there is this one.
        let Some(place) = self.places.get(turn) else { return Err(Failure::unreachable(Fault::Closed)) };
        if let Some(session) = place.usable() {
            return Ok(session);
        }
        let _connecting = place.connecting.lock().await;
        if let Some(session) = place.usable() {
            return Ok(session);
        }
        let session = Arc::new(self.connector.connect().await.map_err(Failure::unreachable)?);
        place.set(Some(Arc::clone(&session)));
        Ok(session)
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
    fn usable(&self) -> Option<Arc<Session>> {
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        session.as_ref().filter(|session| session.is_usable()).map(Arc::clone)
    }

    fn set(&self, session: Option<Arc<Session>>) -> Option<Arc<Session>> {
        std::mem::replace(&mut *self.session.lock().unwrap_or_else(PoisonError::into_inner), session)
    }
}
