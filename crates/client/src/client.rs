//! The client of one app: begins sign-ins, finds sessions, signs out.

use std::sync::Arc;

use crate::application::Application;
use crate::attempt::{Attempt, SignInOptions};
use crate::error::Error;
use crate::listener::{Listener, Purpose};
use crate::logout::{self, SignedOut, WayBack};
use crate::session::Session;
use crate::shared::Shared;
use crate::sign_in::SignIn;
use crate::store::TokenStore;

/// An OAuth client for one app. Cheap to clone; clones share what was learnt about the server.
#[derive(Clone, Debug)]
pub struct Client {
    shared: Arc<Shared>,
}

impl Client {
    /// A client that keeps tokens in the keyring, else in the person's data directory.
    pub fn new(application: Application) -> Result<Self, Error> {
        Ok(Self::with_store(application, &TokenStore::open()?))
    }

    /// A client that keeps tokens elsewhere.
    pub fn with_store(application: Application, store: &TokenStore) -> Self {
        Self { shared: Arc::new(Shared::new(application, store)) }
    }

    /// The app that this client was made for.
    pub fn application(&self) -> &Application {
        &self.shared.application
    }

    /// Opens the listener for the browser's return and prepares the address to send the browser to.
    pub async fn sign_in(&self) -> Result<SignIn, Error> {
        self.sign_in_with(&SignInOptions::default()).await
    }

    /// [`Self::sign_in`] with options about how the person signs in.
    pub async fn sign_in_with(&self, options: &SignInOptions) -> Result<SignIn, Error> {
        let server = self.shared.server().await?;
        // Before the user signs in for tokens that have no place.
        self.shared.slot.probe().await?;
        let listener = match options.callback_port {
            Some(port) => Listener::open_at(port, Purpose::SignIn)
                .await
                .map_err(|cause| Error::PortUnavailable { port, cause })?,
            None => Listener::open(Purpose::SignIn).await.map_err(Error::ListenerUnavailable)?,
        };
        let attempt = Attempt::begin(server, self.application(), options, listener.redirect_uri())?;
        Ok(SignIn::new(Arc::clone(&self.shared), attempt, listener))
    }

    /// The session of an earlier sign-in, by this process or another. Needs no network.
    pub async fn session(&self) -> Result<Session, Error> {
        let tokens = self.shared.slot.load().await?.ok_or(Error::NotSignedIn)?;
        let application = self.application();
        if !application.scope.is_subset(&tokens.asked) {
            return Err(Error::ScopeNotAsked(application.scope.to_string()));
        }
        Ok(Session::new(Arc::clone(&self.shared), tokens))
    }

    /// Ends the sign-in that is stored, this process's or another's.
    pub async fn sign_out(&self) -> Result<SignedOut, Error> {
        logout::sign_out(&self.shared).await
    }

    /// The same, and opens a listener to which the server's page leads back. `http://127.0.0.1/signed-out` has to be registered as
    /// a post-logout redirect URI, or the server will show an error instead.
    pub async fn sign_out_and_return(&self) -> Result<(SignedOut, Option<WayBack>), Error> {
        logout::sign_out_and_return(&self.shared).await
    }
}
