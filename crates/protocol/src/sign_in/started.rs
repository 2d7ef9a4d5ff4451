//! The beginning: whether an account may be tried now. The try is counted before it is made.

use super::account::Account;
use super::throttle::{Pause, Throttle, throttle};
use crate::commit::{Commit, SignInTry, Verdict};
use crate::cx::Cx;
use crate::facts::{CredentialFacts, FailureFacts, UserFacts};

/// What the store knows of an account.
#[derive(Clone, Debug, Default)]
pub struct SignInFacts {
    /// The failures that are counted in this browser.
    pub failures: FailureFacts,
    /// The user with the stored password; `None` for a name that is not registered.
    pub credentials: Option<CredentialFacts>,
}

/// A try that is counted as failed already, so that it stays counted whatever becomes of this process; a session that begins
/// takes it back. Made by [`reserve`] alone, and true once its commit is durable.
#[derive(Clone, Debug)]
pub struct Reserved {
    account: Account,
    locked: bool,
}

/// A sign-in under way: one hash is to be compared. Made by [`Reserved::start`] alone.
#[derive(Debug)]
pub struct Started {
    account: Account,
    credentials: Option<CredentialFacts>,
    locked: bool,
}

/// Counts a try in advance, or says how long to wait before the account may be tried again. The commit is a conflict when the
/// account's failures have changed so that the decision no longer holds: of tries at once as many are let through as of those
/// that come one after another.
pub fn reserve(account: Account, facts: &SignInFacts, cx: &Cx<'_>) -> Verdict<Result<Reserved, Pause>> {
    let limit = account.limit(cx);
    let (locked, below) = match throttle(facts.failures, cx.now, limit) {
        Throttle::Wait(pause) => return Verdict::unchanged(Err(pause)),
        Throttle::Open => (false, limit.burst.min(limit.failures_max)),
        // Whatever comes of it is refused, so any number may try.
        Throttle::Locked => (true, i64::MAX),
    };
    let counted_as = account.counted_as(cx);
    let commit = Commit::ReserveSignInFailure(SignInTry {
        counted_as,
        owner: (counted_as != account.key()).then(|| account.key()),
        is_unknown_name: facts.credentials.is_none(),
        at: cx.now,
        below,
        seen: facts.failures,
    });
    Verdict::after(commit, Ok(Reserved { account, locked }))
}

impl Reserved {
    /// What to compare, by what the store knows now. What was reserved stays good when the account changes meanwhile.
    pub fn start(&self, credentials: Option<CredentialFacts>) -> Started {
        Started { account: self.account.clone(), credentials, locked: self.locked }
    }
}

impl Started {
    /// The stored hash to compare with; without one the shell compares with a hash that nothing matches.
    pub fn stored_password(&self) -> Option<&str> {
        self.credentials.as_ref().and_then(|known| known.password.as_deref())
    }

    /// Whether a session may come of it. Only then is a right password worth more work, such as a stronger hash: for a
    /// locked or disabled account the right password must cost what a wrong one does.
    pub fn is_open(&self) -> bool {
        !self.locked && self.credentials.as_ref().is_some_and(|known| !known.user.disabled)
    }

    /// The account, with its user and the stored hash. `None` if no session may come of it.
    pub(super) fn into_open(self) -> Option<(Account, UserFacts, String)> {
        if !self.is_open() {
            return None;
        }
        let CredentialFacts { user, password } = self.credentials?;
        Some((self.account, user, password?))
    }
}
