//! Judging a password once it has been compared.

use proofkey_oauth::Sha256;

use super::account::Account;
use super::factor::HashVerdict;
use super::proved::{SessionBegun, SignInBrowser};
use super::refused::SignInRefused;
use super::started::Started;
use crate::commit::{Commit, Verdict};
use crate::cx::Cx;

/// What became of a sign-in.
#[derive(Debug)]
pub enum SignInOutcome {
    /// The session begins once the commit is durable.
    Begun(SessionBegun),
    /// Refused. The person reads the same words whatever the reason; the log keeps it.
    Refused(SignInRefused),
}

/// Decides about a sign-in with a password. What is refused counts one failure, in a commit of its own; what is right begins
/// a session in place of the one that this browser had, or renews that one if it is the same user's.
pub fn decide_password(
    started: Started,
    verdict: HashVerdict,
    browser: SignInBrowser,
    cx: &mut Cx<'_>,
) -> Verdict<SignInOutcome> {
    let account = started.account().counted_as(cx);
    match started.prove_password(verdict, cx) {
        Ok(proved) => proved.begin(browser, cx).map(SignInOutcome::Begun),
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
