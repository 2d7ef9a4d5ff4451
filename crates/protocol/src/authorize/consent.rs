//! The answer of a consent page.

use proofkey_oauth::Sha256;

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
    /// The session whose user the page named; none for an answer that does not count.
    session: Option<SessionId>,
    shown: Sha256,
    answer: Answer,
}

impl ConsentGiven {
    /// Takes the answer of a consent page.
    pub const fn from_page(page: &Sealed<Consent>, answer: Answer) -> Self {
        let Consent { session, shown, .. } = *page.step();
        Self { session: Some(session), shown, answer }
    }

    /// An answer to a page that no longer fitted. It allows nothing and denies nothing, and whatever is remembered, the person
    /// is asked again: they were about to decide.
    pub const fn on_stale_page() -> Self {
        Self { session: None, shown: [0; 32], answer: Answer::Deny }
    }

    /// The answer, if it was given in the session that this browser has now: one in another session was an answer of
    /// another user.
    pub(super) fn in_session(self, login: &Login) -> Option<Answer> {
        (self.session == Some(login.session())).then_some(self.answer)
    }

    /// Whether the page showed this, by its digest.
    pub(super) fn is_about(self, shown: &Sha256) -> bool {
        self.shown == *shown
    }
}
