//! The last state: a code on its way to the client.

use std::sync::Arc;

use proofkey_oauth::{Scope, Secret};

use super::consented::{Consented, ConsentedBy};
use super::rules::RedirectTarget;
use crate::client::Client;
use crate::code::AuthorizationCode;
use crate::cx::Cx;
use crate::ids::GrantId;
use crate::session::Login;

/// A code, and where it goes. Made by [`Consented::issue`] alone.
#[derive(Debug)]
pub struct IssuedCode {
    id: GrantId,
    location: Secret,
    target: RedirectTarget,
    client: Arc<Client>,
    login: Login,
    scope: Scope,
    signed_in_now: bool,
    consented_by: ConsentedBy,
    ignored: Scope,
}

impl Consented {
    /// Issues the code. Nothing is written: the code carries what it is bound to.
    pub fn issue(self, cx: &mut Cx<'_>) -> IssuedCode {
        let (request, consented_by) = self.into_parts();
        let signed_in_now = request.is_fresh();
        let (request, login) = request.into_parts();
        let ignored = request.ignored().clone();
        let (client, target, terms) = request.into_parts();
        let life = client.code_seconds.map_or(cx.policy.code_seconds, |own| own.min(cx.policy.code_seconds));
        let code = AuthorizationCode {
            id: GrantId(cx.time_ordered_id(cx.now)),
            client_id: client.id.clone(),
            redirect_uri: target.digest(),
            redirect_uri_sent: target.was_sent(),
            challenge: terms.challenge,
            scope: terms.scope,
            apis: terms.apis,
            nonce: terms.nonce,
            user_id: login.user().id.clone(),
            session_id: login.session(),
            authentication: if signed_in_now {
                login.authentication().clone()
            } else {
                login.authentication_unasked()
            },
            expires_at: cx.now + life,
            user_valid_from: Some(login.user().valid_from),
            client_valid_from: Some(terms.client_valid_from),
        };
        let text = code.seal(cx);
        let location = Secret::new(target.with_code(&text));
        let AuthorizationCode { id, scope, .. } = code;
        IssuedCode { id, location, target, client, login, scope, signed_in_now, consented_by, ignored }
    }
}

impl IssuedCode {
    /// The code's id, for the log and the trace; no secret.
    pub const fn id(&self) -> GrantId {
        self.id
    }

    /// The whole address with code, state and issuer.
    pub const fn location(&self) -> &Secret {
        &self.location
    }

    /// Where it goes, without the code.
    pub const fn target(&self) -> &RedirectTarget {
        &self.target
    }

    /// The client that gets it.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The user who allowed it.
    pub const fn login(&self) -> &Login {
        &self.login
    }

    /// The scope that the code is good for.
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The scopes of the request that are not known, and that it is answered without.
    pub const fn ignored(&self) -> &Scope {
        &self.ignored
    }

    /// Whether the user signed in during this interaction.
    pub const fn is_signed_in_now(&self) -> bool {
        self.signed_in_now
    }

    /// How the user came to allow it.
    pub const fn consented_by(&self) -> ConsentedBy {
        self.consented_by
    }
}
