//! Judging a password once it has been compared.

use super::factor::HashVerdict;
use super::proved::{SessionBegun, SignInBrowser};
use super::refused::SignInRefused;
use super::started::Started;
use crate::commit::Verdict;
use crate::cx::Cx;

/// What became of a sign-in.
#[derive(Debug)]
pub enum SignInOutcome {
    /// The session begins once the commit is durable.
    Begun(SessionBegun),
    /// Refused. The person reads the same words whatever the reason; the log keeps it.
    Refused(SignInRefused),
}

/// Decides about a sign-in with a password. What is right begins a session in place of the one that this browser had, or renews
/// that one if it is the same user's, and takes the failure back that was counted in advance; what is refused leaves it counted.
pub fn decide_password(
    started: Started,
    verdict: HashVerdict,
    browser: SignInBrowser,
    cx: &mut Cx<'_>,
) -> Verdict<SignInOutcome> {
    match started.prove_password(verdict, cx) {
        Ok(proved) => proved.begin(browser, cx).map(SignInOutcome::Begun),
        Err(refused) => Verdict::unchanged(SignInOutcome::Refused(refused)),
    }
}
