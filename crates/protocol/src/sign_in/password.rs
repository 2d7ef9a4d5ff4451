//! Judging a password once it has been compared.

use proofkey_oauth::Sha256;

use super::account::Account;
use super::proved::SessionBegun;
use super::started::Started;
use crate::commit::{Commit, Verdict};
use crate::cx::Cx;
use crate::facts::SessionProof;

/// What came of comparing a password with the stored hash.
#[derive(Debug)]
pub enum HashVerdict {
    /// It is the password, hashed anew where the stored hash was weak.
    Matches {
        /// A stronger hash of the same password, to be stored in place of the weaker one.
        rehashed: Option<String>,
    },
    /// It is another text, or there is no stored hash to compare it with.
    Differs,
    /// Longer than any stored password: nothing was compared.
    TooLong,
}

/// What became of a sign-in.
#[derive(Debug)]
pub enum SignInOutcome {
    /// The session begins once the commit is durable.
    Begun(SessionBegun),
    /// Refused. The person reads the same words whatever the reason; the log keeps it.
    Refused(SignInRefused),
}

/// Why a sign-in is refused; for the log alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInRefused {
    /// The password was too long to be compared.
    TooLong,
    /// Wrong name or password, or the account is disabled or locked.
    Wrong,
    /// The account changed during every check.
    Unsettled,
}

impl SignInRefused {
    /// The reason in words.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::TooLong => "password too long",
            Self::Wrong => "wrong name or password, disabled or locked",
            Self::Unsettled => "the account changed during every check",
        }
    }
}

/// Decides about a sign-in with a password. What is refused counts one failure, in a commit of its own; what is right begins
/// a session in place of the one that this browser had.
pub fn decide_password(
    started: Started,
    verdict: HashVerdict,
    replaces: Option<SessionProof>,
    cx: &mut Cx<'_>,
) -> Verdict<SignInOutcome> {
    let account = started.account().counted_as(cx);
    match started.prove_password(verdict, cx) {
        Ok(proved) => proved.begin(replaces, cx).map(SignInOutcome::Begun),
        Err(refused) => refuse(account, refused, cx),
    }
}

/// Refuses a sign-in whose account changed during every check, as a wrong password is refused: any other answer would tell
/// that the password was right (LG-08).
pub fn give_up(account: &Account, cx: &Cx<'_>) -> Verdict<SignInOutcome> {
    refuse(account.counted_as(cx), SignInRefused::Unsettled, cx)
}

fn refuse(account: Sha256, refused: SignInRefused, cx: &Cx<'_>) -> Verdict<SignInOutcome> {
    Verdict::after(Commit::CountSignInFailure { account, at: cx.now }, SignInOutcome::Refused(refused))
}
