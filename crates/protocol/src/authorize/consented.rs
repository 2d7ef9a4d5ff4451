//! The third state: when consent must be asked, what counts as given, and what is remembered of it.

use super::authenticated::Authenticated;
use super::consent::{Answer, ConsentGiven};
use super::validated::ErrorResponse;
use crate::commit::Commit;
use crate::consent::ConsentFacts;
use crate::cx::Cx;
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

/// A consent to be remembered, in the place of what is remembered already.
#[derive(Debug)]
pub(super) struct Remembered {
    user: UserId,
    client: ClientId,
    before: Option<ConsentFacts>,
    after: ConsentFacts,
}

impl Remembered {
    pub(super) fn commit(self) -> Commit {
        let Self { user, client, before, after } = self;
        Commit::GiveConsent { user, client, before, after }
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
        remembered: Option<ConsentFacts>,
        given: Option<ConsentGiven>,
        cx: &Cx<'_>,
    ) -> Result<(Consented, Option<Remembered>), ConsentPending> {
        // Who was just answering a page, for another user or too late, has not answered this one.
        let interrupted = given.is_some();
        let given = given.and_then(|given| Some((given, given.in_session(self.login())?)));
        match given {
            Some((_, Answer::Deny)) => Err(ConsentPending::Refused(self.refuse(Refusal::AccessDenied))),
            // What an operator changed while the page stood open is not what the person allowed.
            Some((given, Answer::Allow)) if given.is_about(&self.consent_step(cx).shown) => {
                self.allowed(remembered, cx)
            }
            Some((_, Answer::Allow)) => self.ask(remembered, cx),
            None => self.without_answer(remembered, interrupted, cx),
        }
    }

    /// The person allows it, just now.
    fn allowed(
        self,
        before: Option<ConsentFacts>,
        cx: &Cx<'_>,
    ) -> Result<(Consented, Option<Remembered>), ConsentPending> {
        let after = match self.request().access().allowed_beside(before.as_ref(), cx.apis, cx.now) {
            Ok(after) => after,
            Err(refusal) => return Err(ConsentPending::Refused(self.refuse(refusal))),
        };
        let (user, client) = (self.login().user().id.clone(), self.client().id.clone());
        let changed = before.as_ref() != Some(&after);
        let remember = changed.then_some(Remembered { user, client, before, after });
        Ok((Consented { request: self, by: ConsentedBy::Answer }, remember))
    }

    fn without_answer(
        self,
        remembered: Option<ConsentFacts>,
        interrupted: bool,
        cx: &Cx<'_>,
    ) -> Result<(Consented, Option<Remembered>), ConsentPending> {
        // Any app on the device can claim to be this one, so the person decides each time (OAuth 2.1 §7.3.1).
        let impersonable = self.client().is_public() && self.target().is_on_device();
        let access = self.request().access();
        // One of a clock that ran ahead covers nothing yet: what is given now would count as from before it.
        let since = Some(cx.now);
        let covered = remembered.as_ref().is_some_and(|consent| access.is_allowed(consent, since, cx.apis));
        let prompt = self.request().freshness().prompt;
        if covered && !impersonable && !prompt.consent && !interrupted {
            return Ok((Consented { request: self, by: ConsentedBy::Memory }, None));
        }
        if prompt.none {
            let refusal = if covered { Refusal::InteractionRequired } else { Refusal::ConsentRequired };
            return Err(ConsentPending::Refused(self.refuse(refusal)));
        }
        self.ask(remembered, cx)
    }

    /// Shows the page, unless its answer could not be remembered.
    fn ask<T>(self, remembered: Option<ConsentFacts>, cx: &Cx<'_>) -> Result<T, ConsentPending> {
        match self.request().access().allowed_beside(remembered.as_ref(), cx.apis, cx.now) {
            Ok(_) => Err(ConsentPending::Ask(Box::new(self.beside(remembered)))),
            Err(refusal) => Err(ConsentPending::Refused(self.refuse(refusal))),
        }
    }
}

impl Consented {
    pub(super) fn into_parts(self) -> (Authenticated, ConsentedBy) {
        (self.request, self.by)
    }
}
