//! The authorization endpoint: `Validated → Authenticated → Consented → IssuedCode` (OAuth 2.1 §4.1).
//!
//! Each state is a struct and each transition consumes it, so a code cannot be issued without the steps before it:
//!
//! ```compile_fail,E0599
//! # use proofkey_protocol::{Cx, authorize::Validated};
//! fn skip(validated: Validated, cx: &mut Cx<'_>) {
//!     let _ = validated.issue(cx);
//! }
//! ```
//! ```compile_fail,E0599
//! # use proofkey_protocol::{Cx, authorize::Authenticated};
//! fn skip(authenticated: Authenticated, cx: &mut Cx<'_>) {
//!     let _ = authenticated.issue(cx);
//! }
//! ```
//!
//! The same lines compile for the one state that may:
//!
//! ```
//! # use proofkey_protocol::{Cx, authorize::Consented};
//! fn allowed(consented: Consented, cx: &mut Cx<'_>) {
//!     let _ = consented.issue(cx);
//! }
//! ```
//!
//! Neither a consent nor a login can be made up, and no state is used twice:
//!
//! ```compile_fail,E0451
//! # use proofkey_protocol::{SessionId, authorize::{Answer, ConsentGiven}};
//! fn forge(session: SessionId) -> ConsentGiven {
//!     ConsentGiven { session, answer: Answer::Allow }
//! }
//! ```
//! ```compile_fail,E0382
//! # use proofkey_protocol::{Cx, authorize::Consented};
//! fn twice(consented: Consented, cx: &mut Cx<'_>) {
//!     let _ = consented.issue(cx);
//!     let _ = consented.issue(cx);
//! }
//! ```
//! ```compile_fail,E0451
//! # use proofkey_protocol::session::Login;
//! fn forge(login: &Login) -> Login {
//!     Login { stale: false, ..login.clone() }
//! }
//! ```
//!
//! [`decide`] is the one dispatcher of the browser's next step: pages return to it and never link to one another.

mod consent;
mod rules;
mod states;

#[cfg(test)]
mod tests;

pub use consent::{Answer, ConsentGiven};
pub use rules::RedirectTarget;
pub use states::{Authenticated, Consented, Facts, Hint, IssuedCode, Refused, Validated, validate};

use proofkey_oauth::AuthorizationRequest;

use crate::client::Client;
use crate::commit::Verdict;
use crate::cx::Cx;
use crate::facts::ConsentFacts;
use crate::ids::{ClientId, SessionId};
use crate::refusal::Refusal;
use crate::session::Login;

/// How far the person has come since the request arrived.
#[derive(Debug, Default)]
pub struct Progress {
    /// The session that began when somebody authenticated during this interaction. That one is fresh, and no other: a
    /// session cookie that turned up meanwhile proves no password.
    pub authenticated_as: Option<SessionId>,
    /// What the person answered on the consent page.
    pub consent: Option<ConsentGiven>,
}

/// What the browser sees next.
#[derive(Debug)]
pub enum Next {
    /// An error page of ours, and no way from it to the client.
    Page(Refusal),
    /// An error page with a link to the client: nobody is signed in, so we do not send anybody anywhere unasked
    /// (OAuth 2.1 §7.13.2).
    PageWithReturn(Refusal, RedirectTarget),
    /// An error answer to the client.
    Refuse(Refusal, RedirectTarget),
    /// The sign-in page.
    SignIn(Box<Validated>),
    /// The consent page.
    Consent(Box<Authenticated>),
    /// The code's way to the client.
    Issue(Box<IssuedCode>),
}

/// Decides the next step of an authorization request.
pub fn decide(
    request: &AuthorizationRequest,
    facts: &Facts<'_>,
    login: Option<Login>,
    consent: Option<&ConsentFacts>,
    progress: Progress,
    cx: &mut Cx<'_>,
) -> Verdict<Next> {
    let signed_in = login.is_some();
    let validated = match validate(request, facts, cx) {
        Ok(validated) => validated,
        Err(Refused::Page(refusal)) => return Verdict::unchanged(Next::Page(refusal)),
        Err(Refused::Answer(refusal, target)) => {
            // Judged by the text: a malformed `none login` comes from an app that can show no page either.
            let silent = request.prompt.iter().flat_map(|text| text.split(' ')).any(|value| value == "none");
            let next = if signed_in || silent {
                Next::Refuse(refusal, target)
            } else {
                Next::PageWithReturn(refusal, target)
            };
            return Verdict::unchanged(next);
        }
    };
    let fresh = progress.authenticated_as;
    let answered_by_another = validated.is_answered_by_another(login.as_ref(), fresh);
    let authenticated = match validated.authenticate(login, fresh, cx.now) {
        Ok(authenticated) => authenticated,
        Err(validated) if validated.is_silent() => {
            return refuse(Refusal::LoginRequired, validated.into_target());
        }
        Err(validated) if answered_by_another => {
            return refuse(Refusal::LoginRequired, validated.into_target());
        }
        Err(validated) => return Verdict::unchanged(Next::SignIn(validated)),
    };
    match authenticated.consent(consent, progress.consent) {
        Ok((consented, remembered)) => {
            let issued = Next::Issue(Box::new(consented.issue(cx)));
            Verdict { outcome: issued, commit: remembered.map(|consent| consent.commit(cx.now)) }
        }
        Err(consent::Open::Denied(target)) => refuse(Refusal::AccessDenied, target),
        Err(consent::Open::Silent(refusal, target)) => refuse(refusal, target),
        Err(consent::Open::Ask(authenticated)) => Verdict::unchanged(Next::Consent(authenticated)),
    }
}

const fn refuse(refusal: Refusal, target: RedirectTarget) -> Verdict<Next> {
    Verdict::unchanged(Next::Refuse(refusal, target))
}

/// The client that a request names, for the shell to look up before anything else is known.
pub fn client_named(request: &AuthorizationRequest) -> Option<ClientId> {
    request.client_id.as_deref().map(ClientId::new)
}

/// Whether a client may see this client's pages at all; shared by every step.
fn client<'a>(facts: &Facts<'a>) -> Result<&'a std::sync::Arc<Client>, Refusal> {
    let client = facts.client.ok_or(Refusal::ClientUnknown)?;
    if client.disabled { Err(Refusal::ClientDisabled) } else { Ok(client) }
}
