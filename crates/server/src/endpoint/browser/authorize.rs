//! The authorization endpoint (OAuth 2.1 §4.1.1), by GET and by POST.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderMap, Method, Uri};
use proofkey_oauth::Params;
use proofkey_protocol::authorize::Progress;
use proofkey_protocol::{Interaction, Refusal, Step};

use super::authorization::{REQUEST_BYTES_MAX, RequestMethod, Visit, see_other};
use crate::app::App;
use crate::endpoint::body::form;
use crate::endpoint::context::RequestContext;
use crate::endpoint::failure::Failure;
use crate::http::Arrival;
use crate::login::Browser;
use crate::metrics::Endpoint;

/// `GET /authorize`.
pub(super) async fn get(
    State(app): State<Arc<App>>,
    arrival: Arrival,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let exchange = RequestContext::begin(&app, arrival, Endpoint::Authorize, Method::GET);
    let query = uri.query().unwrap_or_default();
    let browser = Browser::of(&app, &headers);
    match request_of(&exchange, query) {
        Ok(raw) => {
            Visit::new(&exchange, browser, &headers, RequestMethod::Get, raw)
                .dispatch(Progress::default())
                .await
        }
        Err(failure) => {
            let visit = Visit::new(&exchange, browser, &headers, RequestMethod::Get, String::new());
            let response = visit.failure(&failure);
            visit.leave(response)
        }
    }
}

/// `POST /authorize`. It may come from another site, without our `Lax` cookie: the request is sealed into an address of our own
/// that the browser then opens by GET, with the cookie, once.
pub(super) async fn post(State(app): State<Arc<App>>, arrival: Arrival, request: Request) -> Response {
    let exchange = RequestContext::begin(&app, arrival, Endpoint::Authorize, Method::POST);
    let headers = request.headers().clone();
    let browser = Browser::of(&app, &headers);
    let raw = match form(request).await {
        Ok(form) => {
            String::from_utf8(form.raw.to_vec()).map_err(|_| Failure::Refused(Refusal::ParametersMalformed))
        }
        Err(failure) => Err(failure),
    };
    let fits = |raw: String| {
        if raw.len() > REQUEST_BYTES_MAX { Err(Refusal::RequestTooLong.into()) } else { Ok(raw) }
    };
    match raw.and_then(fits) {
        Ok(raw) => {
            let mut visit = Visit::new(&exchange, browser, &headers, RequestMethod::Form, raw);
            let location = visit.sealed_address("/authorize", Step::Resume, None);
            visit.leave(see_other(&location))
        }
        Err(failure) => {
            let visit = Visit::new(&exchange, browser, &headers, RequestMethod::Form, String::new());
            let response = visit.failure(&failure);
            visit.leave(response)
        }
    }
}

/// The authorization request of a GET: the query itself, or the one that was sealed when it came by POST.
fn request_of(exchange: &RequestContext<'_>, query: &str) -> Result<String, Failure> {
    let params = Params::parse(query.as_bytes()).map_err(|_| Refusal::ParametersMalformed)?;
    // Our own address has nothing beside it; a client's parameter of that name is an unknown one (OAuth 2.1 §3.1).
    match params.first("flow").filter(|_| !params.contains("client_id")) {
        None => Ok(query.to_owned()),
        Some(flow) => {
            let step = Interaction::open(&exchange.app.keys, flow, Step::Resume, None, exchange.now)?;
            Ok(step.request)
        }
    }
}
