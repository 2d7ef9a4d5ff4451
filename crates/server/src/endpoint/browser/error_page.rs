//! The error page: what it says about a failure, and with which status.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use proofkey_protocol::authorize::app_host;
use proofkey_protocol::{Client, Refusal};

use super::app_names::app_name;
use crate::app::App;
use crate::endpoint::context::RequestContext;
use crate::endpoint::failure::{Answer, Failure, Sent};
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
    let Answer { status, error, words, about, retry_seconds } = failure.answer();
    let kind = kind(failure, client);
    let words = match kind {
        ErrorKind::App { .. } | ErrorKind::UnknownApp | ErrorKind::Expired | ErrorKind::Limited { .. } => {
            Some(words)
        }
        // No app has done anything wrong, so no rule is explained.
        ErrorKind::Fault | ErrorKind::NotFound => None,
    };
    ErrorPage {
        status: status_of_page(status).as_u16(),
        kind,
        nothing_shared: true,
        error_id: context.error_id(),
        code: error.as_str().to_owned(),
        what_happened: words.map(|words| words.cause.to_owned()),
        about: about.map(str::to_owned),
        compare: None,
        fix: words.map(|words| words.fix.to_owned()),
        rule: words.map(|words| words.rule.to_owned()),
        rule_page: words.and_then(|words| context.app.errors_page.link(words.rule)),
        client_id: client_id.map(str::to_owned),
        // Where nothing answers there is no endpoint, and a page of ours repeats no text that the maker of a link chose.
        endpoint: if matches!(failure, Failure::NotFound) { String::new() } else { context.name() },
        occurred_at: context.now.seconds(),
        standard: words.map(|words| words.standard.to_owned()),
        return_to: None,
        retry_after_seconds: retry_seconds,
    }
}

/// Whose failure it is, for the person who reads the page.
fn kind(failure: &Failure, client: Option<&Client>) -> ErrorKind {
    match failure {
        Failure::Refused(
            Refusal::InteractionInvalid | Refusal::InteractionOfAnotherBrowser | Refusal::FormFromAnotherSite,
        ) => ErrorKind::Expired,
        Failure::Refused(_) | Failure::Body(_) | Failure::NotForm => {
            client.map_or(ErrorKind::UnknownApp, |client| ErrorKind::App {
                name: app_name(client),
                host: app_host(client).to_owned(),
            })
        }
        Failure::Limited(_, seconds) => ErrorKind::Limited { retry_after_seconds: *seconds },
        Failure::Temporary(_) | Failure::Fault(_) => ErrorKind::Fault,
        Failure::NotFound => ErrorKind::NotFound,
    }
}

/// A 401 has to say how to authenticate (RFC 9110 §15.5.2), and a page asks for no credentials of a client: it says 400.
const fn status_of_page(status: StatusCode) -> StatusCode {
    match status {
        StatusCode::UNAUTHORIZED => StatusCode::BAD_REQUEST,
        other => other,
    }
}

/// Answers with an error page.
pub(super) fn respond(context: &RequestContext<'_>, lang: Lang, view: &ErrorPage) -> Response {
    let status = StatusCode::from_u16(view.status).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = page::respond(status, lang, context.app.pages.error(lang, view));
    if let Some(seconds) = view.retry_after_seconds {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// An address that nothing answers at.
pub(super) async fn not_found(State(app): State<Arc<App>>, arrival: Arrival, headers: HeaderMap) -> Response {
    let context = RequestContext::begin(&app, arrival, Endpoint::Other, Method::GET);
    // Not logged: what asks for addresses that are not there asks for many. The page shows an id, though.
    Failure::NotFound.record(&context, &Sent { client_id: None, is_registered: false, redirect_uri: None });
    let view = view(&context, &Failure::NotFound, None, None);
    let response = respond(&context, Lang::of(&headers, None), &view);
    context.finish(response)
}
