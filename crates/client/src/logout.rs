//! Signing out: revoke at the server (RFC 7009), then wipe here, even if the server is down (row CL-18).

use std::time::Duration;

use proofkey_oauth::{Secret, form_encode};
use tokio::time::timeout;

use crate::attempt::form;
use crate::client::Client;
use crate::error::Error;
use crate::session::Session;
use crate::store::StoredTokens;
use crate::token::{TokenAnswer, refusal};
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

/// What is sent to take tokens back: the refresh token, which ends the whole grant; without one, the access token.
pub(crate) struct Revocable {
    token: Secret,
    hint: &'static str,
}

impl Client {
    /// Signs out whoever is signed in.
    pub async fn sign_out(&self) -> Result<SignedOut, Error> {
        let slot = &self.shared.slot;
        let lock = slot.lock().await?;
        let revoked = match slot.load().await {
            Ok(Some(tokens)) => Revocable::from(&tokens).revoke(self).await,
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

impl From<&StoredTokens> for Revocable {
    fn from(tokens: &StoredTokens) -> Self {
        Self::of(tokens.refresh_token(), || tokens.access_token().token)
    }
}

impl From<&TokenAnswer> for Revocable {
    fn from(answer: &TokenAnswer) -> Self {
        let copy = |secret: &Secret| Secret::new(secret.expose().to_owned());
        Self::of(answer.refresh_token.as_ref().map(copy), || copy(&answer.access_token))
    }
}

impl Revocable {
    fn of(refresh_token: Option<Secret>, access_token: impl FnOnce() -> Secret) -> Self {
        match refresh_token {
            Some(token) => Self { token, hint: "refresh_token" },
            None => Self { token: access_token(), hint: "access_token" },
        }
    }

    /// Has the server revoke it, within a bounded time.
    async fn revoke(&self, client: &Client) -> Result<(), Error> {
        timeout(REVOKE_TIMEOUT, self.send(client)).await.unwrap_or_else(|_| Err(no_answer(client)))
    }

    /// The same where something else is already being reported, or nothing is wrong: a token that stays good until it
    /// expires is no reason to fail.
    pub(crate) async fn revoke_if_possible(&self, client: &Client) {
        if let Err(error) = self.revoke(client).await {
            tracing::warn!(%error, "tokens that nobody uses any more could not be revoked");
        }
    }

    async fn send(&self, client: &Client) -> Result<(), Error> {
        const WHAT: &str = "revocation_endpoint";
        let shared = &client.shared;
        let url = shared.server().await?.revocation_endpoint.as_ref().ok_or(Error::EndpointMissing(WHAT))?;
        let parameters = [
            ("token", Some(self.token.expose())),
            ("token_type_hint", Some(self.hint)),
            ("client_id", Some(shared.application.client_id.as_str())),
        ];
        let form = Secret::new(form(parameters.into_iter()));
        let answer = shared.transport.post_form(WHAT, url, form.expose()).await?;
        if matches!(answer.status.as_u16(), 400 | 401 | 403) {
            return Err(refusal(WHAT, &answer.body).into());
        }
        answer.success(WHAT).map(|_| ())
    }
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
