//! The refresh token grant: what is loaded for it, and what is told of it.

use proofkey_oauth::{RefreshRequest, Scope};
use proofkey_protocol::token::{self, GrantRequest, Issue, RefreshGrant};
use proofkey_protocol::{AuthenticatedClient, GrantWithSubject, RefreshToken, Refusal, UserRecord};
use tokio::sync::OnceCell;

use super::user::user_of;
use crate::endpoint::context::RequestContext;
use crate::endpoint::failure::Failure;
use crate::keys::Keys;
use crate::log::Foreign;
use crate::metrics::SecurityEvent;

/// Redeems a refresh token. A retired one revokes its grant or makes it suspect, which is logged and counted.
pub(super) async fn refresh(
    context: &RequestContext<'_>,
    request: &RefreshRequest,
    client: &AuthenticatedClient,
) -> Result<Result<Box<Issue>, Refusal>, Failure> {
    let app = context.app;
    let read = |keys: &Keys| RefreshToken::read(keys.artefacts(), request.refresh_token.expose());
    let token = read(&context.keys);
    // A scope that cannot be read is refused by the decision.
    let narrowed = request.scope.as_deref().and_then(|scope| Scope::parse(scope).ok());
    // Read once: what a user is called decides nothing, so a conflict asks for no other record.
    let user: OnceCell<Option<UserRecord>> = OnceCell::new();
    let load = || async {
        match &token {
            Some(token) => {
                let row = app.store.grant(token.grant).await?;
                if let Some(grant) = row.as_ref().map(GrantWithSubject::grant) {
                    let scope = narrowed.as_ref().unwrap_or(&grant.scope);
                    user.get_or_try_init(|| user_of(context, client, &grant.user_id, scope)).await?;
                }
                Ok((row, context.still_holds(|keys| read(keys).is_some()).await?))
            }
            None => Ok((None, false)),
        }
    };
    let decided = context.settle(load, |(row, holds), cx| {
        let token = token.as_ref().filter(|_| holds);
        let user = user.get().and_then(Option::as_ref);
        let grant = RefreshGrant { request, token, grant: row.as_ref(), user };
        token::decide(&GrantRequest::Refresh(grant), client, cx)
    });
    let outcome = decided.await?;
    if let Some(token) = &token {
        tell(context, token, client, &outcome);
    }
    Ok(outcome)
}

/// What operators hear of it.
fn tell(
    context: &RequestContext<'_>,
    token: &RefreshToken,
    client: &AuthenticatedClient,
    outcome: &Result<Box<Issue>, Refusal>,
) {
    let (app, address) = (context.app, context.arrival.client.0);
    let (grant, client_id, generation) = (token.grant, Foreign(&client.client().id), token.generation);
    match outcome {
        Ok(issue) if issue.refresh.as_ref().is_some_and(|refresh| refresh.repeated) => {
            repeated(context, token, client);
        }
        Ok(_) => app.refresh_uses.first(&token.hash, address),
        Err(Refusal::RefreshTokenRetired) => {
            tracing::warn!(
                %grant, %client_id, %address, generation,
                "a retired refresh token was used: its grant is revoked"
            );
            app.metrics.count(SecurityEvent::RefreshReused);
        }
        Err(Refusal::RefreshTokenStale) => {
            if app.refresh_uses.again(&token.hash, address).is_worth_a_line() {
                tracing::warn!(
                    %grant, %client_id, %address, generation,
                    "a retired refresh token of a shared sign-in was used: its grant is suspect, and ends when the person \
                     signs in to this client again"
                );
            }
            app.metrics.count(SecurityEvent::RefreshStale);
        }
        Err(Refusal::RefreshTokenAhead) => {
            if app.refresh_uses.again(&token.hash, address).is_worth_a_line() {
                tracing::error!(
                    rule = "store.behind", %grant, %client_id, %address, generation,
                    "a refresh token is newer than the database: was it restored from a backup?"
                );
            }
            app.metrics.count(SecurityEvent::StoreBehind);
        }
        Err(_) => {}
    }
}

/// A repeat is nothing bad by itself; from another address it may be a copy.
fn repeated(context: &RequestContext<'_>, token: &RefreshToken, client: &AuthenticatedClient) {
    let app = context.app;
    let repeat = app.refresh_uses.again(&token.hash, context.arrival.client.0);
    app.metrics.count(SecurityEvent::RefreshRepeated);
    let elsewhere = repeat.elsewhere > 0;
    if elsewhere {
        app.metrics.count(SecurityEvent::RefreshRepeatedElsewhere);
    }
    if !repeat.is_worth_a_line() {
        return;
    }
    let (grant, client_id, generation) = (token.grant, Foreign(&client.client().id), token.generation);
    let (repeats, [first, this]) = (repeat.repeats, repeat.addresses.map(|hash| format!("{hash:016x}")));
    if elsewhere {
        tracing::warn!(
            %grant, %client_id, generation, repeats, from = this, first_from = first,
            "a used refresh token came again, from another address"
        );
    } else {
        tracing::info!(%grant, %client_id, generation, repeats, from = this, "a used refresh token came again");
    }
}
