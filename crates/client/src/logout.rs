//! Signing out: revoke at the server (RFC 7009), then wipe here, even if the server is down (row CL-18).

use proofkey_oauth::form_encode;
use tokio::time::timeout;

use crate::error::Error;
use crate::revocation::{REVOKE_TIMEOUT, Revocable};
use crate::shared::Shared;
use crate::url::BrowserUrl;

/// What signing out did. The tokens are gone from this machine in any case.
#[derive(Debug)]
#[non_exhaustive]
pub struct SignedOut {
    /// Whether the server took the tokens back. If not, the refresh token stays good until it expires: tell the person.
    pub revoked: Result<(), Error>,
    /// The address that ends the browser's session at the server too, if the person opens it (RP-Initiated Logout §2).
    pub end_session_url: Option<BrowserUrl>,
}

/// Ends the sign-in that the store holds.
pub(crate) async fn sign_out(shared: &Shared) -> Result<SignedOut, Error> {
    let slot = &shared.slot;
    let lock = slot.lock().await?;
    let revoked = match slot.load().await {
        Ok(Some(tokens)) => Revocable::from(&tokens).revoke(shared).await,
        Ok(None) => return Err(Error::NotSignedIn),
        // Unreadable tokens cannot be revoked, but they can be removed.
        Err(error) => Err(error),
    };
    slot.wipe().await?;
    drop(lock);
    let end_session_url = match timeout(REVOKE_TIMEOUT, shared.server()).await {
        Ok(Ok(server)) if revoked.is_ok() => {
            server.end_session_endpoint.as_ref().map(|url| end_session(shared, url)).transpose()?
        }
        _ => None,
    };
    Ok(SignedOut { revoked, end_session_url })
}

/// Without `id_token_hint`: the address becomes an argument of the browser's process, which others on the machine
/// can list. The server asks the person instead.
fn end_session(shared: &Shared, url: &BrowserUrl) -> Result<BrowserUrl, Error> {
    let mut query = String::new();
    form_encode(&mut query, "client_id", &shared.application.client_id);
    url.with_query("end_session_endpoint", &query)
}
