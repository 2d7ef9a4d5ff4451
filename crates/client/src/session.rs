//! A signed-in person's tokens, kept fresh.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::application::Application;
use crate::clock;
use crate::error::Error;
use crate::identity::Identity;
use crate::logout::{self, SignedOut};
use crate::refresh::{for_issuer, name, renew};
use crate::shared::Shared;
use crate::store::{StoredAt, StoredTokens};
use crate::token::AccessToken;
use crate::userinfo;

/// A sign-in, usable from any number of tasks at once. Tokens are refreshed once however many tasks and processes ask.
#[derive(Debug)]
pub struct Session {
    pub(crate) shared: Arc<Shared>,
    /// Held while refreshing: this is what makes a refresh single-flight within the process.
    held: Arc<Mutex<StoredTokens>>,
}

impl Session {
    pub(crate) fn new(shared: Arc<Shared>, tokens: StoredTokens) -> Self {
        Self { shared, held: Arc::new(Mutex::new(tokens)) }
    }

    /// The app that is signed in.
    pub fn application(&self) -> &Application {
        &self.shared.application
    }

    /// The person who signed in; `None` without the scope `openid`.
    pub async fn identity(&self) -> Option<Identity> {
        self.held.lock().await.identity.clone()
    }

    /// The granted scope, space-separated.
    pub async fn scope(&self) -> String {
        self.held.lock().await.granted.to_string()
    }

    /// Where the tokens are now; `None` after signing out. If the keyring fails during a refresh, they move to a file:
    /// tell the person.
    pub async fn stored_at(&self) -> Result<Option<StoredAt>, Error> {
        self.shared.slot.stored_at().await
    }

    /// An access token that works for at least `validity_min` more, refreshed if need be. The new refresh token is on
    /// disk before the access token is handed out.
    pub async fn access_token(&self, validity_min: Duration) -> Result<AccessToken, Error> {
        let seconds = i64::try_from(validity_min.as_secs()).unwrap_or(i64::MAX);
        let held = Arc::clone(&self.held).lock_owned().await;
        if held.is_good_until(clock::now() + seconds) {
            return Ok(held.access_token());
        }
        self.renewed(held).await
    }

    /// A token in place of one that an API refused; another task or process may have fetched it already.
    pub(crate) async fn access_token_after(&self, refused: &AccessToken) -> Result<AccessToken, Error> {
        let held = Arc::clone(&self.held).lock_owned().await;
        if !held.has_same_access_token(refused.token.expose()) {
            return Ok(held.access_token());
        }
        self.renewed(held).await
    }

    /// The claims that userinfo tells about the person, as the server sent them.
    pub async fn user_info(&self) -> Result<serde_json::Map<String, serde_json::Value>, Error> {
        let identity = self.identity().await.ok_or(Error::UserInfoNeedsOpenid)?;
        let claims = userinfo::fetch(&self.shared, &self.token_for_issuer().await?.token).await?;
        identity.with_claims(&claims)?;
        Ok(claims)
    }

    /// Revokes the tokens at the server and removes them here, even if the server is down.
    pub async fn sign_out(self) -> Result<SignedOut, Error> {
        logout::sign_out(&self.shared).await
    }

    /// Fills in names right after a sign-in.
    pub(crate) async fn learn_names(&self) -> Result<(), Error> {
        let Some(identity) = self.identity().await else { return Ok(()) };
        if self.shared.server().await?.userinfo_endpoint.is_none() {
            return Ok(());
        }
        let claims = self.user_info().await?;
        let named = identity.with_claims(&claims)?;
        name(&self.shared, &mut *self.held.lock().await, named).await
    }

    /// A token for the server itself. A token for an API must not be sent there (row CL-09), so another is asked for.
    async fn token_for_issuer(&self) -> Result<AccessToken, Error> {
        if self.application().resource.is_none() {
            return self.access_token(Duration::from_secs(10)).await;
        }
        let mut held = Arc::clone(&self.held).lock_owned().await;
        let shared = Arc::clone(&self.shared);
        detached(async move { for_issuer(&shared, &mut held).await }).await
    }

    async fn renewed(&self, mut held: OwnedMutexGuard<StoredTokens>) -> Result<AccessToken, Error> {
        let shared = Arc::clone(&self.shared);
        detached(async move {
            renew(&shared, &mut held).await?;
            Ok(held.access_token())
        })
        .await
    }
}

/// Runs work to its end even if the caller stops waiting: a refresh that was cancelled between the server's answer and
/// our disk would lose the new token.
async fn detached<T: Send + 'static>(
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    tokio::spawn(work).await.map_err(|_| Error::Interrupted)?
}
