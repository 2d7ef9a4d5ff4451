//! Connections for one user at a time: transactions, and reads of many rows, which would hold up those behind them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use super::connection::{Isolation, Session};
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

    /// A connection, when it is our turn, in which a statement that is its own transaction sees this.
    pub(super) async fn lease(&self, isolation: Isolation) -> Result<Lease<'_>, Failure> {
        let none = |fault| Failure { fault, severity: Severity::Statement };
        let waited = timeout(WAIT_MAX, self.places.acquire()).await.map_err(|_| none(Fault::Busy))?;
        let place = waited.map_err(|_| none(Fault::Closed))?;
        let mut session = match self.take(isolation) {
            Some(session) => session,
            None => self.connector.connect().await.map_err(Failure::unreachable)?,
        };
        session.isolate(isolation).await?;
        Ok(Lease { pool: self, session, _place: place })
    }

    /// One that lies idle, and that is set like this if there is such a one.
    fn take(&self, isolation: Isolation) -> Option<Session> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(Session::is_usable);
        let fitting = idle.iter().rposition(|session| session.isolation() == isolation);
        match fitting {
            Some(at) => Some(idle.swap_remove(at)),
            None => idle.pop(),
        }
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
