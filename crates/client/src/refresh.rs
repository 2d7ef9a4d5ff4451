//! Refreshing (OAuth 2.1 §4.3), once however many want it, and durable before it is used (row CL-13).
//!
//! Under the slot's lock the store is read again, so whoever waited finds the work done. If a reply is lost, the old
//! token is sent again: a server that rotates without loss takes it until its successor was used.

use proofkey_oauth::{Secret, Timestamp};

use crate::attempt::form;
use crate::client::Client;
use crate::clock;
use crate::error::Error;
use crate::id_token::{Agreement, check_refreshed};
use crate::identity::Identity;
use crate::store::{SlotLock, StoredTokens};
use crate::token::{AccessToken, TokenAnswer, TokenAnswerError};

const WHAT: &str = "token endpoint";

/// Puts fresh tokens into `held` and the store, be it by a refresh or by finding that another process did one.
pub(crate) async fn renew(client: &Client, held: &mut StoredTokens) -> Result<(), Error> {
    let lock = client.shared.slot.lock().await?;
    let stored = reload(client, &lock).await?;
    let is_news = !stored.has_same_access_token(held.access_token().token.expose());
    *held = stored;
    if is_news && held.is_good_until(clock::now()) {
        return Ok(());
    }
    let resource = client.application().resource.as_ref().map(|resource| resource.as_str());
    let answer = refresh(client, held, resource, &lock).await?;
    held.refreshed(&answer);
    client.shared.slot.save(held).await?;
    if let Err(error) = check_id_token(client, held, &answer).await {
        held.discard_access_token();
        client.shared.slot.save(held).await?;
        return Err(error);
    }
    Ok(())
}

/// An access token for the issuer itself (userinfo), by a refresh that names it as the resource (RFC 8707 §2.2).
pub(crate) async fn for_issuer(client: &Client, held: &mut StoredTokens) -> Result<AccessToken, Error> {
    let lock = client.shared.slot.lock().await?;
    *held = reload(client, &lock).await?;
    let answer = refresh(client, held, Some(client.application().issuer.as_str()), &lock).await?;
    held.keep_refresh_token(&answer);
    client.shared.slot.save(held).await?;
    Ok(AccessToken { token: answer.access_token, expires_at: answer.expires_at })
}

/// Keeps the names that userinfo gave, beside whatever tokens the store holds by now.
pub(crate) async fn name(client: &Client, held: &mut StoredTokens, identity: Identity) -> Result<(), Error> {
    let lock = client.shared.slot.lock().await?;
    *held = reload(client, &lock).await?;
    held.identity = Some(identity);
    client.shared.slot.save(held).await.map(|_| ())
}

/// What the store holds now. Empty means that someone signed out meanwhile.
async fn reload(client: &Client, _lock: &SlotLock) -> Result<StoredTokens, Error> {
    client.shared.slot.load().await?.ok_or(Error::SignInAgain)
}

/// One refresh under the lock. A refusal of the token itself ends the sign-in and leaves nothing stale behind.
async fn refresh(
    client: &Client,
    held: &mut StoredTokens,
    resource: Option<&str>,
    _lock: &SlotLock,
) -> Result<TokenAnswer, Error> {
    let Some(refresh_token) = held.refresh_token() else {
        return Err(Error::SignInAgain);
    };
    match exchange(client, &refresh_token, resource).await {
        Ok(answer) => Ok(answer),
        Err(TokenAnswerError::InvalidGrant(cause)) => {
            tracing::debug!(%cause, "the refresh token is no longer good");
            client.shared.slot.wipe().await?;
            held.discard_access_token();
            Err(Error::SignInAgain)
        }
        Err(TokenAnswerError::Other(error)) => Err(error),
    }
}

/// Sends the request, and once more if no answer came.
async fn exchange(
    client: &Client,
    refresh_token: &Secret,
    resource: Option<&str>,
) -> Result<TokenAnswer, TokenAnswerError> {
    let shared = &client.shared;
    let server = shared.server().await.map_err(TokenAnswerError::Other)?;
    let parameters = [
        ("grant_type", Some("refresh_token")),
        ("client_id", Some(shared.application.client_id.as_str())),
        ("refresh_token", Some(refresh_token.expose())),
        ("resource", resource),
    ];
    let form = Secret::new(form(parameters.into_iter()));
    let send = || shared.transport.post_form(WHAT, &server.token_endpoint, form.expose());
    let answer = match send().await {
        Err(Error::Unreachable { .. }) => send().await,
        other => other,
    };
    TokenAnswer::read(answer.map_err(TokenAnswerError::Other)?, clock::now())
}

/// A refresh may bring an ID token; if it does, it has to be for the same person (OpenID Connect Core §12.2).
async fn check_id_token(client: &Client, held: &StoredTokens, answer: &TokenAnswer) -> Result<(), Error> {
    let (Some(token), Some(identity)) = (&answer.id_token, &held.identity) else { return Ok(()) };
    let shared = &client.shared;
    let server = shared.server().await?;
    let now: Timestamp = clock::now();
    let agreement = Agreement {
        issuer: server.issuer.as_str(),
        client_id: &shared.application.client_id,
        algorithms: &server.id_token_algorithms,
        access_token: &answer.access_token,
        now,
    };
    let nonce = held.nonce.as_deref();
    shared.with_keys(|keys| check_refreshed(token.expose(), keys, &agreement, nonce, &identity.subject)).await
}
