//! The second state: a valid request, and the user whom it is answered for.
//!
//! A transition stands in the file of the state that it makes, which alone can make it.

use proofkey_oauth::{Scope, Timestamp};

use super::rules::{Freshness, RedirectTarget};
use super::validated::{ErrorResponse, Terms, Validated};
use crate::api::GrantedApis;
use crate::client::Client;
use crate::consent::ConsentFacts;
use crate::cx::Cx;
use crate::ids::SessionId;
use crate::interaction::Consent;
use crate::refusal::Refusal;
use crate::session::Login;

/// A valid request from a browser in which a user is signed in, freshly enough.
#[derive(Debug)]
pub struct Authenticated {
    request: Validated,
    login: Login,
    /// Whether the session began during this interaction.
    fresh: bool,
    /// What the user allows the client already; known once consent is asked about.
    remembered: Option<ConsentFacts>,
}

/// Why no user answers for a request yet.
#[derive(Debug)]
pub(super) enum SignInPending {
    /// Ask for a password.
    Ask(Box<Validated>),
    /// The client is told: no page may be shown, or a user signed in and is not the one whom the request names.
    Refused(ErrorResponse),
}

impl Validated {
    /// Takes the browser's session as the answer to who is there, unless the request wants a fresher one, or another user.
    pub(super) fn authenticate(
        self,
        login: Option<Login>,
        authenticated_as: Option<SessionId>,
        now: Timestamp,
    ) -> Result<Authenticated, SignInPending> {
        let Freshness { prompt, max_age_seconds, above_lowest_class } = self.freshness();
        let Some(login) = login else { return Err(self.sign_in_pending(prompt.none)) };
        let age = now - login.authentication().at;
        let too_old = max_age_seconds.is_some_and(|max| age > max || max == 0);
        let too_low = above_lowest_class && login.is_remembered();
        let fresh = authenticated_as == Some(login.session());
        let other_user = self.is_for_other_user(&login.user().id);
        // A password typed during this interaction is what `max_age` asks for, however long the consent page stood open
        // after it; the client sees `auth_time`.
        if !other_user && (fresh || !(prompt.login || too_old || too_low)) {
            return Ok(Authenticated { request: self, login, fresh, remembered: None });
        }
        // To ask again after the wrong user has signed in would go on for ever, so the client is told (OpenID Connect Core
        // §3.1.2.1).
        let signed_in_as_other_user = fresh && other_user;
        Err(self.sign_in_pending(prompt.none || signed_in_as_other_user))
    }

    fn sign_in_pending(self, is_final: bool) -> SignInPending {
        if is_final {
            SignInPending::Refused(self.refuse(Refusal::LoginRequired))
        } else {
            SignInPending::Ask(Box::new(self))
        }
    }
}

impl Authenticated {
    /// The client that asks.
    pub fn client(&self) -> &Client {
        self.request.client()
    }

    /// Who is signed in.
    pub const fn login(&self) -> &Login {
        &self.login
    }

    /// Whether that user signed in during this interaction.
    pub const fn is_fresh(&self) -> bool {
        self.fresh
    }

    /// What is asked for.
    pub const fn scope(&self) -> &Scope {
        &self.terms().scope
    }

    /// The APIs that it is for.
    pub const fn apis(&self) -> &GrantedApis {
        &self.terms().apis
    }

    /// What the user allows the client already.
    pub const fn remembered(&self) -> Option<&ConsentFacts> {
        self.remembered.as_ref()
    }

    /// Where the answer will go.
    pub const fn target(&self) -> &RedirectTarget {
        self.request.target()
    }

    /// The step that ties a consent page to the session whose user it names, and to what it shows.
    pub fn consent_step(&self, cx: &Cx<'_>) -> Consent {
        let shown = self.consent_terms(cx.apis, cx.policy).digest();
        Consent { session: self.login.session(), fresh: self.fresh, shown }
    }

    /// The same request, beside what the user allows already.
    pub(super) fn beside(self, remembered: Option<ConsentFacts>) -> Self {
        Self { remembered, ..self }
    }

    pub(super) const fn request(&self) -> &Validated {
        &self.request
    }

    pub(super) fn refuse(self, refusal: Refusal) -> ErrorResponse {
        self.request.refuse(refusal)
    }

    pub(super) fn into_parts(self) -> (Validated, Login) {
        (self.request, self.login)
    }

    const fn terms(&self) -> &Terms {
        self.request.terms()
    }
}
