//! A sign-in from the browser's start to the first tokens, in the order in which no step has to trust a later one:
//! answer checked → code exchanged → person verified → tokens durable → browser told.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use crate::attempt::{Attempt, AuthorizationCode, CallbackOutcome};
use crate::browser;
use crate::clock;
use crate::error::Error;
use crate::id_token::{IdTokenOf, check};
use crate::identity::Identity;
use crate::listener::{Callbacks, Listener};
use crate::revocation::Revocable;
use crate::session::Session;
use crate::shared::Shared;
use crate::store::{StoredAt, StoredTokens};
use crate::token::{TokenAnswer, TokenAnswerError};
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
        self.finish_or_paste(async |_| None).await
    }

    /// [`Self::finish`], where the browser runs on another machine and does not get back to this one: the address that it ends at
    /// can come by hand as well. `paste` waits for one; it is called with `true` when the one before was not of this sign-in,
    /// dropped when the browser comes back by itself, and not called any more after it returned nothing.
    pub async fn finish_or_paste(
        self,
        mut paste: impl AsyncFnMut(bool) -> Option<String>,
    ) -> Result<SignedIn, Error> {
        let Self { shared, attempt, listener } = self;
        let mut callbacks = listener.serve();
        let code = timeout(SIGN_IN_TIMEOUT, wait(&attempt, &mut callbacks, &mut paste)).await;
        let outcome = match code.unwrap_or(Err(Error::SignInTimedOut)) {
            Ok(code) => complete(shared, &attempt, &code).await,
            Err(error) => Err(error),
        };
        callbacks.close(outcome.is_ok()).await;
        outcome
    }
}

/// Judges the requests to the redirect URI, and what is pasted, until one is the answer to this attempt.
async fn wait(
    attempt: &Attempt,
    callbacks: &mut Callbacks,
    paste: &mut impl AsyncFnMut(bool) -> Option<String>,
) -> Result<AuthorizationCode, Error> {
    let (mut may_paste, mut was_foreign) = (true, false);
    loop {
        let callback = tokio::select! {
            callback = callbacks.next() => callback.ok_or(Error::Interrupted)?,
            pasted = paste(was_foreign), if may_paste => {
                let Some(pasted) = pasted else {
                    may_paste = false;
                    continue;
                };
                match attempt.receive_pasted(&pasted)? {
                    CallbackOutcome::Granted(code) => return Ok(code),
                    CallbackOutcome::Ignored => was_foreign = true,
                }
                continue;
            }
        };
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
    let (what, url) = ("token endpoint", &server.token_endpoint);
    let answer = shared.transport.post_form(what, url, &shared.application, &form).await?;
    let answer = match TokenAnswer::read(answer, clock::now()) {
        Err(TokenAnswerError::Unusable { error, refresh_token }) => {
            if let Some(token) = refresh_token {
                Revocable::from(token).revoke_if_possible(&shared).await;
            }
            return Err(error);
        }
        other => other?,
    };
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
    let sign_in = IdTokenOf::Code { nonce: attempt.nonce(), max_age_seconds: attempt.max_age_seconds() };
    let claims = shared.with_keys(|keys| check(token.expose(), keys, &agreement, &sign_in)).await?;
    Ok(Some(Identity::of(claims.sub)))
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use proofkey_oauth::Issuer;

    use super::*;
    use crate::application::Application;
    use crate::attempt::SignInOptions;
    use crate::discovery::Server;
    use crate::listener::Purpose;
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
        let listener = Listener::open(Purpose::SignIn).await.unwrap();
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
