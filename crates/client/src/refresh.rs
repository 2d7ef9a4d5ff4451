//! Refreshing (OAuth 2.1 §4.3), once however many want it, and durable before it is used (row CL-13).
//!
//! Under the slot's lock the store is read again, so a task or process that waited finds the work done. If a reply is lost,
//! the old token is sent again: a server that rotates without loss takes it until its successor was used.

use proofkey_oauth::Secret;

use crate::clock;
use crate::error::Error;
use crate::form::form;
use crate::id_token::check_refreshed;
use crate::identity::Identity;
use crate::shared::Shared;
use crate::store::{Slot, SlotLock, StoredTokens};
use crate::token::{AccessToken, TokenAnswer, TokenAnswerError};

const WHAT: &str = "token endpoint";

/// The tokens of a sign-in under its slot's lock, as the store holds them. What [`Self::change`] changes is durable
/// before the lock is given back.
struct LockedTokens<'a> {
    slot: &'a Slot,
    tokens: &'a mut StoredTokens,
    _lock: SlotLock,
}

/// Puts fresh tokens into `held` and the store: those of another process if it has refreshed meanwhile, else those of a
/// refresh of our own.
pub(crate) async fn renew(shared: &Shared, held: &mut StoredTokens) -> Result<(), Error> {
    let known = held.access_token().token;
    let mut locked = LockedTokens::reload(&shared.slot, held).await?;
    let is_news = !locked.tokens.has_same_access_token(known.expose());
    if is_news && locked.tokens.is_good_until(clock::now()) {
        return Ok(());
    }
    let resource = shared.application.resource.as_ref().map(|resource| resource.as_str());
    let answer = refresh(shared, &mut locked, resource).await?;
    locked.change(|tokens| tokens.refreshed(&answer)).await?;
    if let Err(error) = check_id_token(shared, locked.tokens, &answer).await {
        locked.change(StoredTokens::discard_access_token).await?;
        return Err(error);
    }
    Ok(())
}

/// An access token for the issuer itself (userinfo), by a refresh that names it as the resource (RFC 8707 §2.2).
pub(crate) async fn for_issuer(shared: &Shared, held: &mut StoredTokens) -> Result<AccessToken, Error> {
    let mut locked = LockedTokens::reload(&shared.slot, held).await?;
    let answer = refresh(shared, &mut locked, Some(shared.application.issuer.as_str())).await?;
    locked.change(|tokens| tokens.keep_refresh_token(&answer)).await?;
    Ok(AccessToken { token: answer.access_token, expires_at: answer.expires_at })
}

/// Keeps the names that userinfo gave, beside whatever tokens the store holds by now.
pub(crate) async fn name(shared: &Shared, held: &mut StoredTokens, identity: Identity) -> Result<(), Error> {
    let mut locked = LockedTokens::reload(&shared.slot, held).await?;
    locked.change(|tokens| tokens.identity = Some(identity)).await
}

impl<'a> LockedTokens<'a> {
    /// Takes the lock and puts what the store holds now into `held`. [`Error::SignInAgain`] if the store is empty: the
    /// person has signed out meanwhile.
    async fn reload(slot: &'a Slot, held: &'a mut StoredTokens) -> Result<Self, Error> {
        let lock = slot.lock().await?;
        *held = slot.load().await?.ok_or(Error::SignInAgain)?;
        Ok(Self { slot, tokens: held, _lock: lock })
    }

    async fn change(&mut self, change: impl FnOnce(&mut StoredTokens)) -> Result<(), Error> {
        change(self.tokens);
        self.slot.save(self.tokens).await.map(|_| ())
    }

    /// Removes the sign-in from the store, and the access token from memory.
    async fn wipe(&mut self) -> Result<(), Error> {
        self.slot.wipe().await?;
        self.tokens.discard_access_token();
        Ok(())
    }
}

/// One refresh under the lock. If the server refuses the refresh token itself, the sign-in ends.
async fn refresh(
    shared: &Shared,
    locked: &mut LockedTokens<'_>,
    resource: Option<&str>,
) -> Result<TokenAnswer, Error> {
    let refresh_token = locked.tokens.refresh_token().ok_or(Error::SignInAgain)?;
    match exchange(shared, &refresh_token, resource).await {
        Ok(answer) => Ok(answer),
        Err(TokenAnswerError::InvalidGrant(cause)) => {
            tracing::debug!(%cause, "the refresh token is no longer good");
            locked.wipe().await?;
            Err(Error::SignInAgain)
        }
        Err(TokenAnswerError::Other(error)) => Err(error),
    }
}

/// Sends the request, and once more if no answer came.
async fn exchange(
    shared: &Shared,
    refresh_token: &Secret,
    resource: Option<&str>,
) -> Result<TokenAnswer, TokenAnswerError> {
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
async fn check_id_token(shared: &Shared, held: &StoredTokens, answer: &TokenAnswer) -> Result<(), Error> {
    let (Some(token), Some(identity)) = (&answer.id_token, &held.identity) else { return Ok(()) };
    let agreement = shared.agreement(&answer.access_token).await?;
    let nonce = held.nonce.as_deref();
    shared.with_keys(|keys| check_refreshed(token.expose(), keys, &agreement, nonce, &identity.subject)).await
}
