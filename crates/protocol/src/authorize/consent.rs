//! The answer of a consent page.

use crate::ids::SessionId;
use crate::interaction::{Consent, Sealed};
use crate::session::Login;

/// What the person answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The app gets what the page listed.
    Allow,
    /// The app is told `access_denied`.
    Deny,
}

/// Proof that the consent page was answered in this browser, in the session whose user it named. Made from the page's
/// sealed step alone.
#[derive(Clone, Copy, Debug)]
pub struct ConsentGiven {
    session: SessionId,
    answer: Answer,
}

impl ConsentGiven {
    /// Takes the answer of a consent page.
    pub const fn from_page(page: &Sealed<Consent>, answer: Answer) -> Self {
        Self { session: page.step().session, answer }
    }

    /// The answer, if it was given in the session that this browser has now: one in another session was an answer of
    /// another user.
    pub(super) fn in_session(self, login: &Login) -> Option<Answer> {
        (self.session == login.session()).then_some(self.answer)
    }
}
