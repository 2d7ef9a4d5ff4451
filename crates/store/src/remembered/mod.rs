//! What the one writer of a database knows: subjects as they were last read, until a write makes them untrue.
//!
//! A subject is looked for by its session and its client. The writer forgets it after the commit that changes it and before
//! anyone hears of that commit, so what a server has acknowledged is never overlooked. Commands write beside the server: the
//! writer sees that another process has written whenever it begins a transaction, and what is remembered is relied on
//! for [`REMEMBERED_FOR`](crate::last_look::REMEMBERED_FOR) after that, as long as a command waits.
//!
//! Nothing is removed when it is forgotten. A read notes the *stamps* of its session and its user, and is worth something while
//! both are as they were.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use proofkey_protocol::{ClientId, ConsentFacts, SessionId, SubjectFacts};

use crate::last_look::LastLook;
use crate::value::{Forgets, Value};

/// Stamps of sessions, and as many of users. Those of the same stamp are forgotten together.
const STAMPS: usize = 4096;
/// A consent of more bytes is read each time.
const CONSENT_BYTES_MAX: usize = 1024;

/// What is remembered of a store.
#[derive(Debug)]
pub(crate) struct Remembered {
    /// Keyed anew in each process: which ids share a place or a stamp is not for those who choose ids to know.
    hasher: RandomState,
    /// How often something was forgotten, counted before it is: what was read meanwhile is not kept.
    forgotten: AtomicU64,
    all: AtomicU64,
    sessions: Box<[AtomicU64]>,
    users: Box<[AtomicU64]>,
    places: Box<[Mutex<Option<Kept>>]>,
    /// When the writer last saw whether another process had written.
    last_look: LastLook,
}

/// A subject, and under which stamps it was read.
#[derive(Debug)]
struct Kept {
    session: SessionId,
    client: ClientId,
    stamps: Stamps,
    subject: RememberedSubject,
}

/// A user, session, consent and client as one read told them, with what else a redemption rests on.
#[derive(Clone, Debug)]
pub(crate) struct RememberedSubject {
    pub(crate) facts: SubjectFacts,
    /// Whether a live grant of the user to the client is suspect.
    pub(crate) suspect: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamps {
    all: u64,
    session: u64,
    user: u64,
}

/// How much had been forgotten when a read began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadBegun(u64);

/// What a write makes untrue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Forgotten {
    /// A session: the number of its stamp.
    Session(usize),
    /// All that is a user's.
    User(usize),
    /// Everything.
    All,
}

impl Remembered {
    /// Room for so many subjects.
    pub(crate) fn new(subjects_max: usize) -> Self {
        let stamps = || (0..STAMPS).map(|_| AtomicU64::new(0)).collect();
        Self {
            hasher: RandomState::new(),
            forgotten: AtomicU64::new(0),
            all: AtomicU64::new(0),
            sessions: stamps(),
            users: stamps(),
            places: (0..subjects_max).map(|_| Mutex::default()).collect(),
            last_look: LastLook::default(),
        }
    }

    /// The subject of a session and a client, if it is remembered and nobody can have changed it unseen.
    pub(crate) fn find(&self, session: SessionId, client: &ClientId) -> Option<RememberedSubject> {
        let kept = self.place(session, client)?.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.as_ref().filter(|kept| kept.session == session && kept.client == *client)?;
        let stamps = self.stamps(session, kept.subject.facts.user.id.as_str());
        (kept.stamps == stamps && self.last_look.holds(Instant::now())).then(|| kept.subject.clone())
    }

    /// To be asked for before a subject is read.
    pub(crate) fn begin_read(&self) -> ReadBegun {
        ReadBegun(self.forgotten.load(Ordering::Acquire))
    }

    /// Keeps what was read, unless something was forgotten meanwhile: it may have been this.
    pub(crate) fn keep(
        &self,
        begun: ReadBegun,
        session: SessionId,
        client: &ClientId,
        subject: &RememberedSubject,
    ) {
        let consent =
            subject.facts.consent.as_ref().map_or(0, |consent: &ConsentFacts| consent.as_str().len());
        let Some(place) = self.place(session, client).filter(|_| consent <= CONSENT_BYTES_MAX) else {
            return;
        };
        // The stamps before the count: a stamp that has moved by now has moved the count before.
        let stamps = self.stamps(session, subject.facts.user.id.as_str());
        if self.forgotten.load(Ordering::Acquire) == begun.0 {
            let kept = Kept { session, client: client.clone(), stamps, subject: subject.clone() };
            *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        }
    }

    /// What a statement with these values makes untrue. The session or the user is its first value.
    pub(crate) fn forgotten_by(&self, forgets: Forgets, values: &[Value<'_>]) -> Option<Forgotten> {
        match (forgets, values.first()) {
            (Forgets::Nothing, _) => None,
            (Forgets::Session, Some(Value::Id(id))) => Some(Forgotten::Session(self.stamp(id))),
            (Forgets::User, Some(Value::Text(id))) => Some(Forgotten::User(self.stamp(id.as_bytes()))),
            (Forgets::Session | Forgets::User | Forgets::All, _) => Some(Forgotten::All),
        }
    }

    /// Forgets what a write has made untrue: after its commit, and before that is acknowledged.
    pub(crate) fn forget(&self, what: Forgotten) {
        self.forgotten.fetch_add(1, Ordering::AcqRel);
        let stamp = match what {
            Forgotten::Session(at) => self.sessions.get(at),
            Forgotten::User(at) => self.users.get(at),
            Forgotten::All => None,
        };
        stamp.unwrap_or(&self.all).fetch_add(1, Ordering::AcqRel);
    }

    /// Notes that the writer has seen what other processes had written by that instant, and whether it was anything.
    pub(crate) fn note_look(&self, began: Instant, others_wrote: bool) {
        if others_wrote {
            self.forget(Forgotten::All);
        }
        self.last_look.note(began);
    }

    fn stamps(&self, session: SessionId, user: &str) -> Stamps {
        let of = |stamps: &[AtomicU64], at| {
            stamps.get(at).map_or(0, |stamp: &AtomicU64| stamp.load(Ordering::Acquire))
        };
        Stamps {
            all: self.all.load(Ordering::Acquire),
            session: of(&self.sessions, self.stamp(&session.0)),
            user: of(&self.users, self.stamp(user.as_bytes())),
        }
    }

    fn stamp(&self, id: &[u8]) -> usize {
        below(self.hasher.hash_one(id), STAMPS).unwrap_or(0)
    }

    fn place(&self, session: SessionId, client: &ClientId) -> Option<&Mutex<Option<Kept>>> {
        let at = below(self.hasher.hash_one((session.0, client.as_str())), self.places.len())?;
        self.places.get(at)
    }
}

/// A hash as a number below `count`; `None` if that is 0.
fn below(hash: u64, count: usize) -> Option<usize> {
    let count = u64::try_from(count).ok()?;
    usize::try_from(hash.checked_rem(count)?).ok()
}

#[cfg(test)]
mod tests;
