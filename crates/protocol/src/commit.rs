//! What a rule wants written. Each variant is one transaction and one function in the store.

use proofkey_oauth::{SecretHash, Sha256, Timestamp};

use crate::consent::ConsentFacts;
use crate::facts::{FailureFacts, GrantFacts, SessionFacts, SessionProof};
use crate::ids::{ClientId, GrantId, SessionId, TokenId, UserId};
use crate::refresh_chain::RefreshChain;
use crate::sign_in::Factors;

/// A change of the durable state.
#[derive(Clone, Debug)]
pub enum Commit {
    /// Inserts the grant under the code's id, unless the id is taken, the code is locked or its session has ended: then
    /// it is a conflict.
    RedeemCode {
        /// The row to insert; its id is the code's.
        grant: Box<GrantFacts>,
        /// Failures at which the code is locked.
        failures_max: i64,
        /// Whether the suspect grants of its user to its client end with this sign-in.
        ends_suspects: bool,
    },
    /// Counts a wrong verifier against a code.
    CountCodeFailure {
        /// The id under which the code is counted, and would be redeemed.
        code: GrantId,
        /// When the count may be forgotten: the code has expired by then.
        keep_until: Timestamp,
    },
    /// Writes what became of a grant's refresh tokens by one compare-and-set; a conflict when the row has another revision than
    /// the one before, or the grant is revoked.
    UseRefreshToken {
        /// The row that is compared and set.
        grant: GrantId,
        /// What it has from now on. Whether it is suspect is not written.
        chain: RefreshChain,
        /// When the grant ends from now on, unless it is refreshed again.
        expires_at: Timestamp,
    },
    /// Marks a grant as suspect; a conflict as above.
    SuspectGrant {
        /// The row that is compared and set.
        grant: GrantId,
        /// What it has from now on.
        revision: i64,
    },
    /// Ends a grant and with it every token that names it.
    #[expect(missing_docs, reason = "what ends, and the instant of the request")]
    RevokeGrant { grant: GrantId, at: Timestamp },
    /// Ends one access token.
    RevokeAccessToken {
        /// Its `jti`, by which it is refused from now on.
        token: TokenId,
        /// When that may be forgotten: the token has expired by then.
        keep_until: Timestamp,
    },
    /// Inserts a session; deletes the one it replaces and the account's failure count in the same transaction. A conflict
    /// when one of the factors no longer holds: the account was disabled, given another password or locked while this one
    /// was being checked.
    SignIn {
        /// The row to insert.
        session: Box<SessionFacts>,
        /// The session that this browser had before, with the proof of it.
        replaces: Option<SessionProof>,
        /// What was proved: one guard each.
        factors: Factors,
        /// Sessions that the user may have at once; beyond, those that were not used for longest end.
        sessions_max: i64,
    },
    /// Writes a new authentication and a new secret into the session that the browser has, and clears the account's failure
    /// count in the same transaction. A conflict when the session has ended or has another secret by now, and when a factor
    /// no longer holds.
    Reauthenticate {
        /// The row as it is from now on; id, user and end are those that it had.
        session: Box<SessionFacts>,
        /// The secret that its row must still have.
        secret: SecretHash,
        /// What was proved: one guard each.
        factors: Factors,
    },
    /// Counts a sign-in as failed before its password is compared; a conflict when the account's failures no longer allow it.
    /// [`Self::SignIn`] takes it back.
    ReserveSignInFailure(SignInTry),
    /// Notes that a session was used, so that it is not idle.
    #[expect(missing_docs, reason = "what was used, and the instant of the request")]
    TouchSession { session: SessionId, at: Timestamp },
    /// Deletes a session: what its cookie names is gone, and grants bound to it end.
    #[expect(missing_docs, reason = "what is deleted")]
    EndSession { session: SessionId },
    /// Puts what a user allows a client in the place of what stood; a conflict when what stood before has changed since it was read.
    GiveConsent {
        /// The user who allows it.
        user: UserId,
        /// The client that is allowed it.
        client: ClientId,
        /// What stood when this was decided.
        before: Option<ConsentFacts>,
        /// What stands from now on.
        after: ConsentFacts,
    },
}

/// A try at an account that is counted in advance, and the failures at which that may be done.
#[derive(Clone, Copy, Debug)]
pub struct SignInTry {
    /// The key under which it is counted: of the account, or of one known device of it.
    pub counted_as: Sha256,
    /// The account's own key, where it is counted under that of a device.
    pub owner: Option<Sha256>,
    /// Whether no account has this name. It is counted all the same; for want of room such counts go first.
    pub is_unknown_name: bool,
    /// The instant from which the pause counts.
    pub at: Timestamp,
    /// It may be counted while there are fewer failures than this …
    pub below: i64,
    /// … or exactly those by which it was decided: of all tries after one pause the first is let through.
    pub seen: FailureFacts,
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
    /// What to answer; it is true only once `commit` is durable.
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
