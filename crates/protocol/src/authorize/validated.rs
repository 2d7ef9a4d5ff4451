//! The first state: a request that keeps every rule.

use std::sync::Arc;

use proofkey_oauth::{AuthorizationRequest, CodeChallenge, Scope, Timestamp};

use super::facts::AuthorizeFacts;
use super::rules::{
    self, AskedAccess, CodeResponse, EnabledClient, Freshness, RedirectTarget, Unambiguous, UnambiguousTarget,
};
use crate::api::GrantedApis;
use crate::client::Client;
use crate::consent::Access;
use crate::cx::Cx;
use crate::ids::UserId;
use crate::refusal::Refusal;

/// Why a request is refused, and whether the client may be told.
#[derive(Debug)]
pub enum Refused {
    /// Only the person may be told: by the name of the client, where the request names a registered one.
    Page(Refusal, Option<Arc<Client>>),
    /// The client may be told.
    Answer(ErrorResponse),
}

/// An error response, and the client that it goes to (OAuth 2.1 §4.1.2.1).
#[derive(Debug)]
pub struct ErrorResponse {
    /// The rule that was broken.
    pub refusal: Refusal,
    /// The address for it.
    pub target: RedirectTarget,
    /// The client at that address.
    pub client: Arc<Client>,
}

/// A request that keeps every rule, before it is known who is there. Made by [`validate`] alone.
#[derive(Debug)]
pub struct Validated {
    client: EnabledClient,
    target: RedirectTarget,
    terms: Terms,
    freshness: Freshness,
    /// The user whom the request names.
    hinted: Option<UserId>,
    /// See [`AskedAccess::ignored`].
    ignored: Scope,
    _response: CodeResponse,
}

/// What a code will be bound to. Plain values, which prove nothing by themselves.
#[derive(Debug)]
pub(super) struct Terms {
    pub(super) challenge: Option<CodeChallenge>,
    pub(super) scope: Scope,
    pub(super) apis: GrantedApis,
    pub(super) nonce: Option<String>,
    /// When all that the client had been given was ended.
    pub(super) client_valid_from: Timestamp,
}

/// Runs the rules on a request. The order is the protocol's: until client and redirect URI are known to be right, only the
/// person is told anything (OAuth 2.1 §4.1.2.1).
pub fn validate(
    request: &AuthorizationRequest,
    facts: &AuthorizeFacts,
    cx: &Cx<'_>,
) -> Result<Validated, Refused> {
    let on_page = |refusal| Refused::Page(refusal, facts.client.clone());
    let addressed = UnambiguousTarget::of(request).map_err(on_page)?;
    let client = rules::client(addressed, facts).map_err(on_page)?;
    let target = rules::redirect_uri(addressed, &client, &cx.policy.issuer).map_err(on_page)?;

    let to_client = |refusal| {
        let client = client.clone().into_inner();
        Refused::Answer(ErrorResponse { refusal, target: target.clone(), client })
    };
    let request = Unambiguous::of(addressed).map_err(to_client)?;
    let response = rules::response(request, &client).map_err(to_client)?;
    let challenge = rules::pkce(request, &client).map_err(to_client)?;
    let freshness = rules::freshness(request).map_err(to_client)?;
    let named = rules::resources(request, &client, cx).map_err(to_client)?;
    let AskedAccess { scope, apis, ignored } =
        rules::access(request, &client, &named, cx.apis).map_err(to_client)?;
    let hinted = facts.hint.verified().map_err(to_client)?;

    Ok(Validated {
        ignored,
        terms: Terms {
            challenge,
            scope,
            apis,
            nonce: request.nonce.clone(),
            client_valid_from: facts.client_valid_from,
        },
        client,
        target,
        freshness,
        hinted,
        _response: response,
    })
}

impl Validated {
    /// The client that asks.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Ends the request here, by an error that the client is told.
    pub(super) fn refuse(self, refusal: Refusal) -> ErrorResponse {
        ErrorResponse { refusal, target: self.target, client: self.client.into_inner() }
    }

    /// Where the answer will go.
    pub const fn target(&self) -> &RedirectTarget {
        &self.target
    }

    pub(super) const fn terms(&self) -> &Terms {
        &self.terms
    }

    pub(super) const fn freshness(&self) -> Freshness {
        self.freshness
    }

    /// Whether the request names a user, and another one than this.
    pub(super) fn is_for_other_user(&self, user: &UserId) -> bool {
        self.hinted.as_ref().is_some_and(|hinted| hinted != user)
    }

    /// What it asks for.
    pub(super) const fn access(&self) -> Access<'_> {
        Access { scope: &self.terms.scope, apis: &self.terms.apis }
    }

    /// The scopes that it is answered without, for they are not known.
    pub(super) const fn ignored(&self) -> &Scope {
        &self.ignored
    }

    pub(super) fn into_parts(self) -> (Arc<Client>, RedirectTarget, Terms) {
        (self.client.into_inner(), self.target, self.terms)
    }
}
