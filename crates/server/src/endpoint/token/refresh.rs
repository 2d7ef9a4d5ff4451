//! The refresh token grant: what is loaded for it, and what is told of it.

use proofkey_oauth::RefreshRequest;
use proofkey_protocol::token::{self, GrantRequest, Issue, RefreshGrant};
use proofkey_protocol::{AuthenticatedClient, RefreshToken, Refusal};

use crate::endpoint::context::RequestContext;
use crate::endpoint::failure::Failure;
use crate::log::Foreign;
use crate::metrics::SecurityEvent;

/// Redeems a refresh token. A retired one revokes its grant, which is logged and counted.
pub(super) async fn refresh(
    context: &RequestContext<'_>,
    request: &RefreshRequest,
    client: &AuthenticatedClient,
) -> Result<Result<Issue, Refusal>, Failure> {
    let app = context.app;
    let token = RefreshToken::read(&app.keys, request.refresh_token.expose());
    let load = || async {
        match &token {
            Some(token) => Ok(app.store.grant(token.grant).await?),
            None => Ok(None),
        }
    };
    let decided = context.settle(load, |row, cx| {
        let grant = RefreshGrant { request, token: token.as_ref(), grant: row.as_ref() };
        token::decide(&GrantRequest::Refresh(grant), client, cx)
    });
    let outcome = decided.await?;
    if let (Err(Refusal::RefreshTokenRetired), Some(token)) = (&outcome, &token) {
        tracing::warn!(
            grant = %token.grant, client_id = %Foreign(&client.client().id), address = %context.arrival.client.0,
            generation = token.generation, "a retired refresh token was used: its grant is revoked"
        );
        app.metrics.count(SecurityEvent::RefreshReused);
    }
    Ok(outcome)
}
