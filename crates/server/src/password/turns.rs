//! Turns at hashing: a sign-in waits for one before anything is counted or compared, and has it until it is decided.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use proofkey_oauth::Sha256;
use tokio::sync::oneshot;

use super::line::{Candidate, Line, Ticket};
use super::pool::HashTime;
use crate::metrics::PasswordMetrics;

/// Turns for each thread that hashes: while one hashes, another waits for the disk.
pub(crate) const TURNS_PER_THREAD: usize = 2;

/// No turn came in time; the caller answers 429 with `Retry-After`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are being hashed; come back in {retry_after_seconds} s")]
pub struct Busy {
    /// When a place is likely to be free.
    pub retry_after_seconds: u64,
}

/// The turn of one sign-in; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    turns: Arc<Turns>,
    account: Sha256,
}

/// The turns of a server.
pub(super) struct Turns {
    state: Mutex<State>,
    threads: usize,
    waiting_max: usize,
    wait: Duration,
    hash_time: HashTime,
    metrics: PasswordMetrics,
}

struct State {
    line: Line,
    callers: HashMap<Ticket, oneshot::Sender<()>>,
}

/// A sign-in that waits. It leaves the line when its caller goes away, and gives the place back that it had just got.
struct Waiting<'a> {
    turns: &'a Arc<Turns>,
    ticket: Ticket,
    account: Sha256,
    called: oneshot::Receiver<()>,
}

impl Turns {
    /// `waiting_max` bounds the memory of those that wait; how many may is mostly said by the time that they stand for.
    pub(super) fn new(
        threads: usize,
        waiting_max: usize,
        wait: Duration,
        hash_time: HashTime,
        metrics: PasswordMetrics,
    ) -> Arc<Self> {
        let line = Line::new(threads.saturating_mul(TURNS_PER_THREAD));
        let state = Mutex::new(State { line, callers: HashMap::new() });
        Arc::new(Self { state, threads, waiting_max, wait, hash_time, metrics })
    }

    /// Waits for a turn.
    pub(super) async fn take(self: &Arc<Self>, candidate: Candidate) -> Result<Turn, Busy> {
        let (caller, called) = oneshot::channel();
        let ticket = self.join(candidate, caller);
        let mut waiting = Waiting { turns: self, ticket, account: candidate.account, called };
        match tokio::time::timeout(self.wait, &mut waiting.called).await {
            Ok(Ok(())) => Ok(Turn { turns: Arc::clone(self), account: candidate.account }),
            // Its time is over, or it gave way to another.
            Err(_) | Ok(Err(_)) => Err(self.refuse()),
        }
    }

    /// The refusal, with the time after which a place is likely.
    pub(super) fn busy(&self) -> Busy {
        Busy { retry_after_seconds: self.wait.as_secs().max(1) }
    }

    fn refuse(&self) -> Busy {
        self.metrics.refused.inc();
        self.busy()
    }

    fn join(&self, candidate: Candidate, caller: oneshot::Sender<()>) -> Ticket {
        let mut state = self.lock();
        let ticket = state.line.join(candidate);
        state.callers.insert(ticket, caller);
        state.call();
        while let Some(last) = state.line.shed(self.waiting_max()) {
            state.callers.remove(&last);
        }
        self.note(&state);
        ticket
    }

    /// How many may wait: as many as are hashed in the time that one may wait.
    fn waiting_max(&self) -> usize {
        let hashed =
            self.wait.as_micros().saturating_mul(self.threads as u128) / self.hash_time.micros().max(1);
        usize::try_from(hashed).unwrap_or(usize::MAX).clamp(1, self.waiting_max)
    }

    /// Whether at least half as many wait as may.
    pub(super) fn is_crowded(&self) -> bool {
        let waiting_max = self.waiting_max();
        self.lock().line.len() * 2 >= waiting_max
    }

    fn leave(&self, ticket: Ticket) -> bool {
        let mut state = self.lock();
        state.callers.remove(&ticket);
        let left = state.line.leave(ticket);
        self.note(&state);
        left
    }

    fn free(&self, account: &Sha256) {
        let mut state = self.lock();
        state.line.free(account);
        state.call();
        self.note(&state);
    }

    fn note(&self, state: &State) {
        self.metrics.waiting.set(i64::try_from(state.line.len()).unwrap_or(i64::MAX));
    }

    /// No code panics while it holds the lock in a half-done state.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Calls the sign-ins that may have a place. One that has gone away frees it as soon as it notices.
    fn call(&mut self) {
        while let Some(ticket) = self.line.admit() {
            if let Some(caller) = self.callers.remove(&ticket) {
                let _gone = caller.send(());
            }
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        // A call that was heard has become a turn, and the channel is empty; one that was not gives its place back.
        if !self.turns.leave(self.ticket) && self.called.try_recv().is_ok() {
            self.turns.free(&self.account);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.free(&self.account);
    }
}

impl fmt::Debug for Turns {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Turns").field("waiting_max", &self.waiting_max).finish_non_exhaustive()
    }
}
