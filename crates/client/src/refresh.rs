//! Refreshing (OAuth 2.1 §4.3), once however many want it, and durable before it is used (row CL-13).
//!
//! Under the slot's lock the store is read again, so a task or process that waited finds the work done. If a reply is lost,
//! the old token is sent again: a server that rotates without loss takes it until its successor was used.

use proofkey_oauth::Secret;

use crate::clock;
use crate::error::Error;
use crate::form::form;
use crate::id_token::{IdTokenOf, check};
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
    refresh(shared, &mut locked, Audience::App).await.map(|_| ())
}

/// An access token for the issuer itself (userinfo), by a refresh that names it as the resource (RFC 8707 §2.2).
pub(crate) async fn for_issuer(shared: &Shared, held: &mut StoredTokens) -> Result<AccessToken, Error> {
    let mut locked = LockedTokens::reload(&shared.slot, held).await?;
    let answer = refresh(shared, &mut locked, Audience::Issuer).await?;
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

/// Whom the access token of a refresh is for.
#[derive(Clone, Copy)]
enum Audience {
    /// What the app signed in for: its API, if it named one.
    App,
    /// The server itself. The token is used once and not kept.
    Issuer,
}

/// One refresh under the lock: what came is kept, and only then the rest of the answer is judged. If the server refuses the
/// refresh token itself, the sign-in ends.
async fn refresh(
    shared: &Shared,
    locked: &mut LockedTokens<'_>,
    audience: Audience,
) -> Result<TokenAnswer, Error> {
    let refresh_token = locked.tokens.refresh_token().ok_or(Error::SignInAgain)?;
    let application = &shared.application;
    let resource = match audience {
        Audience::App => application.resource.as_ref().map(|resource| resource.as_str()),
        Audience::Issuer => Some(application.issuer.as_str()),
    };
    match exchange(shared, &refresh_token, resource).await {
        Ok(answer) => {
            let keep = match audience {
                Audience::App => StoredTokens::refreshed,
                Audience::Issuer => StoredTokens::keep_refresh_token,
            };
            locked.change(|tokens| keep(tokens, &answer)).await?;
            match (check_id_token(shared, locked.tokens, &answer).await, audience) {
                (Ok(()), _) => Ok(answer),
                (Err(error), Audience::Issuer) => Err(error),
                (Err(error), Audience::App) => {
                    locked.change(StoredTokens::discard_access_token).await?;
                    Err(error)
                }
            }
        }
        Err(TokenAnswerError::Unusable { error, refresh_token }) => {
            if let Some(token) = refresh_token {
                locked.change(|tokens| tokens.replace_refresh_token(&token)).await?;
            }
            Err(error)
        }
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
    let application = &shared.application;
    let [client_id, client_secret] = application.authentication.parameters(&application.client_id);
    let parameters = [
        ("grant_type", Some("refresh_token")),
        client_id,
        client_secret,
        ("refresh_token", Some(refresh_token.expose())),
        ("resource", resource),
    ];
    let form = Secret::new(form(parameters.into_iter()));
    let send = || shared.transport.post_form(WHAT, &server.token_endpoint, application, &form);
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
    let (nonce, subject) = (held.nonce.as_deref(), identity.subject.as_str());
    let sign_in = IdTokenOf::Refresh { nonce, subject };
    shared.with_keys(|keys| check(token.expose(), keys, &agreement, &sign_in)).await.map(|_| ())
}
