//! The third state: when consent must be asked, what counts as given, and what is remembered of it.

use proofkey_oauth::Scope;

use super::authenticated::Authenticated;
use super::consent::{Answer, ConsentGiven};
use super::validated::ErrorResponse;
use crate::commit::Commit;
use crate::cx::Cx;
use crate::facts::ConsentFacts;
use crate::ids::{ClientId, UserId};
use crate::refusal::Refusal;

/// A request that the user allows.
#[derive(Debug)]
pub struct Consented {
    request: Authenticated,
    by: ConsentedBy,
}

/// How a user came to allow a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentedBy {
    /// By the answer on a consent page, just now.
    Answer,
    /// By an earlier answer that covers the request.
    Memory,
}

/// A consent to be remembered, beside what is remembered already.
#[derive(Debug)]
pub(super) struct Remembered {
    user: UserId,
    client: ClientId,
    scope: Scope,
    before: Option<ConsentFacts>,
}

impl Remembered {
    pub(super) fn commit(self, cx: &Cx<'_>) -> Commit {
        let Self { user, client, scope, before } = self;
        Commit::GiveConsent { user, client, scope, before, at: cx.now }
    }
}

/// Why there is no consent yet.
#[derive(Debug)]
pub(super) enum ConsentPending {
    /// The user has not answered: show the page.
    Ask(Box<Authenticated>),
    /// The client is told: the person said no, or no page may be shown.
    Refused(ErrorResponse),
}

impl Authenticated {
    /// Moves on with a consent: one just given, or one remembered that covers the request.
    pub(super) fn consent(
        self,
        remembered: Option<&ConsentFacts>,
        given: Option<ConsentGiven>,
    ) -> Result<(Consented, Option<Remembered>), ConsentPending> {
        match given.and_then(|given| given.in_session(self.login())) {
            Some(Answer::Deny) => return Err(ConsentPending::Refused(self.refuse(Refusal::AccessDenied))),
            Some(Answer::Allow) => {
                let remember = Remembered {
                    user: self.login().user().id.clone(),
                    client: self.client().id.clone(),
                    scope: self.scope().clone(),
                    before: remembered.cloned(),
                };
                return Ok((Consented { request: self, by: ConsentedBy::Answer }, Some(remember)));
            }
            None => {}
        }
        // Any app on the device can claim to be this one, so the person decides each time (OAuth 2.1 §7.3.1).
        let impersonable = self.client().is_public() && self.target().is_on_device();
        // What is remembered is a scope. It says nothing of an API that is named beside it and owns none of it, yet the
        // token would be for that API: such a request is asked about every time.
        let covered = !self.request().names_unscoped_api()
            && remembered.is_some_and(|facts| self.scope().is_subset(&facts.scope));
        let prompt = self.request().freshness().prompt;
        // Who was just answering a page, for another user or too late, has not answered this one.
        let interrupted = given.is_some();
        if covered && !impersonable && !prompt.consent && !interrupted {
            return Ok((Consented { request: self, by: ConsentedBy::Memory }, None));
        }
        if prompt.none {
            let refusal = if covered { Refusal::InteractionRequired } else { Refusal::ConsentRequired };
            return Err(ConsentPending::Refused(self.refuse(refusal)));
        }
        Err(ConsentPending::Ask(Box::new(self)))
    }
}

impl Consented {
    pub(super) fn into_parts(self) -> (Authenticated, ConsentedBy) {
        (self.request, self.by)
    }
}
