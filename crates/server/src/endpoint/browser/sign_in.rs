//! The sign-in page and its form.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use proofkey_oauth::Secret;
use proofkey_protocol::authorize::{Progress, Refused};
use proofkey_protocol::interaction;
use proofkey_protocol::sign_in::SessionBegun;
use proofkey_protocol::{Client, Refusal};

use super::app_names::{app_host, app_name};
use super::authorization::{Authorization, SentRequest};
use super::password::PasswordSignIn;
use super::request::{BrowserRequest, RequestMethod, flow_parameter};
use crate::app::App;
use crate::endpoint::body::{Form, form};
use crate::endpoint::context::RequestContext;
use crate::endpoint::failure::Failure;
use crate::http::Arrival;
use crate::metrics::Endpoint;
use crate::page::{self, SignIn, SignInError};

/// `GET /sign-in?flow=…`
pub(super) async fn get(
    State(app): State<Arc<App>>,
    arrival: Arrival,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let context = RequestContext::begin(&app, arrival, Endpoint::SignIn, Method::GET);
    let browser = BrowserRequest::new(&context, &headers, RequestMethod::Get);
    let flow = flow_parameter(&uri);
    match sent(&browser, &flow) {
        Ok(sent) => SignInForm::first(browser, sent, flow).show().await,
        Err(refusal) => browser.refused(&refusal.into()),
    }
}

/// `POST /sign-in`
pub(super) async fn post(State(app): State<Arc<App>>, arrival: Arrival, request: Request) -> Response {
    let headers = request.headers().clone();
    let form = form(request).await;
    let context = RequestContext::begin(&app, arrival, Endpoint::SignIn, Method::POST);
    let browser = BrowserRequest::new(&context, &headers, RequestMethod::Form);
    match read(&browser, form) {
        Ok(submitted) => submitted.sign_in(browser).await,
        Err(failure) => browser.refused(&failure),
    }
}

/// The request that a sign-in page of this browser is about.
fn sent(browser: &BrowserRequest<'_>, flow: &str) -> Result<SentRequest, Refusal> {
    SentRequest::parse(browser.open::<interaction::SignIn>(flow)?.request())
}

/// A sign-in form that belongs to this browser.
struct Submitted {
    sent: SentRequest,
    flow: String,
    username: String,
    password: Secret,
}

fn read(browser: &BrowserRequest<'_>, form: Result<Form, Failure>) -> Result<Submitted, Failure> {
    let form = form?;
    browser.same_site()?;
    let take = |name: &str| form.params.first(name).unwrap_or_default().to_owned();
    let flow = take("flow");
    let sent = sent(browser, &flow)?;
    Ok(Submitted { sent, flow, username: take("username"), password: Secret::new(take("password")) })
}

impl Submitted {
    async fn sign_in(self, mut browser: BrowserRequest<'_>) -> Response {
        let Self { sent, flow, username, password } = self;
        let attempt = PasswordSignIn {
            username: &username,
            password: &password,
            device: browser.cookies.device(),
            replaces: browser.cookies.session_proof(),
        };
        match attempt.run(browser.context).await {
            Ok(Ok(SessionBegun { cookie, device, .. })) => {
                let progress = Progress { authenticated_as: Some(cookie.id), consent: None };
                browser.cookies.signed_in(cookie, device);
                Authorization::new(browser, sent, progress).dispatch().await
            }
            Ok(Err(error)) => SignInForm::again(browser, sent, flow, username, error).show().await,
            Err(failure) => Authorization::new(browser, sent, Progress::default()).fail(&failure),
        }
    }
}

/// The sign-in page about to be shown.
struct SignInForm<'a> {
    authorization: Authorization<'a>,
    flow: String,
    username: String,
    error: Option<SignInError>,
}

impl<'a> SignInForm<'a> {
    fn first(browser: BrowserRequest<'a>, sent: SentRequest, flow: String) -> Self {
        let authorization = Authorization::new(browser, sent, Progress::default());
        let username = authorization.request.login_hint.clone().unwrap_or_default();
        Self { authorization, flow, username, error: None }
    }

    fn again(
        browser: BrowserRequest<'a>,
        sent: SentRequest,
        flow: String,
        username: String,
        error: SignInError,
    ) -> Self {
        let authorization = Authorization::new(browser, sent, Progress::default());
        Self { authorization, flow, username, error: Some(error) }
    }

    async fn show(self) -> Response {
        let error =
            |refusal: Refusal, client: Option<&Client>| self.authorization.error(&refusal.into(), client);
        let response = match self.authorization.validate().await {
            Ok(Ok(validated)) => self.page(validated.client()),
            Ok(Err(Refused::Page(refusal, client))) => error(refusal, client.as_deref()),
            Ok(Err(Refused::Answer(response))) => error(response.refusal, Some(&response.client)),
            Err(failure) => self.authorization.error(&failure, None),
        };
        self.authorization.browser.leave(response)
    }

    fn page(&self, client: &Client) -> Response {
        let (app, lang) = (self.authorization.context().app, self.authorization.browser.lang);
        let view = SignIn {
            action: app.path_of(Endpoint::SignIn),
            flow: self.flow.clone(),
            app_name: Some(app_name(client)),
            app_host: Some(app_host(client)),
            username: self.username.clone(),
            error: self.error,
        };
        let (status, wait) = match self.error {
            None => (StatusCode::OK, None),
            Some(
                SignInError::TooMany { retry_after_seconds } | SignInError::Busy { retry_after_seconds },
            ) => (StatusCode::TOO_MANY_REQUESTS, Some(retry_after_seconds)),
            Some(SignInError::Wrong) => (StatusCode::BAD_REQUEST, None),
        };
        let mut response = page::respond_with_form(status, lang, app.pages.sign_in(lang, &view));
        if let Some(seconds) = wait {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
