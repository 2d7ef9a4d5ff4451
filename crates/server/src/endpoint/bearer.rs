//! An access token that comes back to us, with the facts that decide whether it holds. They are loaded at every use.

use http::{HeaderMap, HeaderValue, header};
use proofkey_jose::claims::AccessTokenClaims;
use proofkey_oauth::PresentedToken;
use proofkey_protocol::bearer::{self, LiveToken, TokenFacts};
use proofkey_protocol::{GrantWithSubject, Refusal, TokenId};

use super::context::RequestContext;
use super::failure::Failure;

/// The token in the header. One in the query is not looked for (OAuth 2.1 §5.1).
pub(super) fn presented(headers: &HeaderMap) -> Result<&str, Refusal> {
    match PresentedToken::find(headers.get_all(header::AUTHORIZATION).iter().map(HeaderValue::as_bytes)) {
        PresentedToken::Present(token) => Ok(token),
        PresentedToken::Absent | PresentedToken::Unreadable => Err(Refusal::TokenMissing),
        PresentedToken::Several => Err(Refusal::TokenTransports),
        PresentedToken::Malformed => Err(Refusal::TokenInvalid),
    }
}

/// What the store knows of an access token of ours.
pub(super) struct TokenState {
    grant: Option<GrantWithSubject>,
    revoked: bool,
}

impl TokenState {
    /// Loads it, for claims whose signature is ours.
    pub(super) async fn load(
        context: &RequestContext<'_>,
        claims: &AccessTokenClaims,
    ) -> Result<Self, Failure> {
        let store = &context.app.store;
        let grant = match bearer::grant_named(claims) {
            Some(id) => store.grant(id).await?,
            None => None,
        };
        let revoked = match TokenId::parse(&claims.jti) {
            Some(id) => store.access_token_revoked(id).await?,
            None => true,
        };
        Ok(Self { grant, revoked })
    }

    /// Judges the token as things stand.
    pub(super) fn live<'a>(
        &'a self,
        context: &'a RequestContext<'_>,
        claims: &'a AccessTokenClaims,
    ) -> Result<LiveToken<'a>, Refusal> {
        let client = context.directory.client(&claims.client_id).map(|client| &**client);
        let facts = TokenFacts { grant: self.grant.as_ref(), revoked: self.revoked, client };
        bearer::live(claims, &facts, context.now)
    }
}
