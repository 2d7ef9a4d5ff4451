//! An access token that comes back to us, with the facts that decide whether it holds. They are loaded at every use.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, header};
use proofkey_jose::claims::AccessTokenClaims;
use proofkey_oauth::{Params, PresentedToken, Timestamp};
use proofkey_protocol::bearer::{self, LiveToken, TokenFacts};
use proofkey_protocol::{
    AccessTokenFacts, Client, ClientId, ClientStatus, GrantWithSubject, Refusal, TokenId,
};

use super::context::RequestContext;
use super::failure::Failure;
use crate::keys::SignedClaims;

/// The parameter of a form that carries a token.
const FORM_PARAMETER: &str = "access_token";

/// The token in the header or, of a form post, in the form (RFC 6750 §2.2): in one of the two. One in the query is not looked
/// for (OAuth 2.1 §5.1).
pub(super) fn presented<'a>(headers: &'a HeaderMap, form: Option<&'a Params>) -> Result<&'a str, Refusal> {
    let in_header =
        PresentedToken::find(headers.get_all(header::AUTHORIZATION).iter().map(HeaderValue::as_bytes));
    if let Some(repeated) = form.and_then(|form| form.repeated(&[FORM_PARAMETER])) {
        return Err(repeated.into());
    }
    match (in_header, form.and_then(|form| form.first(FORM_PARAMETER))) {
        (PresentedToken::Absent, Some(token)) => Ok(token),
        (_, Some(_)) | (PresentedToken::Several, None) => Err(Refusal::TokenTransports),
        (PresentedToken::Present(token), None) => Ok(token),
        (PresentedToken::Absent | PresentedToken::Unreadable, None) => Err(Refusal::TokenMissing),
        (PresentedToken::Malformed, None) => Err(Refusal::TokenInvalid),
    }
}

/// What the store knows of an access token of ours.
pub(super) struct TokenState {
    grant: Option<Arc<GrantWithSubject>>,
    token: AccessTokenFacts,
}

/// What is known of a token that has no id, or whose grant or key is gone.
const NOTHING: AccessTokenFacts =
    AccessTokenFacts { client: ClientStatus::Unregistered, client_valid_from: Timestamp(0), revoked: true };

impl TokenState {
    /// Loads it, for claims whose signature is ours.
    pub(super) async fn load(context: &RequestContext<'_>, claims: &SignedClaims) -> Result<Self, Failure> {
        let store = &context.app.store;
        let (grant, token) = match (bearer::grant_named(claims), TokenId::parse(&claims.jti)) {
            (Some(grant), Some(token)) => store.granted_access_token(grant, token).await?.unzip(),
            (None, Some(token)) => {
                (None, Some(store.access_token(&ClientId::new(&*claims.client_id), token).await?))
            }
            (_, None) => (None, None),
        };
        let holds = context.still_holds(|keys| keys.vouch_for(claims)).await?;
        let token = token.filter(|_| holds).unwrap_or(NOTHING);
        Ok(Self { grant, token })
    }

    /// Judges the token as things stand, for the client that it was issued to.
    pub(super) fn live<'a>(
        &'a self,
        context: &RequestContext<'_>,
        claims: &'a AccessTokenClaims,
        client: Option<&'a Client>,
    ) -> Result<LiveToken<'a>, Refusal> {
        let facts = TokenFacts { grant: self.grant.as_deref(), token: self.token, client };
        context.decide(|cx| bearer::live(claims, &facts, cx))
    }
}
