//! Why a request does not end as asked: one reading of it for the log, for JSON and for the error page.

use std::borrow::Cow;

use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};
use proofkey_oauth::{ErrorBody, ErrorCode, RedirectUri};
use proofkey_protocol::{Explanation, Refusal, RefusalRecord};
use proofkey_store::Fault;
use thiserror::Error;

use super::context::RequestContext;
use crate::clients::LookUpFailed;
use crate::http::BodyRefusal;
use crate::keys::KeysFault;
use crate::log::Foreign;
use crate::refusal_record::{KEPT_SECONDS, Origin, beginning, known_about, known_address};
use crate::rules::{BODY_BROKEN, BODY_TOO_SLOW, NO_ADDRESS, OUR_FAULT};

/// What a caller is asked to wait after a temporary fault.
const RETRY_SECONDS: u64 = 2;

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
    #[error("a password could not be hashed")]
    Hashing,
    #[error("the server stops")]
    Stopping,
    #[error("the keys cannot be taken over: {0}")]
    Keys(KeysFault),
    #[error(
        "no key signs by that algorithm: is it left out by keys.algorithms here, and not where the client or the API was \
         registered, or is its first key still published ahead?"
    )]
    NoSigningKey,
}

impl Cause {
    /// The same for the record: what a database says of a row stays in the log.
    fn recorded(&self) -> String {
        match self {
            Self::Store(_) | Self::Keys(_) => {
                "The database or the keys failed: the log of the server says how, under this id.".to_owned()
            }
            other => other.to_string(),
        }
    }
}

/// What a request said of itself, for the log and the record.
pub(super) struct Sent<'a> {
    /// The client that it named.
    pub(super) client_id: Option<&'a str>,
    /// Whether there is such a client: else the id may be anything, a secret that was put in the wrong place too.
    pub(super) is_registered: bool,
    /// The redirect URI that the failure is about, with those of the client.
    pub(super) redirect_uri: Option<(&'a str, &'a [RedirectUri])>,
}

/// A failure as it is answered.
pub(super) struct Answer<'a> {
    pub(super) status: StatusCode,
    pub(super) error: ErrorCode,
    pub(super) words: Explanation,
    /// What the refusal is about, where the request named it.
    pub(super) about: Option<&'a str>,
    /// What the caller is asked to wait.
    pub(super) retry_seconds: Option<u64>,
}

impl Answer<'_> {
    /// What happened, with what it is about.
    pub(super) fn cause(&self) -> Cow<'static, str> {
        self.words.cause_about(self.about)
    }
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

/// Nothing is decided by keys that may have been revoked; a client that comes back later finds them taken over.
impl From<KeysFault> for Failure {
    fn from(fault: KeysFault) -> Self {
        match fault {
            KeysFault::Store(fault) => fault.into(),
            other => Self::Temporary(Cause::Keys(other)),
        }
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

    /// Logs and records it, under the names that its answer has; for a client that is registered, if one is named.
    pub(super) fn log(&self, context: &RequestContext<'_>, client_id: Option<&str>) {
        self.log_sent(context, &Sent { client_id, is_registered: true, redirect_uri: None });
    }

    /// The same, with more of what the request said.
    pub(super) fn log_sent(&self, context: &RequestContext<'_>, sent: &Sent<'_>) {
        self.record(context, sent);
        let ours = self.cause_of_ours();
        if ours.is_none() && !context.may_log_refusal() {
            return;
        }
        let Answer { error, words, about, .. } = self.answer();
        let about = Foreign(about.unwrap_or_default());
        let (error_id, address, at) = (context.error_id(), context.arrival.client.0, context.name());
        let client_id = Foreign(sent.client_id.unwrap_or_default());
        let (rule, error) = (words.rule, error.as_str());
        let page = context.app.errors_page.link(rule);
        let page = page.as_deref();
        match self {
            Self::Refused(Refusal::AlgorithmOff(_)) => {
                let cause = ours.map(tracing::field::display);
                tracing::error!(%error_id, %address, at, %client_id, rule, %about, error, cause, page, "refused");
            }
            Self::Refused(_) | Self::Limited(..) | Self::NotForm | Self::NotFound => {
                tracing::info!(%error_id, %address, at, %client_id, rule, %about, error, page, "refused");
            }
            Self::Body(cause) => {
                tracing::info!(%error_id, %address, at, %client_id, rule, error, %cause, page, "refused");
            }
            Self::Temporary(cause) | Self::Fault(cause) => {
                tracing::error!(
                    %error_id, request_id = %context.arrival.id, at, %client_id, rule, %cause, page, "failed"
                );
            }
        }
    }

    /// What of ours is at fault, for the operator to mend: said in the log and in the record, and nowhere else.
    const fn cause_of_ours(&self) -> Option<&Cause> {
        match self {
            Self::Temporary(cause) | Self::Fault(cause) => Some(cause),
            // A refusal by its form: the lists of two servers differ, or a first key is still to sign.
            Self::Refused(Refusal::AlgorithmOff(_)) => Some(&Cause::NoSigningKey),
            Self::Refused(_) | Self::Limited(..) | Self::Body(_) | Self::NotForm | Self::NotFound => None,
        }
    }

    /// What it is about, as far as that is known here.
    fn known_about(&self, context: &RequestContext<'_>, sent: &Sent<'_>) -> Option<String> {
        match (self, sent.redirect_uri) {
            (Self::Refused(refusal), None) => {
                known_about(refusal, context.directory().apis(), &context.app.policy.issuer)
            }
            (_, redirect_uri) => redirect_uri.map(|(text, registered)| known_address(text, registered)),
        }
    }

    /// Notes it for `proofkey explain`.
    pub(super) fn record(&self, context: &RequestContext<'_>, sent: &Sent<'_>) {
        let Answer { status, words, .. } = self.answer();
        let origin = Origin {
            address: context.arrival.client.0,
            passed_millis: context.app.clock.passed_millis(),
            is_unknown: matches!(self, Self::NotFound),
        };
        context.app.refusals.note(&origin, |address| RefusalRecord {
            error_id: context.error_id(),
            recorded_at: context.now,
            keep_until: context.now + KEPT_SECONDS,
            address,
            rule: words.rule.to_owned(),
            cause: self.cause_of_ours().map_or_else(|| words.cause.to_owned(), Cause::recorded),
            about: self.known_about(context, sent),
            client_id: sent
                .client_id
                .map(|id| if sent.is_registered { Foreign(id).to_string() } else { beginning(id) }),
            request: context.name(),
            status: i64::from(status.as_u16()),
            forwarded: i64::from(context.arrival.forwarded.entries),
            followed: i64::from(context.arrival.forwarded.followed),
            believed: context.arrival.forwarded.is_believed,
            from_here: context.arrival.forwarded.is_from_here,
        });
    }

    /// Logs it and answers in JSON (OAuth 2.1 §3.2.4).
    pub(super) fn json(&self, context: &RequestContext<'_>, client_id: Option<&str>) -> Response {
        self.log(context, client_id);
        let answer = self.answer();
        let cause = answer.cause();
        let Answer { status, error, words, retry_seconds, .. } = answer;
        let page = context.app.errors_page.link(words.rule);
        let body = ErrorBody {
            error: error.as_str(),
            error_description: &cause,
            error_id: &context.error_id(),
            error_rule: words.rule,
            error_fix: words.fix,
            error_standard: words.standard,
            error_uri: page.as_deref(),
        };
        let mut response = json(status, &body);
        if let Some(seconds) = retry_seconds {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    /// The one reading of it: JSON says all of it, the error page adds whose failure it is.
    pub(super) fn answer(&self) -> Answer<'_> {
        let answer = |status, error, words| Answer { status, error, words, about: None, retry_seconds: None };
        let refused = |status, refusal: &Refusal| answer(status, refusal.code(), refusal.explain());
        let unread = |status, words| answer(status, ErrorCode::InvalidRequest, words);
        match self {
            Self::Refused(refusal) => {
                let retry_seconds = is_worth_a_retry(refusal).then_some(RETRY_SECONDS);
                Answer { about: refusal.about(), retry_seconds, ..refused(status(refusal), refusal) }
            }
            Self::Limited(refusal, seconds) => {
                Answer { retry_seconds: Some(*seconds), ..refused(StatusCode::TOO_MANY_REQUESTS, refusal) }
            }
            Self::Body(body) => match body {
                BodyRefusal::TooLarge => refused(body.status(), &Refusal::BodyTooLarge),
                BodyRefusal::Encoded => refused(body.status(), &Refusal::BodyEncoded),
                BodyRefusal::TooSlow => unread(body.status(), BODY_TOO_SLOW),
                BodyRefusal::Broken => unread(body.status(), BODY_BROKEN),
            },
            Self::NotForm => refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, &Refusal::BodyNotForm),
            Self::NotFound => unread(StatusCode::NOT_FOUND, NO_ADDRESS),
            Self::Temporary(_) => Answer {
                retry_seconds: Some(RETRY_SECONDS),
                ..answer(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::TemporarilyUnavailable, OUR_FAULT)
            },
            Self::Fault(_) => answer(StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::ServerError, OUR_FAULT),
        }
    }
}

/// Whether the same request may be answered otherwise a little later, or by another server.
const fn is_worth_a_retry(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::AlgorithmOff(_))
}

/// A request that is not let in is told so by 401 and 403 (OAuth 2.1 §3.2.4, RFC 6750 §3.1), and a form that this browser must
/// not send by 403; one that another server of this database may serve by 503; all else by 400.
const fn status(refusal: &Refusal) -> StatusCode {
    if matches!(refusal, Refusal::InteractionOfAnotherBrowser | Refusal::FormFromAnotherSite) {
        return StatusCode::FORBIDDEN;
    }
    if is_worth_a_retry(refusal) {
        return StatusCode::SERVICE_UNAVAILABLE;
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
