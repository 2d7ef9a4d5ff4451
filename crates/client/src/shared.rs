//! What everything about one app shares: its server, found when first needed, the server's keys, and where its tokens are
//! kept. Knows neither sessions nor sign-ins, which are built on it.

use std::sync::Arc;

use proofkey_jose::{JwkSet, JwsError, KeySet};
use proofkey_oauth::Secret;
use tokio::sync::{Mutex, OnceCell};

use crate::application::Application;
use crate::clock;
use crate::discovery::{Server, discover};
use crate::error::Error;
use crate::id_token::{Agreement, IdTokenError};
use crate::store::{Slot, TokenStore};
use crate::transport::Transport;

/// Why a check with the issuer's keys fails.
pub(crate) trait OfKeys {
    /// Whether fresh keys may change that.
    fn is_unknown_key(&self) -> bool;
}

impl OfKeys for IdTokenError {
    fn is_unknown_key(&self) -> bool {
        *self == Self::Signature(JwsError::UnknownKey)
    }
}

/// What a client, its sessions and its sign-ins have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) application: Application,
    pub(crate) slot: Slot,
    pub(crate) transport: Transport,
    server: OnceCell<Server>,
    keys: Mutex<Option<Arc<KeySet>>>,
}

impl Shared {
    pub(crate) fn new(application: Application, store: &TokenStore) -> Self {
        Self {
            slot: store.slot(&application),
            application,
            transport: Transport::default(),
            server: OnceCell::new(),
            keys: Mutex::new(None),
        }
    }

    /// The server, asked once per client.
    pub(crate) async fn server(&self) -> Result<&Server, Error> {
        self.server.get_or_try_init(|| discover(&self.transport, &self.application.issuer)).await
    }

    /// What an ID token that comes with `access_token` has to agree with, now.
    pub(crate) async fn agreement<'a>(&'a self, access_token: &'a Secret) -> Result<Agreement<'a>, Error> {
        let server = self.server().await?;
        Ok(Agreement {
            issuer: server.issuer.as_str(),
            client_id: &self.application.client_id,
            algorithms: &server.id_token_algorithms,
            access_token,
            now: clock::now(),
        })
    }

    /// Runs a check with the issuer's keys, fetched again once if what is checked names one we do not have.
    pub(crate) async fn with_keys<T, E: OfKeys>(
        &self,
        check: impl Fn(&KeySet) -> Result<T, E>,
    ) -> Result<T, Error>
    where
        Error: From<E>,
    {
        let mut held = self.keys.lock().await;
        if let Some(keys) = held.as_ref() {
            match check(keys) {
                Err(error) if error.is_unknown_key() => {}
                outcome => return outcome.map_err(Error::from),
            }
        }
        let fetched = Arc::new(self.fetch_keys().await?);
        *held = Some(Arc::clone(&fetched));
        drop(held);
        check(&fetched).map_err(Error::from)
    }

    async fn fetch_keys(&self) -> Result<KeySet, Error> {
        const WHAT: &str = "jwks_uri";
        let url = self.server().await?.jwks_uri.as_ref().ok_or(Error::EndpointMissing(WHAT))?;
        let answer = self.transport.get(WHAT, url).await?.success(WHAT)?;
        let jwks = JwkSet::from_json(&answer.body).map_err(|_| Error::KeysMalformed)?;
        Ok(KeySet::from_jwks(&jwks))
    }
}
