//! The states of an authorization request.

use std::sync::Arc;

use proofkey_oauth::{AuthorizationRequest, CodeChallenge, ResourceUri, Scope, Secret, Timestamp};

use super::rules::{self, Freshness, RedirectTarget};
use crate::client::Client;
use crate::code::AuthorizationCode;
use crate::cx::Cx;
use crate::ids::{GrantId, SessionId, UserId};
use crate::refusal::Refusal;
use crate::session::Login;

/// What the shell loaded for a request.
#[derive(Debug)]
pub struct Facts<'a> {
    /// The client that the request names, if it is registered.
    pub client: Option<&'a Arc<Client>>,
    /// What became of the `id_token_hint`.
    pub hint: Hint,
}

/// A verified, false or absent `id_token_hint`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hint {
    /// There was none.
    Absent,
    /// It is not an ID token of ours.
    Invalid,
    /// It names this user.
    User(UserId),
}

/// Why a request is refused, and whether the client may be told.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// Only the person may be told.
    Page(Refusal),
    /// The client may be told.
    Answer(Refusal, RedirectTarget),
}

/// A request that keeps every rule; nobody has answered for it yet.
#[derive(Clone, Debug)]
pub struct Validated {
    client: Arc<Client>,
    target: RedirectTarget,
    challenge: Option<CodeChallenge>,
    scope: Scope,
    resources: Vec<ResourceUri>,
    nonce: Option<String>,
    freshness: Freshness,
    hint: Hint,
    /// Whether it names an API of which it asks no scope.
    names_api_without_scope: bool,
}

/// A valid request from a browser in which a user is signed in, freshly enough.
#[derive(Clone, Debug)]
pub struct Authenticated {
    pub(super) request: Validated,
    pub(super) login: Login,
}

/// A request that the user allows.
#[derive(Debug)]
pub struct Consented {
    pub(super) request: Validated,
    pub(super) login: Login,
}

/// A code, and where it goes.
#[derive(Debug)]
pub struct IssuedCode {
    /// The code's id, for the log and the trace; no secret.
    pub id: GrantId,
    /// The whole address with code, state and issuer.
    pub location: Secret,
    /// Where it goes, without the code.
    pub target: RedirectTarget,
    /// The client.
    pub client: Arc<Client>,
    /// Who allowed it.
    pub login: Login,
    /// What was allowed.
    pub scope: Scope,
}

/// Runs the rules on a request. The order is the protocol's: until client and redirect URI are known to be right, only the
/// person is told anything (OAuth 2.1 §4.1.2.1).
pub fn validate(
    request: &AuthorizationRequest,
    facts: &Facts<'_>,
    cx: &Cx<'_>,
) -> Result<Validated, Refused> {
    if request.target_repeated.is_some() {
        return Err(Refused::Page(Refusal::ParameterRepeated));
    }
    let issuer = &cx.policy.issuer;
    let client = super::client(facts).map_err(Refused::Page)?;
    let target = rules::redirect_uri(request, client, issuer).map_err(Refused::Page)?;
    let checked = || {
        if request.repeated.is_some() {
            return Err(Refusal::ParameterRepeated);
        }
        rules::response(request, client)?;
        let challenge = rules::pkce(request, client)?;
        let freshness = rules::freshness(request)?;
        let resources = cx.apis.resources(&request.resource, issuer)?;
        let scope = rules::scope(request, client, &resources, cx.apis)?;
        if facts.hint == Hint::Invalid {
            return Err(Refusal::IdTokenHintInvalid);
        }
        let has_scope =
            |resource: &ResourceUri| scope.iter().any(|token| cx.apis.owner(token) == Some(resource));
        let without_scope =
            resources.iter().any(|resource| resource.as_str() != issuer.as_str() && !has_scope(resource));
        Ok((challenge, freshness, resources, scope, without_scope))
    };
    match checked() {
        Err(refusal) => Err(Refused::Answer(refusal, target)),
        Ok((challenge, freshness, resources, scope, names_api_without_scope)) => Ok(Validated {
            client: Arc::clone(client),
            target,
            challenge,
            scope,
            resources,
            nonce: request.nonce.clone(),
            freshness,
            hint: facts.hint.clone(),
            names_api_without_scope,
        }),
    }
}

impl Validated {
    /// The client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Whether no page may be shown.
    pub const fn is_silent(&self) -> bool {
        self.freshness.prompt.none
    }

    /// Gives the target back when the request ends here.
    pub fn into_target(self: Box<Self>) -> RedirectTarget {
        self.target
    }

    /// Whether somebody has signed in during this request, and as another user than the hint names: to ask again would go
    /// on for ever, so the client is told (OpenID Connect Core §3.1.2.1).
    pub(super) fn is_answered_by_another(&self, login: Option<&Login>, fresh: Option<SessionId>) -> bool {
        login.is_some_and(|login| fresh == Some(login.session()) && self.is_hinted_otherwise(login))
    }

    fn is_hinted_otherwise(&self, login: &Login) -> bool {
        matches!(&self.hint, Hint::User(user) if *user != login.user().id)
    }

    /// Takes the person's session as the answer to who is there, unless the request wants a fresher one, or another user.
    pub fn authenticate(
        self,
        login: Option<Login>,
        fresh: Option<SessionId>,
        now: Timestamp,
    ) -> Result<Authenticated, Box<Self>> {
        let Some(login) = login else { return Err(Box::new(self)) };
        let age = now - login.auth_time();
        let too_old = self.freshness.max_age_seconds.is_some_and(|max| age > max || max == 0);
        // Whoever has authenticated during this interaction has done what `max_age` asks for, however long the consent page
        // stood open after it; the client sees `auth_time`.
        let stale = fresh != Some(login.session()) && (self.freshness.prompt.login || too_old);
        if stale || self.is_hinted_otherwise(&login) {
            Err(Box::new(self))
        } else {
            Ok(Authenticated { request: self, login })
        }
    }
}

impl Authenticated {
    /// The client.
    pub fn client(&self) -> &Client {
        &self.request.client
    }

    /// Who is signed in.
    pub const fn login(&self) -> &Login {
        &self.login
    }

    /// What is asked for.
    pub const fn scope(&self) -> &Scope {
        &self.request.scope
    }

    /// The APIs named.
    pub fn resources(&self) -> &[ResourceUri] {
        &self.request.resources
    }

    /// Where the answer will go.
    pub const fn target(&self) -> &RedirectTarget {
        &self.request.target
    }

    /// Whether it is for an API of which nobody allowed anything by allowing the scope.
    pub(super) const fn names_api_without_scope(&self) -> bool {
        self.request.names_api_without_scope
    }

    pub(super) const fn freshness(&self) -> Freshness {
        self.request.freshness
    }
}

impl Consented {
    /// Issues the code. Nothing is written: the code carries what it is bound to.
    pub fn issue(self, cx: &mut Cx<'_>) -> IssuedCode {
        let Self { request, login } = self;
        let life =
            request.client.code_seconds.map_or(cx.policy.code_seconds, |own| own.min(cx.policy.code_seconds));
        let code = AuthorizationCode {
            id: GrantId(cx.time_ordered_id()),
            client_id: request.client.id.clone(),
            redirect_uri: request.target.digest(),
            redirect_uri_sent: request.target.was_sent(),
            challenge: request.challenge,
            scope: request.scope,
            resources: request.resources,
            nonce: request.nonce,
            user_id: login.user().id.clone(),
            session_id: login.session(),
            auth_time: login.auth_time(),
            expires_at: cx.now + life,
        };
        let text = code.seal(cx);
        let location = Secret::new(request.target.with_code(&text));
        IssuedCode {
            id: code.id,
            location,
            target: request.target,
            client: request.client,
            login,
            scope: code.scope,
        }
    }
}
