//! What a rule wants written. Each variant is one transaction and one function in the store.

use proofkey_oauth::{Scope, Sha256, Timestamp};

use crate::facts::{ConsentFacts, GrantFacts, SessionFacts, SessionProof};
use crate::ids::{ClientId, GrantId, SessionId, TokenId, UserId};
use crate::sign_in::Proof;

/// A change of the durable state.
#[derive(Clone, Debug)]
pub enum Commit {
    /// Inserts the grant under the code's id, unless the id is taken, the code is locked or its session has ended: then
    /// it is a conflict.
    RedeemCode {
        /// The new grant.
        grant: Box<GrantFacts>,
        /// Failures at which the code is locked.
        failures_max: i64,
    },
    /// Counts a wrong verifier against a code.
    CountCodeFailure {
        /// The code's id.
        code: GrantId,
        /// When the count may be forgotten: the code has expired by then.
        keep_until: Timestamp,
    },
    /// Spends a refresh token by one compare-and-set on its grant; a conflict when the token is retired or the grant is
    /// revoked.
    UseRefreshToken {
        /// The grant.
        grant: GrantId,
        /// The token's generation.
        generation: i64,
        /// The token's hash.
        token: Sha256,
        /// The grant's new end.
        expires_at: Timestamp,
    },
    /// Ends a grant and with it every token that names it.
    RevokeGrant {
        /// The grant.
        grant: GrantId,
        /// When.
        at: Timestamp,
    },
    /// Ends one access token.
    RevokeAccessToken {
        /// Its id.
        token: TokenId,
        /// When it would have expired.
        keep_until: Timestamp,
    },
    /// Inserts a session; deletes the one it replaces and the account's failure count in the same transaction. A conflict
    /// when one of the factors no longer holds: the account was disabled, given another password or locked while this one
    /// was being checked.
    SignIn {
        /// The new session.
        session: Box<SessionFacts>,
        /// The session that this browser had before, with the proof of it.
        replaces: Option<SessionProof>,
        /// What was proved: one guard each.
        factors: Vec<Proof>,
    },
    /// Counts a failed sign-in in a transaction of its own.
    CountSignInFailure {
        /// The limiter's key of the account.
        account: Sha256,
        /// When.
        at: Timestamp,
    },
    /// Notes that a session was used.
    TouchSession {
        /// The session.
        session: SessionId,
        /// When.
        at: Timestamp,
    },
    /// Deletes a session.
    EndSession {
        /// The session.
        session: SessionId,
    },
    /// Adds to what a user allows a client; a conflict when what stood before has changed since it was read.
    GiveConsent {
        /// The user.
        user: UserId,
        /// The client.
        client: ClientId,
        /// What was allowed on this page.
        scope: Scope,
        /// What stood when this was decided.
        before: Option<ConsentFacts>,
        /// When.
        at: Timestamp,
    },
}

/// What became of a commit. Either way the transaction is durable or never happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Committed {
    /// It is written.
    Applied,
    /// Its condition did not hold: load again, decide again.
    Conflict,
}

/// A decision: what to answer, and what must be durable before the answer leaves.
#[derive(Debug)]
#[must_use]
pub struct Verdict<T> {
    /// The answer.
    pub outcome: T,
    /// The change, if there is one. A refusal may carry one too.
    pub commit: Option<Commit>,
}

impl<T> Verdict<T> {
    /// An answer that changes nothing.
    pub const fn unchanged(outcome: T) -> Self {
        Self { outcome, commit: None }
    }

    /// The same change, with an answer made of this one.
    pub fn map<U>(self, answer: impl FnOnce(T) -> U) -> Verdict<U> {
        Verdict { outcome: answer(self.outcome), commit: self.commit }
    }

    /// An answer that may leave once `commit` is durable.
    pub const fn after(commit: Commit, outcome: T) -> Self {
        Self { outcome, commit: Some(commit) }
    }
}
