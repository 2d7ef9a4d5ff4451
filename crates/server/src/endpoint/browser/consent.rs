//! The form of the consent page. The page itself is the answer to the authorization request, or to the sign-in before it.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderMap, Method, Uri};
use proofkey_protocol::Refusal;
use proofkey_protocol::authorize::{Answer, ConsentGiven, Progress};
use proofkey_protocol::interaction::{Consent, Opened, Sealed};

use super::authorization::{Authorization, SentRequest};
use super::request::{BrowserRequest, RequestMethod, flow_parameter};
use super::sign_in_page::SignInForm;
use crate::app::App;
use crate::endpoint::body::{Form, form};
use crate::endpoint::context::RequestContext;
use crate::endpoint::failure::Failure;
use crate::http::Arrival;
use crate::metrics::Endpoint;

/// `GET /consent`: an address of a page that an earlier server made. It is a link to the request.
pub(super) async fn get(
    State(app): State<Arc<App>>,
    arrival: Arrival,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let context = RequestContext::begin(&app, arrival, Endpoint::Consent, Method::GET);
    let browser = BrowserRequest::new(&context, &headers, RequestMethod::Get);
    match linked(&browser, &flow_parameter(&uri)).await {
        Ok((sent, progress)) => Authorization::new(browser, sent, progress).dispatch().await,
        Err(failure) => browser.refused(&failure),
    }
}

/// `POST /consent`
pub(super) async fn post(State(app): State<Arc<App>>, arrival: Arrival, request: Request) -> Response {
    let headers = request.headers().clone();
    let form = form(request).await;
    let context = RequestContext::begin(&app, arrival, Endpoint::Consent, Method::POST);
    let browser = BrowserRequest::new(&context, &headers, RequestMethod::PageForm);
    match read(&browser, form).await {
        Ok(Posted::Answered(sent, progress)) => Authorization::new(browser, sent, progress).dispatch().await,
        Ok(Posted::NotMe(sent)) => {
            let authorization = Authorization::new(browser, sent, Progress::default());
            authorization.ask_to_sign_in(SignInForm::default()).await
        }
        Ok(Posted::Stale(sent)) => begin_anew(browser, sent).await,
        Err(failure) => browser.refused(&failure),
    }
}

async fn linked(browser: &BrowserRequest<'_>, flow: &str) -> Result<(SentRequest, Progress), Failure> {
    Ok(match browser.open::<Consent>(flow).await? {
        Opened::Fits(step) => (SentRequest::parse(step.request())?, progress(&step, None)),
        Opened::Stale(stale) => (SentRequest::parse(stale.request())?, Progress::default()),
    })
}

/// What a form asks for.
enum Posted {
    /// The request goes on with the person's answer.
    Answered(SentRequest, Progress),
    /// Another user is to sign in.
    NotMe(SentRequest),
    /// Nothing that counts: the page no longer fits this browser.
    Stale(SentRequest),
}

async fn read(browser: &BrowserRequest<'_>, form: Result<Form, Failure>) -> Result<Posted, Failure> {
    let form = form?;
    browser.same_site()?;
    let step = match browser.open::<Consent>(form.params.first("flow").unwrap_or_default()).await? {
        Opened::Fits(step) => step,
        Opened::Stale(stale) => return Ok(Posted::Stale(SentRequest::parse(stale.request())?)),
    };
    let sent = SentRequest::parse(step.request())?;
    let answer = match form.params.first("decision") {
        Some("allow") => Answer::Allow,
        Some("deny") => Answer::Deny,
        Some("not_me") => return Ok(Posted::NotMe(sent)),
        _ => return Err(Refusal::InteractionInvalid.into()),
    };
    let progress = progress(&step, Some(ConsentGiven::from_page(&step, answer)));
    Ok(Posted::Answered(sent, progress))
}

/// How far the step says that the person has come.
fn progress(step: &Sealed<Consent>, consent: Option<ConsentGiven>) -> Progress {
    Progress { authenticated_as: step.step().authenticated_as(), consent }
}

/// Begins the request anew. What was answered allows nothing and denies nothing.
async fn begin_anew(browser: BrowserRequest<'_>, sent: SentRequest) -> Response {
    let progress = Progress { consent: Some(ConsentGiven::on_stale_page()), ..Progress::default() };
    Authorization::resumed(browser, sent, progress).dispatch().await
}
