//! What the one writer of a database knows: subjects, access tokens and how clients stand, as they were last read, until a write
//! makes them untrue.
//!
//! A subject is looked for by its session and its client, a token by its grant and its own id, and how a client stands by its id. The
//! writer forgets them after the commit that changes them and before anyone hears of that commit, so what a server has acknowledged
//! is never overlooked. Commands write beside the server: the writer sees that another process has written before it commits, while
//! none can write, and when it is asked to look because nothing was written for a while. What is remembered is relied on for
//! [`REMEMBERED_FOR`](crate::last_look::REMEMBERED_FOR) after that, as long as a command waits.
//!
//! Nothing is removed when it is forgotten. What is kept has the *stamps* that its ids and its user had when it was read, and is
//! worth something while all of them are as they were.

#[cfg(test)]
mod tests;

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use proofkey_oauth::Timestamp;
use proofkey_protocol::{
    AccessTokenFacts, ClientFacts, ClientId, ClientStatus, GrantId, GrantWithSubject, SessionId,
    SubjectFacts, TokenId, UserFacts,
};

use crate::last_look::LastLook;
use crate::places::{self, Places};
use crate::value::{Forgets, Value};

/// Stamps of ids, and as many of users, for each subject that there is room for, and so many at least. What has the same stamp is
/// forgotten together.
const STAMPS_EACH: usize = 2;
const STAMPS_MIN: usize = 4096;
/// Clients of which it is remembered how they stand.
const CLIENTS_MAX: usize = 2048;
/// So many sets of places, side by side, hold what is remembered of a session with its clients.
const SETS_OF_A_SESSION: u64 = 8;
/// Sets of places that are looked through for what is forgotten before another task has its turn.
const SETS_FREED: usize = 256;
/// Within so many looks all that was forgotten is freed.
pub const FREED_IN_LOOKS: usize = 240;
/// What has more bytes of text is read each time.
const TEXT_BYTES_MAX: usize = 2048;

/// What is remembered of a store.
#[derive(Debug)]
pub(crate) struct Remembered {
    /// Keyed anew in each process: which ids share a place or a stamp is not for those who choose ids to know.
    hasher: RandomState,
    /// How often something was forgotten, counted before it is.
    forgotten: AtomicU64,
    all: AtomicU64,
    ids: Box<[AtomicU64]>,
    users: Box<[AtomicU64]>,
    subjects: Places<(SessionId, ClientId), Stamped<RememberedSubject>>,
    tokens: Places<(GrantId, TokenId), Stamped<RememberedToken>>,
    clients: Places<ClientId, Stamped<ClientFacts>>,
    /// Where it goes on to be looked for what is forgotten.
    freed_from: [AtomicUsize; 2],
    /// When the writer last saw whether another process had written.
    last_look: LastLook,
    /// Whether it has been asked to look again, and has not begun.
    look_asked: AtomicBool,
}

/// A user, session, consent and client as one read told them, with what else a redemption rests on.
#[derive(Clone, Debug)]
pub(crate) struct RememberedSubject {
    pub(crate) facts: SubjectFacts,
    /// Whether a live grant of the user to the client is suspect.
    pub(crate) suspect: bool,
}

/// An access token and the grant that it belongs to, as one read told them.
#[derive(Clone, Debug)]
pub(crate) struct RememberedToken {
    pub(crate) grant: Arc<GrantWithSubject>,
    pub(crate) facts: AccessTokenFacts,
}

/// When something was forgotten last of all, of three ids and of a user: how often anything had been by then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamps {
    all: u64,
    ids: [u64; 3],
    user: u64,
}

impl Stamps {
    /// Whether nothing of them was forgotten after a read had begun. A count comes before its stamp: what is forgotten while this is asked
    /// has another stamp at once.
    fn are_as_of(&self, begun: ReadBegun) -> bool {
        let [first, second, third] = self.ids;
        [self.all, first, second, third, self.user].iter().all(|count| *count <= begun.0)
    }
}

/// What was read, with the stamps that it had then.
#[derive(Debug)]
struct Stamped<T> {
    stamps: Stamps,
    value: T,
}

impl<T: Clone> Stamped<T> {
    /// The value, if its stamps are what they were.
    fn unless_forgotten(&self, stamps: impl FnOnce(&T) -> Stamps) -> Option<T> {
        (self.stamps == stamps(&self.value)).then(|| self.value.clone())
    }
}

/// How much had been forgotten when a read began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadBegun(u64);

/// What a write makes untrue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Forgotten {
    /// A session, a grant or a token: the number of its stamp.
    Id(usize),
    /// All that is a user's.
    User(usize),
    /// Everything.
    All,
}

impl Remembered {
    /// Room for so many subjects, and for as many tokens.
    pub(crate) fn new(each_max: usize) -> Self {
        let stamps_count = each_max.saturating_mul(STAMPS_EACH).max(STAMPS_MIN);
        let stamps = || (0..stamps_count).map(|_| AtomicU64::new(0)).collect();
        Self {
            hasher: RandomState::new(),
            forgotten: AtomicU64::new(0),
            all: AtomicU64::new(0),
            ids: stamps(),
            users: stamps(),
            subjects: Places::new(each_max),
            tokens: Places::new(each_max),
            clients: Places::new(each_max.min(CLIENTS_MAX)),
            freed_from: [AtomicUsize::new(0), AtomicUsize::new(0)],
            last_look: LastLook::default(),
            look_asked: AtomicBool::new(false),
        }
    }

    /// The subject of a session and a client, if it is remembered and cannot have changed unseen.
    pub(crate) fn subject(&self, session: SessionId, client: &ClientId) -> Option<RememberedSubject> {
        let hash = self.hash_of_subject(session, client);
        self.if_looked(|| {
            self.subjects.find(hash, |key, kept| {
                let kept = (key.0 == session && key.1 == *client).then_some(kept)?;
                kept.unless_forgotten(|subject| self.stamps_of_subject(session, subject))
            })
        })
    }

    /// An access token of a grant, in the same way.
    pub(crate) fn token(&self, grant: GrantId, token: TokenId) -> Option<RememberedToken> {
        let hash = self.hasher.hash_one((grant.0, token.0));
        self.if_looked(|| {
            self.tokens.find(hash, |key, kept| {
                let kept = (*key == (grant, token)).then_some(kept)?;
                kept.unless_forgotten(|kept| self.stamps_of_token(token, kept))
            })
        })
    }

    /// How a client stands, in the same way.
    pub(crate) fn client(&self, id: &ClientId) -> Option<ClientFacts> {
        let hash = self.hasher.hash_one(id.as_str());
        self.if_looked(|| {
            self.clients.find(hash, |key, kept| {
                (key == id).then_some(kept)?.unless_forgotten(|_| self.stamps_of_client())
            })
        })
    }

    /// To be asked for before a read.
    pub(crate) fn begin_read(&self) -> ReadBegun {
        ReadBegun(self.forgotten.load(Ordering::Acquire))
    }

    /// Keeps a subject that was read, unless something of it was forgotten meanwhile.
    pub(crate) fn keep_subject(
        &self,
        begun: ReadBegun,
        session: SessionId,
        client: &ClientId,
        subject: &RememberedSubject,
    ) {
        let stamps = self.stamps_of_subject(session, subject);
        if is_worth_it(client, &subject.facts, 0) && stamps.are_as_of(begun) {
            let hash = self.hash_of_subject(session, client);
            self.subjects.keep(hash, (session, client.clone()), Stamped { stamps, value: subject.clone() });
        }
    }

    /// Notes that a session was used: what is remembered of it tells that from now on, as its row will.
    pub(crate) fn note_use(&self, session: SessionId, at: Timestamp) {
        let first = self.hasher.hash_one(session.0);
        for neighbour in 0..SETS_OF_A_SESSION {
            self.subjects.change(first.wrapping_add(neighbour), |key, kept| {
                if let Some(kept) = kept.value.facts.session.as_mut().filter(|_| key.0 == session) {
                    kept.seen_at = kept.seen_at.max(at);
                }
            });
        }
    }

    /// Keeps a token that was read, in the same way.
    pub(crate) fn keep_token(&self, begun: ReadBegun, token: TokenId, kept: &RememberedToken) {
        let (grant, stamps) = (kept.grant.grant().id, self.stamps_of_token(token, kept));
        let grant_bytes = kept.grant.grant().scope.iter().map(str::len).sum();
        if is_worth_it(&kept.grant.grant().client_id, kept.grant.subject(), grant_bytes)
            && stamps.are_as_of(begun)
        {
            let hash = self.hasher.hash_one((grant.0, token.0));
            self.tokens.keep(hash, (grant, token), Stamped { stamps, value: kept.clone() });
        }
    }

    /// Keeps how a client stands that was read, in the same way.
    pub(crate) fn keep_client(&self, begun: ReadBegun, id: &ClientId, facts: ClientFacts) {
        let stamps = self.stamps_of_client();
        let may_be_kept = facts.status != ClientStatus::Unregistered && id.as_str().len() <= TEXT_BYTES_MAX;
        if may_be_kept && stamps.are_as_of(begun) {
            let kept = Stamped { stamps, value: facts };
            self.clients.keep(self.hasher.hash_one(id.as_str()), id.clone(), kept);
        }
    }

    /// What a statement with these values makes untrue. The id or the user is its first value.
    pub(crate) fn forgotten_by(&self, forgets: Forgets, values: &[Value<'_>]) -> Option<Forgotten> {
        match (forgets, values.first()) {
            (Forgets::Nothing, _) => None,
            (Forgets::Id, Some(Value::Id(id))) => Some(self.forgotten_id(id)),
            (Forgets::User, Some(Value::Text(id))) => Some(Forgotten::User(self.stamp(id.as_bytes()))),
            (Forgets::Id | Forgets::User | Forgets::Returned | Forgets::All, _) => Some(Forgotten::All),
        }
    }

    /// A session, a grant or an access token.
    pub(crate) fn forgotten_id(&self, id: &[u8; 16]) -> Forgotten {
        Forgotten::Id(self.stamp(id))
    }

    /// Forgets what a write has made untrue: after its commit, and before that is acknowledged.
    pub(crate) fn forget(&self, what: Forgotten) {
        let count = self.forgotten.fetch_add(1, Ordering::AcqRel) + 1;
        let stamp = match what {
            Forgotten::Id(at) => self.ids.get(at),
            Forgotten::User(at) => self.users.get(at),
            Forgotten::All => None,
        };
        stamp.unwrap_or(&self.all).fetch_max(count, Ordering::AcqRel);
    }

    /// Forgets a session that a write has shown to be other than it is remembered.
    pub(crate) fn doubt(&self, session: SessionId) {
        self.forget(Forgotten::Id(self.stamp(&session.0)));
    }

    /// Frees some of what was forgotten, each time of other places, and of all within so many times: names of people who were removed are
    /// not to stay, and what will never be found again takes no room.
    pub(crate) async fn free_forgotten(&self) {
        let sets = self.subjects.sets().max(self.tokens.sets()).div_ceil(FREED_IN_LOOKS);
        for _ in 0..sets.div_ceil(SETS_FREED) {
            let count = sets.min(SETS_FREED);
            let [subjects, tokens] =
                self.freed_from.each_ref().map(|from| (from.load(Ordering::Relaxed), count));
            let is_forgotten = |key: &(SessionId, ClientId), kept: &Stamped<RememberedSubject>| {
                kept.stamps != self.stamps_of_subject(key.0, &kept.value)
            };
            let subjects = self.subjects.drop_some(subjects, is_forgotten);
            let is_forgotten = |key: &(GrantId, TokenId), kept: &Stamped<RememberedToken>| {
                kept.stamps != self.stamps_of_token(key.1, &kept.value)
            };
            let tokens = self.tokens.drop_some(tokens, is_forgotten);
            for (from, next) in self.freed_from.iter().zip([subjects, tokens]) {
                from.store(next, Ordering::Relaxed);
            }
            tokio::task::yield_now().await;
        }
    }

    /// Notes that the writer has seen what other processes had written by that instant, and whether it was anything.
    pub(crate) fn note_look(&self, began: Instant, others_wrote: bool) {
        if others_wrote {
            self.forget(Forgotten::All);
        }
        self.last_look.note(began);
    }

    /// Whether the writer is to be asked to look. It is asked once until it says that it does.
    pub(crate) fn wants_look(&self) -> bool {
        self.last_look.is_due(Instant::now()) && !self.look_asked.swap(true, Ordering::AcqRel)
    }

    /// Notes that the writer looks now, or could not be asked: it may be asked again.
    pub(crate) fn may_ask_again(&self) {
        self.look_asked.store(false, Ordering::Release);
    }

    /// Finds what is as it was read, if the writer has looked a moment ago. That is asked first: a look forgets before it is
    /// noted, so stamps that are read after it know of all that it saw.
    fn if_looked<T>(&self, find: impl FnOnce() -> Option<T>) -> Option<T> {
        if self.last_look.holds(Instant::now()) { find() } else { None }
    }

    /// The hash of a session, moved on by its client.
    fn hash_of_subject(&self, session: SessionId, client: &ClientId) -> u64 {
        let neighbour = self.hasher.hash_one(client.as_str()) % SETS_OF_A_SESSION;
        self.hasher.hash_one(session.0).wrapping_add(neighbour)
    }

    fn stamps_of_subject(&self, session: SessionId, subject: &RememberedSubject) -> Stamps {
        self.stamps([&session.0; 3], subject.facts.user.id.as_str())
    }

    fn stamps_of_token(&self, token: TokenId, kept: &RememberedToken) -> Stamps {
        let (grant, subject) = (kept.grant.grant(), kept.grant.subject());
        self.stamps([&grant.id.0, &grant.session_id.0, &token.0], subject.user.id.as_str())
    }

    /// What changes a client makes everything untrue.
    fn stamps_of_client(&self) -> Stamps {
        Stamps { all: self.all.load(Ordering::Acquire), ids: [0; 3], user: 0 }
    }

    fn stamps(&self, ids: [&[u8; 16]; 3], user: &str) -> Stamps {
        let of = |stamps: &[AtomicU64], id: &[u8]| {
            stamps.get(self.stamp(id)).map_or(0, |stamp| stamp.load(Ordering::Acquire))
        };
        Stamps {
            all: self.all.load(Ordering::Acquire),
            ids: ids.map(|id| of(&self.ids, id)),
            user: of(&self.users, user.as_bytes()),
        }
    }

    fn stamp(&self, id: &[u8]) -> usize {
        places::below(self.hasher.hash_one(id), self.ids.len()).unwrap_or(0)
    }
}

/// Whether a subject is small enough, and of a client that exists: that there is none is never remembered, nor are the ids that
/// strangers invent.
pub(crate) fn is_worth_it(client: &ClientId, subject: &SubjectFacts, more_bytes: usize) -> bool {
    let UserFacts { id, username, display_name, .. } = &subject.user;
    let consent = subject.consent.as_ref().map_or(0, |consent| consent.as_str().len());
    let texts = [client.as_str().len(), id.as_str().len(), username.len(), display_name.len(), consent];
    subject.client != ClientStatus::Unregistered && texts.iter().sum::<usize>() + more_bytes <= TEXT_BYTES_MAX
}
