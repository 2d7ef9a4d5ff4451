//! Signing out: revoke at the server (RFC 7009), then wipe here, even if the server is down (row CL-18).

use std::time::Duration;

use proofkey_oauth::{constant_time_eq, form_encode};
use tokio::time::timeout;

use crate::error::Error;
use crate::listener::{Callbacks, Listener, Purpose};
use crate::random;
use crate::revocation::{REVOKE_TIMEOUT, Revocable};
use crate::shared::Shared;
use crate::url::BrowserUrl;

/// How long the listener waits for the browser after a sign-out.
const RETURN_TIMEOUT: Duration = Duration::from_secs(300);

/// What signing out did. The tokens are gone from this machine in any case.
#[derive(Debug)]
#[non_exhaustive]
pub struct SignedOut {
    /// Whether the server took the tokens back. If not, the refresh token stays good until it expires: tell the person.
    pub revoked: Result<(), Error>,
    /// The address that ends the browser's session at the server too, if the person opens it (RP-Initiated Logout §2). It is there
    /// whenever the server has one, and matters most where the tokens could not be taken back.
    pub end_session_url: Option<BrowserUrl>,
}

/// Where the browser returns to after the server's page. Dropping it closes the listener.
#[derive(Debug)]
pub struct WayBack {
    listener: Listener,
    state: String,
}

impl WayBack {
    /// Waits for the browser to come back, five minutes at most.
    pub async fn wait(self) -> Result<(), Error> {
        let Self { listener, state } = self;
        let mut callbacks = listener.serve();
        let returned = timeout(RETURN_TIMEOUT, returned(&mut callbacks, &state)).await;
        let returned = returned.unwrap_or(Err(Error::SignOutTimedOut));
        callbacks.close(returned.is_ok()).await;
        returned
    }
}

/// Ends the sign-in that the store holds.
pub(crate) async fn sign_out(shared: &Shared) -> Result<SignedOut, Error> {
    let revoked = end_here(shared).await?;
    let end_session_url = end_session(shared, &[]).await?;
    Ok(SignedOut { revoked, end_session_url })
}

/// The same, with a listener for the browser's way back, if the server has a page to come back from.
pub(crate) async fn sign_out_and_return(shared: &Shared) -> Result<(SignedOut, Option<WayBack>), Error> {
    let listener = Listener::open(Purpose::SignOut).await.map_err(Error::ListenerUnavailable)?;
    let state = random::text()?;
    let revoked = end_here(shared).await?;
    let parameters = [("post_logout_redirect_uri", listener.redirect_uri()), ("state", state.as_str())];
    let end_session_url = end_session(shared, &parameters).await?;
    let way_back = end_session_url.is_some().then_some(WayBack { listener, state });
    Ok((SignedOut { revoked, end_session_url }, way_back))
}

/// Has the server take the tokens back, and wipes them whatever it says.
async fn end_here(shared: &Shared) -> Result<Result<(), Error>, Error> {
    let slot = &shared.slot;
    let _lock = slot.lock().await?;
    let revoked = match slot.load().await {
        Ok(Some(tokens)) => Revocable::from(&tokens).revoke(shared).await,
        Ok(None) => return Err(Error::NotSignedIn),
        // Unreadable tokens cannot be revoked, but they can be removed.
        Err(error) => Err(error),
    };
    slot.wipe().await?;
    Ok(revoked)
}

/// The server's page for signing out; `None` if it has none, or cannot be asked now.
///
/// Without `id_token_hint`: the address becomes an argument of the browser's process, which others on the machine
/// can list. The server asks the person instead.
async fn end_session(shared: &Shared, parameters: &[(&str, &str)]) -> Result<Option<BrowserUrl>, Error> {
    let Ok(Ok(server)) = timeout(REVOKE_TIMEOUT, shared.server()).await else { return Ok(None) };
    let Some(url) = &server.end_session_endpoint else { return Ok(None) };
    let mut query = String::new();
    form_encode(&mut query, "client_id", &shared.application.client_id);
    for (name, value) in parameters {
        query.push('&');
        form_encode(&mut query, name, value);
    }
    url.with_query("end_session_endpoint", &query).map(Some)
}

/// Waits for the request that carries our state; any program on this machine can send others.
async fn returned(callbacks: &mut Callbacks, state: &str) -> Result<(), Error> {
    loop {
        let callback = callbacks.next().await.ok_or(Error::Interrupted)?;
        let sent = callback.params().first("state").unwrap_or_default();
        if constant_time_eq(sent.as_bytes(), state.as_bytes()) {
            callback.accept();
            return Ok(());
        }
        callback.ignore();
    }
}
