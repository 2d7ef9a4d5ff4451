//! Why a request does not end as asked: one reading of it for the log, for JSON and for the error page.

use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};
use proofkey_oauth::{ErrorBody, ErrorCode};
use proofkey_protocol::{Explanation, Refusal};
use proofkey_store::Fault;
use thiserror::Error;

use super::context::RequestContext;
use crate::clients::LookUpFailed;
use crate::http::BodyRefusal;
use crate::log::Foreign;

/// What a caller is asked to wait after a temporary fault.
const RETRY_SECONDS: u64 = 2;

/// What the caller reads of any fault of ours: the log says the rest, under the same error id.
const OUR_FAULT: Explanation = Explanation {
    rule: "server.fault",
    cause: "The server failed to answer this request.",
    fix: "Try again shortly; if it stays, give the operator the error id.",
    standard: "OAuth 2.1 §4.1.2.1",
};

/// Why a request does not end as asked.
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
    /// Nothing answers at the address.
    NotFound,
    /// Something failed: ours. Retrying may help.
    Temporary(Cause),
    /// Something failed: ours.
    Fault(Cause),
}

/// What of ours failed. For the log alone.
#[derive(Debug, Error)]
pub(super) enum Cause {
    #[error("the store failed: {0}")]
    Store(Fault),
    #[error("too many clients are being looked up")]
    LookUps,
    #[error("the facts changed at every attempt to decide")]
    Unsettled,
    #[error("no key signs {0}")]
    NoSigningKey(&'static str),
}

/// A failure as it is answered.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) error: ErrorCode,
    pub(super) words: Explanation,
    /// What the caller is asked to wait.
    retry_seconds: Option<u64>,
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        let of = if fault.is_temporary() { Self::Temporary } else { Self::Fault };
        of(Cause::Store(fault))
    }
}

impl From<LookUpFailed> for Failure {
    fn from(failed: LookUpFailed) -> Self {
        match failed {
            LookUpFailed::Busy => Self::Temporary(Cause::LookUps),
            LookUpFailed::Store(fault) => fault.into(),
        }
    }
}

impl Failure {
    /// The same failure, answered so that the caller tries again.
    pub(super) fn worth_a_retry(self) -> Self {
        match self {
            Self::Fault(cause) => Self::Temporary(cause),
            other => other,
        }
    }

    /// Logs it, under the names that its answer has.
    pub(super) fn log(&self, context: &RequestContext<'_>, client_id: Option<&str>) {
        let is_ours = matches!(self, Self::Temporary(_) | Self::Fault(_));
        if !is_ours && !context.may_log_refusal() {
            return;
        }
        let Answer { error, words, .. } = self.answer();
        let (error_id, address, at) = (context.error_id(), context.arrival.client.0, context.name());
        let client_id = Foreign(client_id.unwrap_or_default());
        let (rule, error) = (words.rule, error.as_str());
        match self {
            Self::Refused(_) | Self::Limited(..) | Self::NotForm | Self::NotFound => {
                tracing::info!(%error_id, %address, at, %client_id, rule, error, "refused");
            }
            Self::Body(cause) => {
                tracing::info!(%error_id, %address, at, %client_id, rule, error, %cause, "refused");
            }
            Self::Temporary(cause) | Self::Fault(cause) => {
                tracing::error!(%error_id, request_id = %context.arrival.id, at, %client_id, %cause, "failed");
            }
        }
    }

    /// Logs it and answers in JSON (OAuth 2.1 §3.2.4).
    pub(super) fn json(&self, context: &RequestContext<'_>, client_id: Option<&str>) -> Response {
        self.log(context, client_id);
        let Answer { status, error, words, retry_seconds } = self.answer();
        let body = ErrorBody {
            error: error.as_str(),
            error_description: words.cause,
            error_id: &context.error_id(),
            error_rule: words.rule,
            error_fix: words.fix,
            error_standard: words.standard,
        };
        let mut response = json(status, &body);
        if let Some(seconds) = retry_seconds {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    /// The one reading of it: JSON says all of it, the error page adds whose failure it is.
    pub(super) fn answer(&self) -> Answer {
        let answer = |status, error, words| Answer { status, error, words, retry_seconds: None };
        let unreadable = |status| {
            let refusal = Refusal::ParametersMalformed;
            answer(status, refusal.code(), refusal.explain())
        };
        match self {
            Self::Refused(refusal) => answer(status(refusal), refusal.code(), refusal.explain()),
            Self::Limited(refusal, seconds) => Answer {
                retry_seconds: Some(*seconds),
                ..answer(StatusCode::TOO_MANY_REQUESTS, refusal.code(), refusal.explain())
            },
            Self::Body(refusal) => unreadable(refusal.status()),
            Self::NotForm => unreadable(StatusCode::UNSUPPORTED_MEDIA_TYPE),
            Self::NotFound => unreadable(StatusCode::NOT_FOUND),
            Self::Temporary(_) => Answer {
                retry_seconds: Some(RETRY_SECONDS),
                ..answer(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::TemporarilyUnavailable, OUR_FAULT)
            },
            Self::Fault(_) => answer(StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::ServerError, OUR_FAULT),
        }
    }
}

/// A request that is not let in is told so by 401 and 403 (OAuth 2.1 §3.2.4, RFC 6750 §3.1), and a form that this browser must
/// not send by 403; all else by 400.
const fn status(refusal: &Refusal) -> StatusCode {
    if matches!(refusal, Refusal::InteractionOfAnotherBrowser | Refusal::FormFromAnotherSite) {
        return StatusCode::FORBIDDEN;
    }
    match refusal.code() {
        ErrorCode::InvalidClient | ErrorCode::InvalidToken => StatusCode::UNAUTHORIZED,
        ErrorCode::InsufficientScope => StatusCode::FORBIDDEN,
        ErrorCode::InvalidRequest
        | ErrorCode::InvalidGrant
        | ErrorCode::UnauthorizedClient
        | ErrorCode::UnsupportedGrantType
        | ErrorCode::UnsupportedResponseType
        | ErrorCode::InvalidScope
        | ErrorCode::InvalidTarget
        | ErrorCode::AccessDenied
        | ErrorCode::ServerError
        | ErrorCode::TemporarilyUnavailable
        | ErrorCode::LoginRequired
        | ErrorCode::ConsentRequired
        | ErrorCode::InteractionRequired
        | ErrorCode::RequestNotSupported
        | ErrorCode::RequestUriNotSupported => StatusCode::BAD_REQUEST,
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
