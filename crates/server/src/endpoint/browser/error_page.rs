//! The error page: what it says about a failure, and with which status.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use proofkey_protocol::{Client, Refusal};

use super::app_names::{app_host, app_name};
use crate::app::App;
use crate::endpoint::context::RequestContext;
use crate::endpoint::failure::Failure;
use crate::http::Arrival;
use crate::metrics::Endpoint;
use crate::page::{self, ErrorKind, ErrorPage, Lang};

/// The error page's content for a failure.
pub(super) fn view(
    context: &RequestContext<'_>,
    failure: &Failure,
    client: Option<&Client>,
    client_id: Option<&str>,
) -> ErrorPage {
    let app_kind = || {
        client.map_or(ErrorKind::UnknownApp, |client| ErrorKind::App {
            name: app_name(client),
            host: app_host(client),
        })
    };
    let (status, kind, code, words) = match failure {
        Failure::Refused(refusal @ (Refusal::InteractionExpired | Refusal::InteractionInvalid)) => {
            (StatusCode::BAD_REQUEST, ErrorKind::Expired, refusal.code().as_str(), Some(refusal.explain()))
        }
        Failure::Refused(refusal @ (Refusal::InteractionOfAnotherBrowser | Refusal::FormFromAnotherSite)) => {
            (StatusCode::FORBIDDEN, ErrorKind::Expired, refusal.code().as_str(), Some(refusal.explain()))
        }
        Failure::Refused(refusal) => {
            (StatusCode::BAD_REQUEST, app_kind(), refusal.code().as_str(), Some(refusal.explain()))
        }
        Failure::Limited(refusal, seconds) => {
            let kind = ErrorKind::Limited { retry_after_seconds: *seconds };
            (StatusCode::TOO_MANY_REQUESTS, kind, refusal.code().as_str(), Some(refusal.explain()))
        }
        Failure::Body(refusal) => {
            (refusal.status(), app_kind(), "invalid_request", Some(Refusal::ParametersMalformed.explain()))
        }
        Failure::NotForm => (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            app_kind(),
            "invalid_request",
            Some(Refusal::ParametersMalformed.explain()),
        ),
        Failure::Temporary(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, ErrorKind::Fault, "temporarily_unavailable", None)
        }
        Failure::Fault(_) => (StatusCode::INTERNAL_SERVER_ERROR, ErrorKind::Fault, "server_error", None),
        // No app has done anything wrong, so no rule is explained.
        Failure::NotFound => (StatusCode::NOT_FOUND, ErrorKind::NotFound, "invalid_request", None),
    };
    ErrorPage {
        status: status.as_u16(),
        kind,
        nothing_shared: true,
        error_id: context.error_id(),
        code: code.to_owned(),
        what_happened: words.map(|words| words.cause.to_owned()),
        compare: None,
        fix: words.map(|words| words.fix.to_owned()),
        rule: words.map(|words| words.rule.to_owned()),
        client_id: client_id.map(str::to_owned),
        // Where nothing answers there is no endpoint, and a page of ours repeats no text that the maker of a link chose.
        endpoint: if matches!(failure, Failure::NotFound) { String::new() } else { context.name() },
        occurred_at: context.now.seconds(),
        standard: words.map(|words| words.standard.to_owned()),
        return_to: None,
    }
}

/// Sends an error page.
pub(super) fn respond(context: &RequestContext<'_>, lang: Lang, view: &ErrorPage) -> Response {
    let status = StatusCode::from_u16(view.status).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = page::respond(status, lang, context.app.pages.error(lang, view));
    if let ErrorKind::Limited { retry_after_seconds } = view.kind {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after_seconds));
    }
    response
}

/// An address that nothing answers at.
pub(super) async fn not_found(State(app): State<Arc<App>>, arrival: Arrival, headers: HeaderMap) -> Response {
    let context = RequestContext::begin(&app, arrival, Endpoint::Other, Method::GET);
    let view = view(&context, &Failure::NotFound, None, None);
    let response = respond(&context, Lang::of(&headers, None), &view);
    context.finish(response)
}
