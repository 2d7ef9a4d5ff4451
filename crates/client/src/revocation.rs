//! Taking tokens back at the server (RFC 7009).

use std::time::Duration;

use proofkey_oauth::Secret;
use tokio::time::timeout;

use crate::error::Error;
use crate::form::form;
use crate::shared::Shared;
use crate::store::StoredTokens;
use crate::token::{TokenAnswer, refusal};

/// How long a person who signs out waits for a server that may be down.
pub(crate) const REVOKE_TIMEOUT: Duration = Duration::from_secs(8);

/// What is sent to take tokens back: the refresh token, which ends the whole grant; without one, the access token.
pub(crate) struct Revocable {
    token: Secret,
    hint: &'static str,
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

impl From<Secret> for Revocable {
    /// A refresh token that came in an answer which cannot be used.
    fn from(token: Secret) -> Self {
        Self { token, hint: "refresh_token" }
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
    pub(crate) async fn revoke(&self, shared: &Shared) -> Result<(), Error> {
        timeout(REVOKE_TIMEOUT, self.send(shared)).await.unwrap_or_else(|_| Err(no_answer(shared)))
    }

    /// [`Self::revoke`] where its failure is only logged: something else is already being reported, or nothing is wrong,
    /// and a token that stays good until it expires is no reason to fail.
    pub(crate) async fn revoke_if_possible(&self, shared: &Shared) {
        if let Err(error) = self.revoke(shared).await {
            tracing::warn!(%error, "tokens that nobody uses any more could not be revoked");
        }
    }

    async fn send(&self, shared: &Shared) -> Result<(), Error> {
        const WHAT: &str = "revocation_endpoint";
        let url = shared.server().await?.revocation_endpoint.as_ref().ok_or(Error::EndpointMissing(WHAT))?;
        let application = &shared.application;
        let [client_id, client_secret] = application.authentication.parameters(&application.client_id);
        let parameters = [
            ("token", Some(self.token.expose())),
            ("token_type_hint", Some(self.hint)),
            client_id,
            client_secret,
        ];
        let form = Secret::new(form(parameters.into_iter()));
        let answer = shared.transport.post_form(WHAT, url, application, &form).await?;
        if matches!(answer.status.as_u16(), 400 | 401 | 403) {
            return Err(refusal(WHAT, &answer.body).into());
        }
        answer.success(WHAT).map(|_| ())
    }
}

fn no_answer(shared: &Shared) -> Error {
    let host = shared.application.issuer.authority().to_owned();
    Error::Unreachable { host, cause: "no answer in time".to_owned() }
}
