//! The authorization endpoint: `Validated → Authenticated → Consented → IssuedCode` (OAuth 2.1 §4.1).
//!
//! Each state is a struct in a file of its own, which alone can make it, and each transition consumes the one before. So a
//! code cannot be issued without the steps before it:
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
//!     ConsentGiven { session, shown: [0; 32], answer: Answer::Allow }
//! }
//! ```
//! ```compile_fail,E0451
//! # use proofkey_protocol::{Cx, authorize::{Authenticated, Consented, ConsentedBy}};
//! fn forge(request: Authenticated, cx: &mut Cx<'_>) {
//!     let _ = Consented { request, by: ConsentedBy::Answer }.issue(cx);
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
//! No rule can be left out of [`validate`]: each returns a value that a later one or [`Validated`] needs, so without its
//! line this crate does not compile. The rules are private, so no example here can show it.
//!
//! | rule | what it yields | needed by |
//! |---|---|---|
//! | `client_id` and `redirect_uri` come once | `UnambiguousTarget` | `redirect_uri`, `Unambiguous` |
//! | the client is registered and not disabled | `EnabledClient` | `redirect_uri`, `response`, `pkce`, `resource`, `scope`, [`Validated`] |
//! | the redirect URI is the client's | [`RedirectTarget`] | [`Validated`], every answer |
//! | every parameter comes once | `Unambiguous` | every rule below on a parameter |
//! | response type and mode, no request object | `CodeResponse` | [`Validated`] |
//! | PKCE | the challenge | [`Validated`] |
//! | `prompt`, `max_age` and `acr_values` | `Freshness` | [`Validated`] |
//! | `resource` | the APIs that it names | `scope` |
//! | `scope` | the scope and the APIs of the grant | [`Validated`] |
//! | `id_token_hint` | the user, if it names one | [`Validated`] |
//!
//! A rule on another parameter is a file in `rules`, a line in [`validate`] and a field of [`Validated`].
//!
//! [`decide`] is the one dispatcher of the browser's next step: pages return to it and never link to one another.

mod authenticated;
mod consent;
mod consented;
mod facts;
mod issued;
mod rules;
mod shown;
mod validated;

#[cfg(test)]
mod tests;

pub use authenticated::Authenticated;
pub use consent::{Answer, ConsentGiven};
pub use consented::{Consented, ConsentedBy};
pub use facts::{AuthorizeFacts, Hint, Progress};
pub use issued::IssuedCode;
pub use rules::RedirectTarget;
pub use shown::{ApiShown, ConsentTerms, Lifetime, ScopeShown, app_host, host};
pub use validated::{ErrorResponse, Refused, Validated, validate};

use std::sync::Arc;

use proofkey_oauth::AuthorizationRequest;

use self::authenticated::SignInPending;
use self::consented::{ConsentPending, Remembered};
use crate::client::Client;
use crate::commit::Verdict;
use crate::cx::Cx;
use crate::ids::ClientId;
use crate::refusal::Refusal;

/// What the browser sees next.
#[derive(Debug)]
pub enum Next {
    /// An error page of ours, and no way from it to the client, which it names where the request names a registered one.
    Page(Refusal, Option<Arc<Client>>),
    /// An error page with a link to the client: no user is signed in, and no browser is sent on unasked (OAuth 2.1
    /// §7.13.2).
    PageWithReturn(ErrorResponse),
    /// An error answer to the client.
    Refuse(ErrorResponse),
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
    facts: AuthorizeFacts,
    progress: Progress,
    cx: &mut Cx<'_>,
) -> Verdict<Next> {
    let validated = match validate(request, &facts, cx) {
        Ok(validated) => validated,
        Err(refused) => {
            return Verdict::unchanged(next_after_refusal(refused, request, facts.login.is_some()));
        }
    };
    let authenticated = match validated.authenticate(facts.login, progress.authenticated_as, cx.now) {
        Ok(authenticated) => authenticated,
        Err(SignInPending::Refused(response)) => return Verdict::unchanged(Next::Refuse(response)),
        Err(SignInPending::Ask(validated)) => return Verdict::unchanged(Next::SignIn(validated)),
    };
    let (consented, remembered) = match authenticated.consent(facts.consent, progress.consent, cx) {
        Ok(consented) => consented,
        Err(ConsentPending::Refused(response)) => return Verdict::unchanged(Next::Refuse(response)),
        Err(ConsentPending::Ask(authenticated)) => return Verdict::unchanged(Next::Consent(authenticated)),
    };
    let commit = remembered.map(Remembered::commit);
    Verdict { outcome: Next::Issue(Box::new(consented.issue(cx))), commit }
}

/// Who is told that a request is refused, and how.
fn next_after_refusal(refused: Refused, request: &AuthorizationRequest, signed_in: bool) -> Next {
    match refused {
        Refused::Page(refusal, client) => Next::Page(refusal, client),
        Refused::Answer(response) if signed_in || is_silent(request) => Next::Refuse(response),
        Refused::Answer(response) => Next::PageWithReturn(response),
    }
}

/// Judged by the text: a malformed `none login` comes from an app that can show no page either.
fn is_silent(request: &AuthorizationRequest) -> bool {
    request.prompt.iter().flat_map(|text| text.split(' ')).any(|value| value == "none")
}

/// The client that a request names, for the shell to look up before anything else is known.
pub fn client_named(request: &AuthorizationRequest) -> Option<ClientId> {
    request.client_id.as_deref().map(ClientId::new)
}
