//! The client of one app: its server, found when first needed, the server's keys, and where its tokens are kept.

use std::sync::Arc;

use proofkey_jose::{JwkSet, JwsError, KeySet};
use tokio::sync::{Mutex, OnceCell};

use crate::application::Application;
use crate::attempt::{Attempt, Wishes};
use crate::discovery::{Server, discover};
use crate::error::Error;
use crate::id_token::IdTokenError;
use crate::listener::Listener;
use crate::session::Session;
use crate::sign_in::SignIn;
use crate::store::{Slot, TokenStore};
use crate::transport::Transport;

/// An OAuth client for one app. Cheap to clone; clones share what was learnt about the server.
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) shared: Arc<Shared>,
}

/// What the clones share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) application: Application,
    pub(crate) slot: Slot,
    pub(crate) transport: Transport,
    server: OnceCell<Server>,
    keys: Mutex<Option<Arc<KeySet>>>,
}

impl Client {
    /// A client that keeps tokens in the keyring, else in the person's data directory.
    pub fn new(application: Application) -> Result<Self, Error> {
        Ok(Self::with_store(application, &TokenStore::open()?))
    }

    /// A client that keeps tokens elsewhere.
    pub fn with_store(application: Application, store: &TokenStore) -> Self {
        let shared = Shared {
            slot: store.slot(&application),
            application,
            transport: Transport::default(),
            server: OnceCell::new(),
            keys: Mutex::new(None),
        };
        Self { shared: Arc::new(shared) }
    }

    /// The app.
    pub fn application(&self) -> &Application {
        &self.shared.application
    }

    /// Opens the listener for the browser's return and prepares the address to send the browser to.
    pub async fn sign_in(&self) -> Result<SignIn, Error> {
        self.sign_in_with(&Wishes::default()).await
    }

    /// The same with wishes about how the person signs in.
    pub async fn sign_in_with(&self, wishes: &Wishes) -> Result<SignIn, Error> {
        let server = self.shared.server().await?;
        let listener = Listener::open().await.map_err(Error::ListenerUnavailable)?;
        let attempt = Attempt::begin(server, self.application(), wishes, listener.redirect_uri())?;
        Ok(SignIn::new(self.clone(), attempt, listener))
    }

    /// The session of an earlier sign-in, by this process or another. Needs no network.
    pub async fn session(&self) -> Result<Session, Error> {
        let tokens = self.shared.slot.load().await?.ok_or(Error::NotSignedIn)?;
        let application = self.application();
        if !application.scope.is_subset(&tokens.asked) {
            return Err(Error::ScopeNotAsked(application.scope.to_string()));
        }
        Ok(Session::new(self.clone(), tokens))
    }
}

impl Shared {
    /// The server, asked once per client.
    pub(crate) async fn server(&self) -> Result<&Server, Error> {
        self.server.get_or_try_init(|| discover(&self.transport, &self.application.issuer)).await
    }

    /// Runs an ID token check with the issuer's keys, fetched again once if the token names one we do not have.
    pub(crate) async fn with_keys<T>(
        &self,
        check: impl Fn(&KeySet) -> Result<T, IdTokenError>,
    ) -> Result<T, Error> {
        let mut held = self.keys.lock().await;
        if let Some(keys) = held.as_ref() {
            match check(keys) {
                Err(IdTokenError::Signature(JwsError::UnknownKey)) => {}
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
