//! The beginning: whether an account may be tried now.

use super::account::Account;
use super::throttle::{Pause, Throttle, throttle};
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

/// A sign-in under way: the account may be tried now. Made by [`start`] alone.
#[derive(Debug)]
pub struct Started {
    account: Account,
    credentials: Option<CredentialFacts>,
    locked: bool,
}

/// Begins a sign-in, or says how long to wait before the account may be tried again.
pub fn start(account: Account, facts: SignInFacts, cx: &Cx<'_>) -> Result<Started, Pause> {
    let locked = match throttle(facts.failures, cx.now, account.limit(cx)) {
        Throttle::Wait(pause) => return Err(pause),
        Throttle::Open => false,
        Throttle::Locked => true,
    };
    Ok(Started { account, credentials: facts.credentials, locked })
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

    pub(super) const fn account(&self) -> &Account {
        &self.account
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
