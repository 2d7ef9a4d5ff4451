//! Signing out: revoke at the server (RFC 7009), then wipe here, even if the server is down (row CL-18).

use std::time::Duration;

use proofkey_oauth::{Secret, form_encode};
use tokio::time::timeout;

use crate::attempt::form;
use crate::client::Client;
use crate::error::Error;
use crate::session::Session;
use crate::store::StoredTokens;
use crate::token::refusal;
use crate::url::BrowserUrl;

/// How long a person who signs out waits for a server that may be down.
const REVOKE_TIMEOUT: Duration = Duration::from_secs(8);

/// What signing out did. The tokens are gone from this machine in any case.
#[derive(Debug)]
#[non_exhaustive]
pub struct SignedOut {
    /// Whether the server took the tokens back. If not, the refresh token stays good until it expires: tell the person.
    pub revoked: Result<(), Error>,
    /// Ends the browser's session at the server too, if the person opens it (RP-Initiated Logout §2).
    pub end_session_url: Option<BrowserUrl>,
}

impl Client {
    /// Signs out whoever is signed in.
    pub async fn sign_out(&self) -> Result<SignedOut, Error> {
        let slot = &self.shared.slot;
        let lock = slot.lock().await?;
        let revoked = match slot.load().await {
            Ok(Some(tokens)) => {
                let revoked = timeout(REVOKE_TIMEOUT, revoke(self, &tokens)).await;
                revoked.unwrap_or_else(|_| Err(no_answer(self)))
            }
            Ok(None) => return Err(Error::NotSignedIn),
            // Unreadable tokens cannot be revoked, but they can be removed.
            Err(error) => Err(error),
        };
        slot.wipe().await?;
        drop(lock);
        let end_session_url = match timeout(REVOKE_TIMEOUT, self.shared.server()).await {
            Ok(Ok(server)) if revoked.is_ok() => {
                server.end_session_endpoint.as_ref().map(|url| end_session(self, url)).transpose()?
            }
            _ => None,
        };
        Ok(SignedOut { revoked, end_session_url })
    }
}

impl Session {
    /// Signs this session out.
    pub async fn sign_out(self) -> Result<SignedOut, Error> {
        self.client().sign_out().await
    }
}

/// Revokes the refresh token, which ends the whole grant; without one, the access token.
async fn revoke(client: &Client, tokens: &StoredTokens) -> Result<(), Error> {
    const WHAT: &str = "revocation_endpoint";
    let shared = &client.shared;
    let url = shared.server().await?.revocation_endpoint.as_ref().ok_or(Error::EndpointMissing(WHAT))?;
    let (token, hint) = match tokens.refresh_token() {
        Some(token) => (token, "refresh_token"),
        None => (tokens.access_token().token, "access_token"),
    };
    let parameters = [
        ("token", Some(token.expose())),
        ("token_type_hint", Some(hint)),
        ("client_id", Some(shared.application.client_id.as_str())),
    ];
    let form = Secret::new(form(parameters.into_iter()));
    let answer = shared.transport.post_form(WHAT, url, form.expose()).await?;
    if matches!(answer.status.as_u16(), 400 | 401 | 403) {
        return Err(refusal(WHAT, &answer.body).into());
    }
    answer.success(WHAT).map(|_| ())
}

/// Without `id_token_hint`: the address becomes an argument of the browser's process, which others on the machine
/// can list. The server asks the person instead.
fn end_session(client: &Client, url: &BrowserUrl) -> Result<BrowserUrl, Error> {
    let mut query = String::new();
    form_encode(&mut query, "client_id", &client.application().client_id);
    url.with_query("end_session_endpoint", &query)
}

fn no_answer(client: &Client) -> Error {
    let host = client.application().issuer.authority().to_owned();
    Error::Unreachable { host, cause: "no answer in time".to_owned() }
}
