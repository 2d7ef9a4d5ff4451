//! Connections for one user at a time: transactions, and reads of many rows, which would hold up those behind them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use super::connection::Session;
use super::connector::Connector;
use super::severity::{Failure, Severity};
use crate::fault::Fault;

/// How long one waits for its turn.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// So many connections at most.
pub(super) struct Pool {
    connector: Arc<Connector>,
    idle: Mutex<Vec<Session>>,
    places: Semaphore,
    count: usize,
}

/// A connection that is in use. Unless it is given back it ends, with all that is open in it.
pub(super) struct Lease<'p> {
    pool: &'p Pool,
    pub(super) session: Session,
    _place: SemaphorePermit<'p>,
}

impl Pool {
    pub(super) fn new(connector: Arc<Connector>, count: usize) -> Self {
        let count = count.max(1);
        Self { connector, idle: Mutex::default(), places: Semaphore::new(count), count }
    }

    /// Whether at least half of the connections are in no use.
    pub(super) fn is_half_free(&self) -> bool {
        self.places.available_permits() * 2 >= self.count
    }

    /// A connection, when it is our turn.
    pub(super) async fn lease(&self) -> Result<Lease<'_>, Failure> {
        let none = |fault| Failure { fault, severity: Severity::Statement };
        let waited = timeout(WAIT_MAX, self.places.acquire()).await.map_err(|_| none(Fault::Busy))?;
        let place = waited.map_err(|_| none(Fault::Closed))?;
        let session = match self.take() {
            Some(session) => session,
            None => self.connector.connect().await.map_err(Failure::unreachable)?,
        };
        Ok(Lease { pool: self, session, _place: place })
    }

    fn take(&self) -> Option<Session> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(session) = idle.pop() {
            if session.is_usable() {
                return Some(session);
            }
        }
        None
    }

    /// Gives up the connections that are not in use.
    pub(super) fn clear(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Lease<'_> {
    /// For the next one. Nothing may be open in it.
    pub(super) fn give_back(self) {
        if self.session.is_usable() {
            self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner).push(self.session);
        }
    }
}
