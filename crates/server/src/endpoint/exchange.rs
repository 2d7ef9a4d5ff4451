//! One request and its answer: what every endpoint shares of loading, committing, counting and refusing.

use std::time::Instant;

use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};
use proofkey_oauth::{ErrorBody, ErrorCode, Timestamp};
use proofkey_protocol::{Commit, Committed, Cx, Refusal};
use proofkey_store::Fault;

use crate::app::App;
use crate::http::{Arrival, BodyRefusal};
use crate::metrics::{Endpoint, Outcome};
use crate::random::SystemRandom;

/// How often a decision is made again after a conflict. Each conflict means that somebody else's commit went through, and the
/// facts after it refuse or settle the request.
pub(super) const DECISIONS_MAX: usize = 4;
/// What a caller is asked to wait after a temporary fault.
const RETRY_SECONDS: u64 = 2;

/// One request under way.
pub(super) struct Exchange<'a> {
    pub(super) app: &'a App,
    pub(super) arrival: Arrival,
    /// Method and path, for people.
    pub(super) name: &'static str,
    pub(super) now: Timestamp,
    endpoint: Endpoint,
    started: Instant,
}

/// Why an exchange does not end as asked.
#[derive(Debug)]
pub(super) enum Failure {
    /// A rule is broken: theirs.
    Refused(Refusal),
    /// A limit is reached; seconds to wait.
    Limited(Refusal, u64),
    /// The body cannot be taken.
    Body(BodyRefusal),
    /// The body is not a form.
    NotForm,
    /// Something failed: ours. Retrying may help.
    Temporary(&'static str),
    /// Something failed: ours.
    Fault(&'static str),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl<'a> Exchange<'a> {
    /// Reads the clock, once.
    pub(super) fn begin(app: &'a App, arrival: Arrival, endpoint: Endpoint, name: &'static str) -> Self {
        Self { app, arrival, name, now: app.now(), endpoint, started: Instant::now() }
    }

    /// Runs a rule in the context of this request.
    pub(super) fn decide<T>(&self, rule: impl FnOnce(&mut Cx<'_>) -> T) -> T {
        let mut random = SystemRandom;
        let directory = self.app.directory.now();
        let (policy, apis, keys) = (&self.app.policy, directory.apis(), &self.app.keys);
        rule(&mut Cx { now: self.now, random: &mut random, policy, apis, keys })
    }

    /// Makes a commit durable.
    pub(super) async fn commit(&self, commit: Option<Commit>) -> Result<Committed, Failure> {
        match commit {
            None => Ok(Committed::Applied),
            Some(commit) => self.app.store.commit(commit).await.map_err(|fault| self.fault(&fault)),
        }
    }

    /// What was read, or the failure to answer with.
    pub(super) fn loaded<T>(&self, read: Result<T, Fault>) -> Result<T, Failure> {
        read.map_err(|fault| self.fault(&fault))
    }

    /// Logs a fault, once, and forgets its detail: the caller learns the error id.
    pub(super) fn fault(&self, fault: &Fault) -> Failure {
        tracing::error!(error_id = %self.error_id(), request_id = %self.arrival.id, at = self.name, %fault, "the store failed");
        if fault.is_temporary() { Failure::Temporary("store") } else { Failure::Fault("store") }
    }

    /// The id that page, JSON and log share; short enough to be read out.
    pub(super) fn error_id(&self) -> String {
        let id = self.arrival.id.as_str().to_ascii_uppercase();
        format!("pk-{}-{}", id.get(..4).unwrap_or_default(), id.get(4..8).unwrap_or_default())
    }

    /// Microseconds since the request arrived.
    pub(super) fn elapsed_micros(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Counts the answer and lets it go.
    pub(super) fn finish(&self, response: Response) -> Response {
        self.app
            .metrics
            .endpoint(self.endpoint)
            .observe(Outcome::of(response.status()), self.started.elapsed());
        response
    }

    /// Logs why an exchange ends otherwise than asked.
    pub(super) fn log(&self, failure: &Failure, client_id: Option<&str>) {
        let (error_id, address, at) = (self.error_id(), self.arrival.client.0, self.name);
        let client_id = client_id.unwrap_or_default();
        match failure {
            Failure::Refused(refusal) | Failure::Limited(refusal, _) => {
                let rule = refusal.explain().rule;
                tracing::info!(%error_id, %address, at, client_id, rule, error = refusal.code().as_str(), "refused");
            }
            Failure::Body(refusal) => tracing::info!(%error_id, %address, at, %refusal, "refused"),
            Failure::NotForm => tracing::info!(%error_id, %address, at, rule = "body.not_form", "refused"),
            Failure::Temporary(what) | Failure::Fault(what) => tracing::error!(%error_id, at, what, "failed"),
        }
    }

    /// The JSON answer to a failure (OAuth 2.1 §3.2.4).
    pub(super) fn json_failure(&self, failure: &Failure, client_id: Option<&str>) -> Response {
        self.log(failure, client_id);
        let (status, code, words) = match failure {
            Failure::Refused(refusal) => (status(refusal), refusal.code(), refusal.explain()),
            Failure::Limited(refusal, _) => {
                (StatusCode::TOO_MANY_REQUESTS, refusal.code(), refusal.explain())
            }
            Failure::Body(refusal) => {
                (refusal.status(), ErrorCode::InvalidRequest, Refusal::ParametersMalformed.explain())
            }
            Failure::NotForm => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                ErrorCode::InvalidRequest,
                Refusal::ParametersMalformed.explain(),
            ),
            Failure::Temporary(_) => {
                (StatusCode::SERVICE_UNAVAILABLE, ErrorCode::TemporarilyUnavailable, OUR_FAULT)
            }
            Failure::Fault(_) => (StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::ServerError, OUR_FAULT),
        };
        let body = ErrorBody {
            error: code.as_str(),
            error_description: words.cause,
            error_id: &self.error_id(),
            error_rule: words.rule,
            error_fix: words.fix,
            error_standard: words.standard,
            scope: None,
        };
        let mut response = json(status, &body);
        let wait = match failure {
            Failure::Limited(_, seconds) => Some(*seconds),
            Failure::Temporary(_) => Some(RETRY_SECONDS),
            _ => None,
        };
        if let Some(seconds) = wait {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

const OUR_FAULT: proofkey_protocol::Explanation = proofkey_protocol::Explanation {
    rule: "server.fault",
    cause: "The server failed to answer this request.",
    fix: "Try again shortly; if it stays, give the operator the error id.",
    standard: "OAuth 2.1 §4.1.2.1",
};

/// `invalid_client` is 401, everything else 400 (OAuth 2.1 §3.2.4).
fn status(refusal: &Refusal) -> StatusCode {
    match refusal.code() {
        ErrorCode::InvalidClient | ErrorCode::InvalidToken => StatusCode::UNAUTHORIZED,
        ErrorCode::InsufficientScope => StatusCode::FORBIDDEN,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// A JSON answer that no cache keeps.
pub(super) fn json<T: serde::Serialize>(status: StatusCode, body: &T) -> Response {
    let bytes = serde_json::to_vec(body).unwrap_or_default();
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::PRAGMA, HeaderValue::from_static("no-cache")),
    ];
    (status, headers, bytes).into_response()
}
