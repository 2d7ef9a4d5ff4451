//! The form of the sign-in page. The page itself is the answer to the authorization request.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderMap, Method, Uri};
use proofkey_oauth::Secret;
use proofkey_protocol::Refusal;
use proofkey_protocol::authorize::Progress;
use proofkey_protocol::interaction::{Opened, SignIn};

use super::authorization::{Authorization, SentRequest};
use super::password::PasswordSignIn;
use super::request::{BrowserRequest, RequestMethod, flow_parameter};
use super::sign_in_page::SignInForm;
use crate::app::App;
use crate::endpoint::body::{Form, form};
use crate::endpoint::context::RequestContext;
use crate::endpoint::failure::Failure;
use crate::http::Arrival;
use crate::metrics::Endpoint;

/// `GET /sign-in`: an address of a page that an earlier server made. It is a link to the request.
pub(super) async fn get(
    State(app): State<Arc<App>>,
    arrival: Arrival,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let context = RequestContext::begin(&app, arrival, Endpoint::SignIn, Method::GET);
    let browser = BrowserRequest::new(&context, &headers, RequestMethod::Get);
    match linked(&browser, &flow_parameter(&uri)).await {
        Ok(sent) => Authorization::new(browser, sent, Progress::default()).dispatch().await,
        Err(failure) => browser.refused(&failure),
    }
}

/// `POST /sign-in`
pub(super) async fn post(State(app): State<Arc<App>>, arrival: Arrival, request: Request) -> Response {
    let headers = request.headers().clone();
    let form = form(request).await;
    let context = RequestContext::begin(&app, arrival, Endpoint::SignIn, Method::POST);
    let browser = BrowserRequest::new(&context, &headers, RequestMethod::PageForm);
    match read(&browser, form).await {
        Ok(Posted::Submitted(submitted)) => submitted.sign_in(browser).await,
        Ok(Posted::Stale(sent)) => begin_anew(browser, sent).await,
        Err(failure) => browser.refused(&failure),
    }
}

async fn linked(browser: &BrowserRequest<'_>, flow: &str) -> Result<SentRequest, Failure> {
    Ok(SentRequest::parse(match &browser.open::<SignIn>(flow).await? {
        Opened::Fits(step) => step.request(),
        Opened::Stale(stale) => stale.request(),
    })?)
}

/// What a form asks for.
enum Posted {
    /// To sign in.
    Submitted(Submitted),
    /// Nothing that counts: the page no longer fits this browser.
    Stale(SentRequest),
}

/// A sign-in form that belongs to this browser.
struct Submitted {
    sent: SentRequest,
    username: String,
    password: Secret,
    remember: bool,
}

async fn read(browser: &BrowserRequest<'_>, form: Result<Form, Failure>) -> Result<Posted, Failure> {
    let form = form?;
    browser.same_site()?;
    let take = |name: &str| form.params.first(name).unwrap_or_default().to_owned();
    let opened = browser.open::<SignIn>(&take("flow")).await?;
    Ok(match opened {
        Opened::Fits(step) => Posted::Submitted(Submitted {
            sent: SentRequest::parse(step.request())?,
            username: take("username"),
            password: Secret::new(take("password")),
            // A checkbox that is not ticked is not sent.
            remember: form.params.first("remember").is_some(),
        }),
        // A browser that keeps no cookie would be asked for ever.
        Opened::Stale(stale) if stale.was_resumed() && browser.cookies.flows().is_empty() => {
            return Err(Refusal::InteractionOfAnotherBrowser.into());
        }
        Opened::Stale(stale) => Posted::Stale(SentRequest::parse(stale.request())?),
    })
}

/// Begins the request anew. The password that was typed is not looked at.
async fn begin_anew(browser: BrowserRequest<'_>, sent: SentRequest) -> Response {
    Authorization::resumed(browser, sent, Progress::default()).dispatch().await
}

impl Submitted {
    async fn sign_in(self, mut browser: BrowserRequest<'_>) -> Response {
        let Self { sent, username, password, remember } = self;
        let attempt = PasswordSignIn { username: &username, password: &password, remember };
        match attempt.run(&browser).await {
            Ok(Ok(begun)) => {
                let progress = Progress { authenticated_as: Some(begun.cookie.id), consent: None };
                browser.cookies.signed_in(begun);
                Authorization::new(browser, sent, progress).dispatch().await
            }
            Ok(Err(error)) => {
                let filled = SignInForm::new(Some(&username));
                let form = SignInForm { remember: Some(remember), error: Some(error), ..filled };
                Authorization::new(browser, sent, Progress::default()).ask_to_sign_in(form).await
            }
            Err(failure) => Authorization::new(browser, sent, Progress::default()).fail(&failure),
        }
    }
}
