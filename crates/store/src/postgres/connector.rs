//! Where connections come from: the hosts in turn, and a rest after all of them have failed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::admission::refuse_side_of_copy;
use super::connection::{Isolation, NO_ANSWER, Session, no_answer};
use super::severity::{Failure, Stage};
use super::url::{Host, Target};
use crate::fault::Fault;
use crate::options::{ConnectOptions, Purpose};

/// The first rest; it doubles with each failure.
const REST: Duration = Duration::from_millis(50);
/// The longest: a database that comes back is in use within two seconds.
const REST_MAX: Duration = Duration::from_secs(1);
/// How often a rest doubles at most.
const DOUBLINGS_MAX: u32 = 5;

/// Opens connections.
pub(super) struct Connector {
    target: Target,
    options: ConnectOptions,
    state: Mutex<State>,
    closed: AtomicBool,
    /// Whether each connection looks whether the database still serves.
    serves: AtomicBool,
}

#[derive(Default)]
struct State {
    /// The host that answered last: it is tried first.
    first: usize,
    failures: u32,
    /// Until when no attempt is made, and what is told meanwhile.
    rest: Option<(Instant, Fault)>,
}

impl Connector {
    pub(super) fn new(target: Target, options: ConnectOptions) -> Self {
        Self {
            target,
            options,
            state: Mutex::default(),
            closed: AtomicBool::new(false),
            serves: AtomicBool::new(false),
        }
    }

    /// The same, in which a statement that is its own transaction sees this. Others wait for it: it has no more time than a connection.
    pub(super) async fn connect_as(&self, isolation: Isolation) -> Result<Session, Failure> {
        let mut session = self.connect().await.map_err(Failure::unreachable)?;
        match timeout(self.options.connect_timeout, session.isolate(isolation)).await {
            Ok(isolated) => isolated.map(|()| session),
            Err(_) => Err(Failure::lost(Stage::Open, NO_ANSWER)),
        }
    }

    /// A connection to the first host that takes writes. Shortly after all have failed it fails at once.
    pub(super) async fn connect(&self) -> Result<Session, Fault> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Fault::Closed);
        }
        let first = self.with(|state| match &state.rest {
            Some((until, fault)) if Instant::now() < *until => Err(fault.clone()),
            _ => Ok(state.first),
        })?;
        let mut last = Fault::Closed;
        let count = self.target.hosts.len();
        for (at, host) in self.target.hosts.iter().enumerate().cycle().skip(first).take(count) {
            match self.open(host).await {
                Ok(session) => {
                    self.with(|state| *state = State { first: at, ..State::default() });
                    return Ok(session);
                }
                Err(fault) => last = fault,
            }
        }
        tracing::warn!(fault = %last, "no connection to the database");
        self.with(|state| {
            let rest = REST.saturating_mul(1 << state.failures.min(DOUBLINGS_MAX)).min(REST_MAX);
            state.failures = state.failures.saturating_add(1);
            state.rest = Some((Instant::now() + rest, last.clone()));
        });
        Err(last)
    }

    /// A session of this host. A database that was copied elsewhere takes no writes of a node that was cut off meanwhile.
    async fn open(&self, host: &Host) -> Result<Session, Fault> {
        let session = Session::open(host, &self.options).await?;
        if self.serves.load(Ordering::Acquire) {
            // Others wait for this connection: a link that goes silent here must not hold them up.
            let looked = timeout(self.options.connect_timeout, refuse_side_of_copy(&session)).await;
            looked.unwrap_or_else(|_| Err(no_answer(host)))?;
        }
        Ok(session)
    }

    /// The database was admitted for this purpose.
    pub(super) fn admitted_for(&self, purpose: Purpose) {
        self.serves.store(purpose == Purpose::Serve, Ordering::Release);
    }

    /// From now on nothing is opened any more.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
