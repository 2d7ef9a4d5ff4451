//! What facts rest on that were not read when they were asked for. It knows of no statement that compares this, and of no engine
//! that does.

use proofkey_oauth::Timestamp;
use proofkey_protocol::{CodeFacts, ConsentFacts, SessionFacts, SubjectFacts};

/// Facts that a code may be redeemed by, and may not be refused by.
#[derive(Debug)]
pub struct RememberedCode {
    /// The facts, as if no client had presented the code before.
    pub facts: CodeFacts,
    /// What they rest on. It goes with the commit that is decided by them.
    pub basis: Basis,
}

/// What facts rest on: on what the one writer of the database knows, which needs no more than the commit checks in any case; or
/// on what was read a while ago, while others may have written. Then the commit compares all of it.
#[derive(Debug)]
pub struct Basis(pub(crate) Option<Box<AsRead>>);

/// What was read of a subject and can change, as far as the redemption of a code depends on it. Of which user, session and
/// client it is the grant says.
#[derive(Debug)]
pub(crate) struct AsRead {
    pub(crate) user_valid_from: Timestamp,
    pub(crate) session: SessionAsRead,
    pub(crate) client_valid_from: Timestamp,
    pub(crate) consent: Option<ConsentFacts>,
    pub(crate) versions: DecidedUnder,
}

/// The columns of a session by which it is judged.
#[derive(Debug)]
pub(crate) struct SessionAsRead {
    pub(crate) authenticated_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) remembered: bool,
    pub(crate) valid_from: Option<Timestamp>,
    pub(crate) seen_at: Timestamp,
}

/// The versions of keys and APIs that this node had seen before it decided: it has decided by these or by later ones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DecidedUnder {
    pub(crate) keys: i64,
    pub(crate) apis: i64,
}

impl AsRead {
    /// `None` where there is no session to compare.
    pub(crate) fn of(subject: &SubjectFacts, versions: DecidedUnder) -> Option<Self> {
        let SessionFacts { authentication, seen_at, expires_at, remembered, valid_from, .. } =
            subject.session.as_ref()?;
        Some(Self {
            user_valid_from: subject.user.valid_from,
            session: SessionAsRead {
                authenticated_at: authentication.at,
                expires_at: *expires_at,
                remembered: *remembered,
                valid_from: *valid_from,
                seen_at: *seen_at,
            },
            client_valid_from: subject.client_valid_from,
            consent: subject.consent.clone(),
            versions,
        })
    }
}
