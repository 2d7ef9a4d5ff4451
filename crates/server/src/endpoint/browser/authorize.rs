//! The authorization endpoint (OAuth 2.1 §4.1.1), by GET and by POST.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderMap, Method, Uri};
use proofkey_oauth::Params;
use proofkey_protocol::Refusal;
use proofkey_protocol::authorize::Progress;

use super::authorization::{Authorization, SentRequest};
use super::request::{BrowserRequest, REQUEST_BYTES_MAX, RequestMethod};
use crate::app::App;
use crate::endpoint::body::{Form, form};
use crate::endpoint::context::RequestContext;
use crate::endpoint::failure::Failure;
use crate::http::Arrival;
use crate::metrics::Endpoint;

/// `GET /authorize`.
pub(super) async fn get(
    State(app): State<Arc<App>>,
    arrival: Arrival,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let context = RequestContext::begin(&app, arrival, Endpoint::Authorize, Method::GET);
    let browser = BrowserRequest::new(&context, &headers, RequestMethod::Get);
    match sent(&browser, uri.query().unwrap_or_default()).await {
        Ok(sent) => Authorization::new(browser, sent, Progress::default()).dispatch().await,
        Err(failure) => browser.refused(&failure),
    }
}

/// `POST /authorize`. It may come from another site, without our `Lax` cookie: then the browser comes back with it, once.
pub(super) async fn post(State(app): State<Arc<App>>, arrival: Arrival, request: Request) -> Response {
    let headers = request.headers().clone();
    let form = form(request).await;
    let context = RequestContext::begin(&app, arrival, Endpoint::Authorize, Method::POST);
    let browser = BrowserRequest::new(&context, &headers, RequestMethod::Form);
    match posted(&browser, form).await {
        Ok(Posted::Sent(raw)) => browser.come_back(Endpoint::Authorize, &raw),
        Ok(Posted::CameBack(sent)) => {
            Authorization::new(browser, *sent, Progress::default()).dispatch().await
        }
        Err(failure) => browser.refused(&failure),
    }
}

/// What a form asks for.
enum Posted {
    /// A request, says a client: the form as it came.
    Sent(String),
    /// A request that came by POST before and comes back by our own page.
    CameBack(Box<SentRequest>),
}

/// The authorization request of a GET: the query itself, or the one that was sealed when it came by POST.
async fn sent(browser: &BrowserRequest<'_>, query: &str) -> Result<SentRequest, Failure> {
    let params = Params::parse(query.as_bytes()).map_err(Refusal::from)?;
    // Our own address has nothing beside it; a client's parameter of that name is an unknown one (OAuth 2.1 §3.1).
    match params.first("flow").filter(|_| !params.contains("client_id")) {
        None => Ok(SentRequest::new(query.to_owned(), &params)),
        Some(flow) => Ok(SentRequest::parse(&browser.resume(flow).await?)?),
    }
}

async fn posted(browser: &BrowserRequest<'_>, form: Result<Form, Failure>) -> Result<Posted, Failure> {
    let form = form?;
    if let Some(flow) = form.params.first("flow").filter(|_| !form.params.contains("client_id")) {
        browser.same_site()?;
        let sent = SentRequest::parse(&browser.resume(flow).await?)?;
        return Ok(Posted::CameBack(Box::new(sent)));
    }
    let raw = form.into_text()?;
    if raw.len() > REQUEST_BYTES_MAX { Err(Refusal::RequestTooLong.into()) } else { Ok(Posted::Sent(raw)) }
}
