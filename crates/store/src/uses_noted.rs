//! Uses of sessions that wait to be written. One that is written by itself writes a page, and on an engine that others write to as well
//! is a statement and a commit; many at once, in the order of their ids, share those.
//!
//! Readers of this process are told of a use from the moment that it is noted.

use std::collections::HashMap;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use proofkey_oauth::Timestamp;
use proofkey_protocol::SessionId;
use proofkey_protocol::session::SessionUse;

/// How long a use of a session waits for others, to be written with them.
pub const USES_WAIT_FOR: Duration = Duration::from_secs(15);
/// So many wait at most.
pub const USES_WAITING_MAX: usize = 65_536;

/// What is noted and not yet written.
#[derive(Debug, Default)]
pub(crate) struct UsesNoted(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    /// Each session with its last use.
    gathered: HashMap<SessionId, Timestamp>,
    /// When the first of them was noted.
    since: Option<Instant>,
    /// What is being written, in the order of the ids.
    writing: Vec<SessionUse>,
}

impl UsesNoted {
    /// Notes a use. `false` where there is no room for it: it has to be written by itself.
    pub(crate) fn keep(&self, used: &SessionUse, now: Instant) -> bool {
        let mut waiting = self.waiting();
        let has_room = waiting.gathered.len() < USES_WAITING_MAX;
        match waiting.gathered.get_mut(&used.session) {
            Some(at) => *at = used.at.max(*at),
            None if has_room => {
                waiting.gathered.insert(used.session, used.at);
                waiting.since.get_or_insert(now);
            }
            None => return false,
        }
        true
    }

    /// The last use of a session, if it waits here.
    pub(crate) fn last(&self, session: SessionId) -> Option<Timestamp> {
        let waiting = self.waiting();
        let gathered = waiting.gathered.get(&session).copied();
        gathered.or_else(|| {
            let found = waiting.writing.binary_search_by_key(&session.0, |used| used.session.0).ok()?;
            waiting.writing.get(found).map(|used| used.at)
        })
    }

    /// What is to be written now, in the order of the ids: all that waits, if the first of it has waited for long enough or there is no
    /// room for as much again. It counts as waiting until [`UsesNoted::written`].
    pub(crate) fn due(&self, now: Instant) -> Vec<SessionUse> {
        let mut waiting = self.waiting();
        let is_old = waiting.since.is_some_and(|since| now.saturating_duration_since(since) >= USES_WAIT_FOR);
        if !is_old && waiting.gathered.len() * 2 < USES_WAITING_MAX {
            return Vec::new();
        }
        waiting.begin_writing()
    }

    /// All that waits.
    pub(crate) fn all(&self) -> Vec<SessionUse> {
        self.waiting().begin_writing()
    }

    /// What was given to be written is written, or lost.
    pub(crate) fn written(&self) {
        let written = mem::take(&mut self.waiting().writing);
        // Freed when none waits for it.
        drop(written);
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// With what was given before and never became written: who wrote it may have been stopped.
    fn begin_writing(&mut self) -> Vec<SessionUse> {
        self.since = None;
        let mut gathered = mem::take(&mut self.gathered);
        for left in mem::take(&mut self.writing) {
            gathered.entry(left.session).or_insert(left.at);
        }
        let mut uses: Vec<SessionUse> = gathered
            .into_iter()
            .map(|(session, at)| SessionUse { session, at, is_pressing: false })
            .collect();
        uses.sort_unstable_by_key(|used| used.session.0);
        self.writing.clone_from(&uses);
        uses
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_790_000_000);

    fn used(number: u32, at: Timestamp) -> SessionUse {
        let mut id = [0; 16];
        id[..4].copy_from_slice(&number.to_be_bytes());
        SessionUse { session: SessionId(id), at, is_pressing: false }
    }

    #[test]
    fn uses_wait_for_others_and_are_written_once_each_in_the_order_of_their_ids() {
        let (noted, began) = (UsesNoted::default(), Instant::now());
        for (number, after) in [(3, 0), (1, 1), (2, 2), (1, 9), (1, 5)] {
            assert!(noted.keep(&used(number, NOW + after), began));
        }
        let due_at = began + USES_WAIT_FOR;
        assert!(noted.due(due_at - Duration::from_nanos(1)).is_empty());
        assert_eq!(noted.due(due_at), [used(1, NOW + 9), used(2, NOW + 2), used(3, NOW)]);
        noted.written();
        assert!(noted.due(due_at + USES_WAIT_FOR).is_empty() && noted.all().is_empty());
    }

    #[test]
    fn lg_13_a_use_is_known_until_it_is_written() {
        let (noted, now) = (UsesNoted::default(), Instant::now());
        let last = |number| noted.last(used(number, NOW).session);
        noted.keep(&used(1, NOW), now);
        assert_eq!((last(1), last(2)), (Some(NOW), None));
        assert_eq!(noted.all().len(), 1);
        assert_eq!(last(1), Some(NOW), "it is being written");
        noted.keep(&used(1, NOW + 60), now);
        assert_eq!(last(1), Some(NOW + 60));
        noted.written();
        assert_eq!(last(1), Some(NOW + 60), "and used again");
        noted.all();
        assert_eq!(noted.all(), [used(1, NOW + 60)], "who wrote it was stopped");
        noted.written();
        assert!(last(1).is_none() && noted.all().is_empty());
    }

    #[test]
    fn so_many_uses_wait_at_most_and_half_of_them_are_due_at_once() {
        let (noted, now) = (UsesNoted::default(), Instant::now());
        let room = u32::try_from(USES_WAITING_MAX).unwrap();
        let keep = |mut numbers: std::ops::Range<u32>| numbers.all(|n| noted.keep(&used(n, NOW), now));
        assert!(keep(0..room / 2 - 1) && noted.due(now).is_empty());
        assert!(keep(room / 2 - 1..room));
        assert!(!noted.keep(&used(room, NOW), now), "there is no room for one more");
        assert!(noted.keep(&used(0, NOW + 1), now), "one that waits has its place");
        assert_eq!(noted.due(now).len(), USES_WAITING_MAX);
        noted.written();
        assert!(noted.keep(&used(room, NOW), now));
    }
}
