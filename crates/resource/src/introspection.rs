//! Asking the issuer whether a token is still active (RFC 7662), for APIs that cannot wait until it expires.
//!
//! Asked only about tokens that passed every local check, so that garbage never reaches the issuer. When the issuer is
//! away and the last answer has run out, the request is refused: an outage must not make a revoked token good
//! again.

use moka::sync::Cache;
use proofkey_jose::ensure_strict;
use proofkey_oauth::{Secret, Sha256};
use serde::Deserialize;
use tokio::sync::Semaphore;

use crate::{AccessToken, Refusal, TokenRefusal, fetch::Fetch, keys::Keys};

/// How long an answer is believed, within the token's own life.
const BELIEVED_SECONDS_MAX: i64 = 30;
/// How many answers are kept.
const ANSWERS_MAX: u64 = 10_000;
/// How many questions are asked at the same time.
const QUESTIONS_MAX: usize = 64;

/// Asks one issuer, as one registered API.
pub(crate) struct Introspection {
    fetch: Fetch,
    client_id: String,
    secret: Secret,
    answers: Cache<Sha256, Answer>,
    questions: Semaphore,
}

#[derive(Clone, Copy, Debug)]
struct Answer {
    active: bool,
    asked_at: i64,
}

/// The members that decide. `active` must be a boolean: anything else is not an answer.
#[derive(Deserialize)]
struct Wire {
    active: bool,
}

impl Introspection {
    pub(crate) fn new(fetch: Fetch, client_id: String, secret: Secret) -> Self {
        Self {
            fetch,
            client_id,
            secret,
            answers: Cache::new(ANSWERS_MAX),
            questions: Semaphore::new(QUESTIONS_MAX),
        }
    }

    /// Refuses a validated token, given with its digest, that its issuer calls inactive.
    pub(crate) async fn ensure_active(
        &self,
        keys: &Keys,
        (token, digest): (&str, Sha256),
        validated: &AccessToken,
        now: i64,
    ) -> Result<(), Refusal> {
        let active = match self.answers.get(&digest) {
            Some(answer) if is_believed(answer, validated, now) => answer.active,
            _ => {
                let active = self.ask(keys, token).await.ok_or(Refusal::Unavailable)?;
                self.answers.insert(digest, Answer { active, asked_at: now });
                active
            }
        };
        if active { Ok(()) } else { Err(TokenRefusal::Revoked.into()) }
    }

    async fn ask(&self, keys: &Keys, token: &str) -> Option<bool> {
        let _permit = self.questions.acquire().await.ok()?;
        let endpoint = keys.introspection_endpoint()?;
        let document = self
            .fetch
            .introspect(&endpoint, &self.client_id, &self.secret, token)
            .await
            .inspect_err(|error| tracing::warn!(%error, "the issuer could not be asked about a token"))
            .ok()?;
        ensure_strict(&document.body).ok()?;
        let answer: Wire = serde_json::from_slice(&document.body).ok()?;
        Some(answer.active)
    }
}

fn is_believed(answer: Answer, token: &AccessToken, now: i64) -> bool {
    let until = token.expires_at().min(answer.asked_at.saturating_add(BELIEVED_SECONDS_MAX));
    now >= answer.asked_at && now < until
}
