//! Introspection (RFC 7662): who may know what of a token.

use std::sync::Arc;

use proofkey_jose::claims::AccessTokenClaims;
use proofkey_oauth::{IntrospectionResponse, PresentedCredentials, ResourceUri, Timestamp};

use super::live::LiveToken;
use crate::api::Apis;
use crate::client::{AuthenticatedClient, Client, Judged, authenticate};
use crate::cx::Cx;
use crate::grant::{ActiveGrant, GrantWithSubject};
use crate::refresh_chain::RefreshOverlap;
use crate::refresh_token::RefreshToken;
use crate::refusal::Refusal;

/// Who asks about a token, and so what may be told.
#[derive(Debug)]
pub enum IntrospectionCaller {
    /// A client, about its own tokens.
    Client(AuthenticatedClient),
    /// An API, about tokens for it.
    Api(ResourceUri),
}

impl IntrospectionCaller {
    /// Checks who asks: an API by the credential that was made for it, or a confidential client. A public client proves
    /// nothing and learns nothing, so it need not even ask. `client` is the one that the credentials name, if it is registered.
    pub fn authenticate(
        presented: &PresentedCredentials,
        client: Option<Arc<Client>>,
        apis: &Apis,
        now: Timestamp,
    ) -> Judged<Self> {
        if let PresentedCredentials::Present(credentials) = presented {
            let Some(sent) = credentials.secret() else {
                return Judged::Named(Err(Refusal::ClientAuthenticationMissing));
            };
            let named = ResourceUri::parse(credentials.client_id()).ok();
            let api = named.and_then(|resource| apis.find(&resource));
            let record = api.map(|api| &api.record);
            if let Some((api, secret)) = record.and_then(|api| Some((api, api.introspection?))) {
                let proved = secret.matches(sent);
                return Judged::Compared(if proved {
                    Ok(Self::Api(api.resource.clone()))
                } else {
                    Err(Refusal::ClientSecretWrong)
                });
            }
        }
        authenticate(presented, client, now).map(Self::Client)
    }

    fn may_know(&self, claims: &AccessTokenClaims) -> bool {
        match self {
            Self::Client(_) => self.is_client(&claims.client_id),
            Self::Api(resource) => claims.aud.contains(resource.as_str()),
        }
    }

    /// Whether this is the client of that id. A public one proves nothing by naming itself, so it learns nothing.
    fn is_client(&self, id: &str) -> bool {
        match self {
            Self::Client(client) => !client.client().is_public() && client.client().id.as_str() == id,
            Self::Api(_) => false,
        }
    }
}

/// What a caller learns of an access token: nothing of one that is not its own (RFC 7662 §2.2, §4).
pub fn introspect(caller: &IntrospectionCaller, token: &LiveToken<'_>) -> IntrospectionResponse {
    let claims = token.claims();
    if !caller.may_know(claims) {
        return IntrospectionResponse::default();
    }
    IntrospectionResponse {
        active: true,
        scope: claims.scope.clone(),
        client_id: Some(claims.client_id.clone()),
        username: token.user().map(|user| user.username.clone()),
        token_type: Some("Bearer"),
        exp: Some(Timestamp(claims.exp.seconds())),
        iat: Some(Timestamp(claims.iat.seconds())),
        sub: Some(claims.sub.clone()),
        aud: claims.aud.as_slice().to_vec(),
        iss: Some(claims.iss.clone()),
        jti: Some(claims.jti.clone()),
        auth_time: claims.auth_time.map(|at| Timestamp(at.seconds())),
    }
}

/// What a client learns of a refresh token of its own.
pub fn introspect_refresh(
    caller: &IntrospectionCaller,
    token: &RefreshToken,
    grant: Option<&GrantWithSubject>,
    cx: &Cx<'_>,
) -> IntrospectionResponse {
    let IntrospectionCaller::Client(client) = caller else { return IntrospectionResponse::default() };
    let client = client.client();
    let own = grant.and_then(|row| row.of(client)).filter(|_| caller.is_client(client.id.as_str()));
    let active = own.and_then(|own| own.check_active(cx).ok());
    let overlap = RefreshOverlap::of(client, cx.policy);
    let is_good =
        |active: &ActiveGrant<'_>| active.grant().refresh.judge(token, overlap, cx.now, cx.keys).is_ok();
    let Some(active) = active.filter(is_good) else { return IntrospectionResponse::default() };
    let grant = active.grant();
    IntrospectionResponse {
        active: true,
        scope: Some(grant.scope.to_string()),
        client_id: Some(client.id.to_string()),
        username: Some(active.user().username.clone()),
        exp: Some(grant.expires_at),
        iat: Some(grant.created_at),
        sub: Some(grant.user_id.to_string()),
        iss: Some(cx.policy.issuer.as_str().to_owned()),
        ..IntrospectionResponse::default()
    }
}
