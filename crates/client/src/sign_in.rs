//! A sign-in from the browser's start to the first tokens, in the order in which no step has to trust a later one:
//! answer checked → code exchanged → person verified → tokens durable → browser told.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use crate::attempt::{Attempt, AuthorizationCode, CallbackOutcome};
use crate::browser;
use crate::clock;
use crate::error::Error;
use crate::id_token::check_first;
use crate::identity::Identity;
use crate::listener::{Callbacks, Listener};
use crate::revocation::Revocable;
use crate::session::Session;
use crate::shared::Shared;
use crate::store::{StoredAt, StoredTokens};
use crate::token::TokenAnswer;
use crate::url::BrowserUrl;

/// How long the listener waits for the browser.
pub const SIGN_IN_TIMEOUT: Duration = Duration::from_secs(300);

/// A sign-in under way. Dropping it closes the listener.
#[derive(Debug)]
pub struct SignIn {
    shared: Arc<Shared>,
    attempt: Attempt,
    listener: Listener,
}

/// What a sign-in led to.
#[derive(Debug)]
#[non_exhaustive]
pub struct SignedIn {
    /// The session, ready for use.
    pub session: Session,
    /// Where its tokens are kept. Tell the person when it is a file.
    pub kept_in: StoredAt,
}

impl SignIn {
    pub(crate) const fn new(shared: Arc<Shared>, attempt: Attempt, listener: Listener) -> Self {
        Self { shared, attempt, listener }
    }

    /// The address to open. Print it: over SSH or in a container no browser starts by itself.
    pub const fn url(&self) -> &BrowserUrl {
        self.attempt.url()
    }

    /// Opens the address in the system's browser.
    pub async fn open_browser(&self) -> Result<(), Error> {
        browser::open(self.url()).await
    }

    /// Waits for the person, at most [`SIGN_IN_TIMEOUT`], then finishes the sign-in. Whatever the outcome, the
    /// listener is closed and the attempt's secrets are gone.
    pub async fn finish(self) -> Result<SignedIn, Error> {
        let Self { shared, attempt, listener } = self;
        let mut callbacks = listener.serve();
        let code = timeout(SIGN_IN_TIMEOUT, wait(&attempt, &mut callbacks)).await;
        let outcome = match code.unwrap_or(Err(Error::SignInTimedOut)) {
            Ok(code) => complete(shared, &attempt, &code).await,
            Err(error) => Err(error),
        };
        callbacks.close(outcome.is_ok()).await;
        outcome
    }
}

/// Judges the requests to the redirect URI until one is the answer to this attempt.
async fn wait(attempt: &Attempt, callbacks: &mut Callbacks) -> Result<AuthorizationCode, Error> {
    loop {
        let callback = callbacks.next().await.ok_or(Error::Interrupted)?;
        match attempt.receive(callback.params()) {
            Ok(CallbackOutcome::Ignored) => callback.ignore(),
            Ok(CallbackOutcome::Granted(code)) => {
                callback.accept();
                return Ok(code);
            }
            Err(error) => {
                callback.accept();
                return Err(error);
            }
        }
    }
}

/// From the code to a session. Tokens that were issued and are not kept are revoked (row CL-18): nothing else will
/// ever revoke them, so they would stay good until they expire.
async fn complete(
    shared: Arc<Shared>,
    attempt: &Attempt,
    code: &AuthorizationCode,
) -> Result<SignedIn, Error> {
    let server = shared.server().await?;
    let form = attempt.token_form(&shared.application, code);
    let answer = shared.transport.post_form("token endpoint", &server.token_endpoint, form.expose()).await?;
    let answer = TokenAnswer::read(answer, clock::now())?;
    let issued = Revocable::from(&answer);
    let (session, kept_in) = match keep(&shared, attempt, answer).await {
        Ok(kept) => kept,
        Err(error) => {
            issued.revoke_if_possible(&shared).await;
            return Err(error);
        }
    };
    match session.learn_names().await {
        // Missing names are no failure. Names of another person mean that the access token was swapped: an attack.
        Err(error @ Error::SubjectDiffers) => match session.sign_out().await {
            Ok(_) | Err(Error::NotSignedIn) => Err(error),
            Err(left) => Err(left),
        },
        Err(error) => {
            tracing::debug!(%error, "userinfo gave no names");
            Ok(SignedIn { session, kept_in })
        }
        Ok(()) => {
            // Names are saved too, and by then the keyring may have failed.
            let kept_in = session.stored_at().await?.unwrap_or(kept_in);
            Ok(SignedIn { session, kept_in })
        }
    }
}

/// Checks the ID token and keeps the tokens, in place of those of an earlier sign-in.
async fn keep(
    shared: &Arc<Shared>,
    attempt: &Attempt,
    answer: TokenAnswer,
) -> Result<(Session, StoredAt), Error> {
    let identity = identity(shared, attempt, &answer).await?;
    let slot = &shared.slot;
    let asked = shared.application.scope.clone();
    let tokens = StoredTokens::first(answer, asked, attempt.nonce(), identity, slot.owner.clone());
    let lock = slot.lock().await?;
    // Earlier tokens that cannot be read cannot be revoked; that must not prevent a new sign-in.
    let replaced = slot.load().await.ok().flatten();
    let kept_in = slot.save_first(&tokens).await?;
    drop(lock);
    if let Some(replaced) = replaced {
        Revocable::from(&replaced).revoke_if_possible(shared).await;
    }
    Ok((Session::new(Arc::clone(shared), tokens), kept_in))
}

async fn identity(
    shared: &Shared,
    attempt: &Attempt,
    answer: &TokenAnswer,
) -> Result<Option<Identity>, Error> {
    if !shared.application.wants_identity() {
        return Ok(None);
    }
    let token = answer.id_token.as_ref().ok_or(Error::IdTokenMissing)?;
    let agreement = shared.agreement(&answer.access_token).await?;
    let check =
        |keys: &_| check_first(token.expose(), keys, &agreement, attempt.nonce(), attempt.max_age_seconds());
    shared.with_keys(check).await.map(|claims| Some(Identity::of(claims.sub)))
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use proofkey_oauth::Issuer;

    use super::*;
    use crate::application::Application;
    use crate::attempt::SignInOptions;
    use crate::discovery::Server;
    use crate::store::TokenStore;

    fn begin(listener: Listener, store: &TokenStore) -> SignIn {
        let app = Application::new("https://id.example", "app").unwrap();
        let document = br#"{"issuer": "https://id.example", "token_endpoint": "https://id.example/token",
            "authorization_endpoint": "https://id.example/authorize", "code_challenge_methods_supported": ["S256"]}"#;
        let server = Server::from_metadata(&Issuer::parse("https://id.example").unwrap(), document).unwrap();
        let attempt =
            Attempt::begin(&server, &app, &SignInOptions::default(), listener.redirect_uri()).unwrap();
        SignIn::new(Arc::new(Shared::new(app, store)), attempt, listener)
    }

    #[tokio::test(start_paused = true)]
    async fn cl_06_the_listener_closes_after_five_minutes() {
        assert_eq!(SIGN_IN_TIMEOUT, Duration::from_secs(5 * 60));
        let directory = tempfile::tempdir().unwrap();
        let listener = Listener::open().await.unwrap();
        let addresses = listener.addresses();
        let waiting = tokio::spawn(begin(listener, &TokenStore::in_directory(directory.path())).finish());
        tokio::task::yield_now().await;
        tokio::time::advance(SIGN_IN_TIMEOUT - Duration::from_millis(1)).await;
        assert!(!waiting.is_finished());
        assert!(addresses.iter().all(|address| TcpStream::connect(address).is_ok()));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(matches!(waiting.await.unwrap(), Err(Error::SignInTimedOut)));
        // The tasks that hold the sockets end when the runtime gets to them.
        tokio::task::yield_now().await;
        assert!(addresses.iter().all(|address| TcpStream::connect(address).is_err()), "still open");
    }
}
