//! Turns at hashing: a sign-in waits for one before anything is counted or compared, and has it until it is decided.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use proofkey_oauth::Sha256;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::line::{Candidate, Line, Rank, Ticket};
use super::pool::HashTime;
use crate::metrics::PasswordMetrics;

/// Turns for each thread that hashes: while one hashes, another waits for the disk.
pub(crate) const TURNS_PER_THREAD: usize = 2;
/// Who is told to come back is told to do so within this time of the soonest at which that makes sense, the time of a wait.
pub(crate) const RETURN_WITHIN: Duration = Duration::from_secs(30);

/// No turn came in time; the caller answers 429 with `Retry-After`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are being hashed; come back in {retry_after_seconds} s")]
pub struct Busy {
    /// When to come back: after others who were told to, so that not all come at once.
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
    /// When the one comes back who was told last to, of each rank: a stranger sends none further back who goes before him.
    returns_at: [Instant; 4],
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
        let state = Mutex::new(State { line, callers: HashMap::new(), returns_at: [Instant::now(); 4] });
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
            Err(_) | Ok(Err(_)) => Err(self.refuse(candidate.rank, Instant::now())),
        }
    }

    /// The refusal, with the time after which a place is likely.
    fn refuse(&self, rank: Rank, now: Instant) -> Busy {
        self.metrics.refused.inc();
        let hash = self.hash_time.get() / u32::try_from(self.threads).unwrap_or(u32::MAX);
        let mut state = self.lock();
        let of_rank = match rank {
            Rank::First => 0,
            Rank::Second => 1,
            Rank::Third => 2,
            Rank::Fourth => 3,
        };
        let Some(last) = state.returns_at.get_mut(of_rank) else {
            return Busy { retry_after_seconds: self.wait.as_secs() };
        };
        *last = returns_at(*last, hash, now, self.wait);
        let millis = (*last - now).as_millis();
        Busy { retry_after_seconds: u64::try_from(millis.div_ceil(1_000)).unwrap_or(u64::MAX).max(1) }
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
        let hashed = self.wait.as_micros().saturating_mul(self.threads as u128)
            / self.hash_time.get().as_micros().max(1);
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

/// When the next one is told to come back, after one who was told to come at `last`: a hash later, so that as many come as are hashed. If all
/// came at once they would be as many as before, and the server would do nothing but refuse them. Where they are more than are hashed in
/// [`RETURN_WITHIN`], the next is told the soonest time again: they come spread over it.
fn returns_at(last: Instant, hash: Duration, now: Instant, wait: Duration) -> Instant {
    let soonest = now + wait;
    let next = last + hash;
    if next > soonest + RETURN_WITHIN { soonest } else { next.max(soonest) }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f_26_who_is_told_to_come_back_comes_after_others_who_were_and_within_a_bound() {
        let now = Instant::now();
        let told = |hash: u64, people: usize| {
            let next = |last: &Instant| {
                Some(returns_at(*last, Duration::from_millis(hash), now, Duration::from_secs(2)))
            };
            let told = std::iter::successors(Some(now), next).skip(1).take(people);
            told.map(|at| (at - now).as_millis()).collect::<Vec<_>>()
        };
        assert_eq!(told(30, 4), [2_000, 2_030, 2_060, 2_090]);
        assert_eq!(told(10_000, 5), [10_000, 20_000, 30_000, 2_000, 12_000], "spread over the bound");
        assert_eq!(told(60_000, 2), [2_000, 2_000], "a hash takes longer than the bound");
        assert_eq!(told(0, 2), [2_000, 2_000], "before the first hash");
    }

    #[test]
    fn f_26_each_rank_is_told_by_itself_and_by_as_many_threads_as_hash() {
        let hash_time = HashTime::default();
        hash_time.note(Duration::from_secs(4));
        let wait = Duration::from_secs(30);
        let turns = Turns::new(2, 1, wait, hash_time, PasswordMetrics::default());
        let now = Instant::now();
        let told = |rank, after| turns.refuse(rank, now + Duration::from_secs(after)).retry_after_seconds;
        assert_eq!([(); 3].map(|()| told(Rank::Fourth, 0)), [30, 32, 34]);
        assert_eq!([told(Rank::First, 0), told(Rank::First, 0)], [30, 32], "whatever strangers were told");
        assert_eq!(told(Rank::Fourth, 3), 33, "after the one who comes in 31");
        assert_eq!(told(Rank::Fourth, 3_600), 30);
    }
}
