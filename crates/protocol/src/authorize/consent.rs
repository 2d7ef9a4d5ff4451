//! Consent: when it must be asked, and what counts as given.

use proofkey_oauth::{Scope, Timestamp};

use super::rules::RedirectTarget;
use super::states::{Authenticated, Consented};
use crate::commit::Commit;
use crate::facts::ConsentFacts;
use crate::ids::{ClientId, SessionId, UserId};
use crate::interaction::{Interaction, Step};
use crate::refusal::Refusal;
use crate::session::Login;

/// What the person answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Allow.
    Allow,
    /// Deny.
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
    /// Takes the answer of a consent page. A step of another page, or without a session, is no consent page.
    pub fn from_page(step: &Interaction, answer: Answer) -> Result<Self, Refusal> {
        match (step.step, step.session) {
            (Step::Consent, Some(session)) => Ok(Self { session, answer }),
            _ => Err(Refusal::InteractionInvalid),
        }
    }

    /// Whether it was given by whoever is signed in now: an answer in another session was an answer of somebody else.
    pub fn is_of(&self, login: &Login) -> bool {
        self.session == login.session()
    }
}

/// A consent to be remembered.
#[derive(Debug)]
pub(super) struct Remembered {
    user: UserId,
    client: ClientId,
    scope: Scope,
}

impl Remembered {
    pub(super) fn commit(self, at: Timestamp) -> Commit {
        Commit::GiveConsent { user: self.user, client: self.client, scope: self.scope, at }
    }
}

/// Why there is no consent yet.
#[derive(Debug)]
pub(super) enum Open {
    /// The person said no.
    Denied(RedirectTarget),
    /// It must be asked, and no page may be shown.
    Silent(Refusal, RedirectTarget),
    /// Ask.
    Ask(Box<Authenticated>),
}

impl Authenticated {
    /// Moves on with a consent: one just given, or one remembered that covers the request.
    pub(super) fn consent(
        self,
        remembered: Option<&ConsentFacts>,
        given: Option<ConsentGiven>,
    ) -> Result<(Consented, Option<Remembered>), Open> {
        match given.filter(|given| given.is_of(&self.login)).map(|given| given.answer) {
            Some(Answer::Deny) => return Err(Open::Denied(self.request.into_boxed_target())),
            Some(Answer::Allow) => {
                let remember = Remembered {
                    user: self.login.user().id.clone(),
                    client: self.client().id.clone(),
                    scope: self.scope().clone(),
                };
                return Ok((self.into_consented(), Some(remember)));
            }
            None => {}
        }
        // Any app on the device can claim to be this one, so the person decides each time (OAuth 2.1 §7.3.1).
        let impersonable = self.client().is_public() && self.target().is_on_device();
        // What is remembered is a scope. It says nothing of an API that is named beside it and owns none of it, yet the
        // token would be for that API: such a request is asked about every time.
        let covered = !self.names_api_without_scope()
            && remembered.is_some_and(|facts| self.scope().is_subset(&facts.scope));
        let prompt = self.freshness().prompt;
        if covered && !impersonable && !prompt.consent {
            return Ok((self.into_consented(), None));
        }
        if prompt.none {
            let refusal = if covered { Refusal::InteractionRequired } else { Refusal::ConsentRequired };
            return Err(Open::Silent(refusal, self.request.into_boxed_target()));
        }
        Err(Open::Ask(Box::new(self)))
    }

    fn into_consented(self) -> Consented {
        Consented { request: self.request, login: self.login }
    }
}

impl super::states::Validated {
    fn into_boxed_target(self) -> RedirectTarget {
        Box::new(self).into_target()
    }
}
