//! Uses of sessions that wait to be written. One that is written by itself writes a page, and on an engine that others write to as well
//! is a statement and a commit; many at once, in the order of their ids, share those.
//!
//! Readers of this process are told of a use from the moment that it is noted.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use proofkey_oauth::Timestamp;
use proofkey_protocol::SessionId;
use proofkey_protocol::session::SessionUse;

/// How long a use of a session waits for others, to be written with them.
pub const USES_WAIT_FOR: Duration = Duration::from_secs(15);
/// So many wait at most, and as many are being written.
pub const USES_WAITING_MAX: usize = 65_536;

/// Sessions with their last uses.
type Uses = HashMap<SessionId, Timestamp>;

/// What is noted and not yet written.
#[derive(Debug, Default)]
pub(crate) struct UsesNoted(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    gathered: Uses,
    /// When the first of them was noted.
    since: Option<Instant>,
    /// What is being written.
    writing: Arc<Uses>,
    /// What was written last: a read that had begun before may not have it.
    written: Arc<Uses>,
}

/// What is to be written.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Due {
    /// In the order of the ids.
    pub(crate) uses: Vec<SessionUse>,
    /// Sessions whose uses could not be written before, and for which there is no room any more: they are lost.
    pub(crate) lost: Vec<SessionId>,
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
        let noted = [&waiting.gathered, &*waiting.writing, &*waiting.written];
        noted.into_iter().find_map(|uses| uses.get(&session)).copied()
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        let waiting = self.waiting();
        waiting.gathered.is_empty() && waiting.writing.is_empty()
    }

    /// What is to be written now: all that waits, if the first of it has waited for long enough, or there is no
    /// room for as much again, or what was given before could not be written. It waits until [`UsesNoted::written`].
    pub(crate) fn due(&self, now: Instant) -> Due {
        let (given, lost) = {
            let mut waiting = self.waiting();
            let is_old =
                waiting.since.is_some_and(|since| now.saturating_duration_since(since) >= USES_WAIT_FOR);
            let are_many = waiting.gathered.len() * 2 >= USES_WAITING_MAX;
            if !is_old && !are_many && waiting.writing.is_empty() {
                return Due::default();
            }
            waiting.give()
        };
        Due { uses: in_order(&given), lost }
    }

    /// All that waits.
    pub(crate) fn all(&self) -> Due {
        let (given, lost) = self.waiting().give();
        Due { uses: in_order(&given), lost }
    }

    /// What was given to be written is written, but for those that never will be.
    pub(crate) fn written(&self, lost: &[SessionId]) {
        let before = {
            let mut waiting = self.waiting();
            let mut written = mem::take(&mut waiting.writing);
            if !lost.is_empty() {
                let written = Arc::make_mut(&mut written);
                for session in lost {
                    written.remove(session);
                }
            }
            mem::replace(&mut waiting.written, written)
        };
        // Freed when none waits for it.
        drop(before);
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// What was gathered, with what was given before and not written. Beyond the room for it the latter is left out.
    fn give(&mut self) -> (Arc<Uses>, Vec<SessionId>) {
        self.since = None;
        let (mut given, mut lost) = (mem::take(&mut self.gathered), Vec::new());
        for (session, at) in &*mem::take(&mut self.writing) {
            if given.len() < USES_WAITING_MAX || given.contains_key(session) {
                given.entry(*session).or_insert(*at);
            } else {
                lost.push(*session);
            }
        }
        self.writing = Arc::new(given);
        (Arc::clone(&self.writing), lost)
    }
}

fn in_order(uses: &Uses) -> Vec<SessionUse> {
    let used = |(session, at): (&SessionId, &Timestamp)| SessionUse {
        session: *session,
        at: *at,
        is_pressing: false,
    };
    let mut uses: Vec<SessionUse> = uses.iter().map(used).collect();
    uses.sort_unstable_by_key(|used| used.session.0);
    uses
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
        assert_eq!(noted.due(due_at - Duration::from_nanos(1)), Due::default());
        assert_eq!(noted.due(due_at).uses, [used(1, NOW + 9), used(2, NOW + 2), used(3, NOW)]);
        noted.written(&[]);
        assert_eq!((noted.due(due_at + USES_WAIT_FOR), noted.all()), (Due::default(), Due::default()));
    }

    #[test]
    fn lg_13_a_use_is_known_until_every_read_has_it() {
        let (noted, now) = (UsesNoted::default(), Instant::now());
        let last = |number| noted.last(used(number, NOW).session);
        noted.keep(&used(1, NOW), now);
        assert_eq!((last(1), last(2)), (Some(NOW), None));
        assert_eq!(noted.all().uses.len(), 1);
        assert_eq!(last(1), Some(NOW), "it is being written");
        noted.keep(&used(1, NOW + 60), now);
        assert_eq!(last(1), Some(NOW + 60));
        noted.written(&[]);
        assert_eq!(last(1), Some(NOW + 60), "and used again");
        noted.all();
        assert_eq!(noted.due(now).uses, [used(1, NOW + 60)], "it could not be written");
        noted.written(&[]);
        assert_eq!(last(1), Some(NOW + 60), "who has begun to read may not have it");
        noted.keep(&used(2, NOW), now);
        noted.all();
        noted.written(&[used(2, NOW).session]);
        assert_eq!((last(1), last(2)), (None, None), "the other was lost");
        assert_eq!(noted.all(), Due::default());
    }

    #[test]
    fn so_many_uses_wait_at_most_and_half_of_them_are_due_at_once() {
        let (noted, now) = (UsesNoted::default(), Instant::now());
        let room = u32::try_from(USES_WAITING_MAX).unwrap();
        let keep = |mut numbers: std::ops::Range<u32>| numbers.all(|n| noted.keep(&used(n, NOW), now));
        assert!(keep(0..room / 2 - 1) && noted.due(now).uses.is_empty());
        assert!(keep(room / 2 - 1..room));
        assert!(!noted.keep(&used(room, NOW), now), "there is no room for one more");
        assert!(noted.keep(&used(0, NOW + 1), now), "one that waits has its place");
        assert_eq!(noted.due(now).uses.len(), USES_WAITING_MAX);
        assert!(noted.keep(&used(room, NOW), now));
        let Due { uses, lost } = noted.all();
        assert_eq!((uses.len(), lost.len()), (USES_WAITING_MAX, 1), "nothing was written");
        assert_ne!(lost, [used(room, NOW).session], "the later one has its place");
        noted.written(&[]);
    }
}
