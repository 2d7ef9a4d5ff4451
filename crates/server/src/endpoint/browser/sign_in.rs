//! The sign-in page and its form.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use proofkey_oauth::Secret;
use proofkey_protocol::authorize::{Progress, Refused};
use proofkey_protocol::interaction;
use proofkey_protocol::{Client, Refusal};

use super::app_names::{app_host, app_name};
use super::authorization::{Authorization, SentRequest};
use super::password::{PasswordSignIn, held_session};
use super::request::{BrowserRequest, RequestMethod, flow_parameter};
use crate::app::App;
use crate::endpoint::body::{Form, form};
use crate::endpoint::context::RequestContext;
use crate::endpoint::failure::Failure;
use crate::http::Arrival;
use crate::metrics::Endpoint;
use crate::page::{self, Remember, SignIn, SignInError};

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
    remember: bool,
}

fn read(browser: &BrowserRequest<'_>, form: Result<Form, Failure>) -> Result<Submitted, Failure> {
    let form = form?;
    browser.same_site()?;
    let take = |name: &str| form.params.first(name).unwrap_or_default().to_owned();
    let flow = take("flow");
    let sent = sent(browser, &flow)?;
    let (username, password) = (take("username"), Secret::new(take("password")));
    // A checkbox that is not ticked is not sent.
    let remember = form.params.first("remember").is_some_and(|value| !value.is_empty());
    Ok(Submitted { sent, flow, username, password, remember })
}

impl Submitted {
    async fn sign_in(self, mut browser: BrowserRequest<'_>) -> Response {
        let Self { sent, flow, username, password, remember } = self;
        let attempt = PasswordSignIn {
            username: &username,
            password: &password,
            device: browser.cookies.device(),
            session: browser.cookies.session(),
            remember,
        };
        match attempt.run(browser.context).await {
            Ok(Ok(begun)) => {
                let progress = Progress { authenticated_as: Some(begun.cookie.id), consent: None };
                browser.cookies.signed_in(begun);
                Authorization::new(browser, sent, progress).dispatch().await
            }
            Ok(Err(error)) => {
                let filled = Filled { username, remember };
                SignInForm::again(browser, sent, flow, filled, error).show().await
            }
            Err(failure) => Authorization::new(browser, sent, Progress::default()).fail(&failure),
        }
    }
}

/// What stands in the fields of the page that the person may change.
struct Filled {
    username: String,
    remember: bool,
}

/// The sign-in page about to be shown.
struct SignInForm<'a> {
    authorization: Authorization<'a>,
    flow: String,
    filled: Filled,
    error: Option<SignInError>,
}

impl<'a> SignInForm<'a> {
    fn first(browser: BrowserRequest<'a>, sent: SentRequest, flow: String) -> Self {
        let authorization = Authorization::new(browser, sent, Progress::default());
        let username = authorization.request.login_hint.clone().unwrap_or_default();
        let remember = authorization.context().app.remember_default;
        Self { authorization, flow, filled: Filled { username, remember }, error: None }
    }

    fn again(
        browser: BrowserRequest<'a>,
        sent: SentRequest,
        flow: String,
        filled: Filled,
        error: SignInError,
    ) -> Self {
        let authorization = Authorization::new(browser, sent, Progress::default());
        Self { authorization, flow, filled, error: Some(error) }
    }

    async fn show(self) -> Response {
        let response = match self.decide().await {
            Ok(response) => response,
            Err(failure) => self.authorization.error(&failure, None),
        };
        self.authorization.browser.leave(response)
    }

    async fn decide(&self) -> Result<Response, Failure> {
        let error =
            |refusal: Refusal, client: Option<&Client>| self.authorization.error(&refusal.into(), client);
        Ok(match self.authorization.validate().await? {
            Ok(validated) => self.page(validated.client(), self.remember().await?),
            Err(Refused::Page(refusal, client)) => error(refusal, client.as_deref()),
            Err(Refused::Answer(response)) => error(response.refusal, Some(&response.client)),
        })
    }

    /// Whether to ask who wants to stay signed in. Where a session goes on, that was chosen when it began.
    async fn remember(&self) -> Result<Remember, Failure> {
        let context = self.authorization.context();
        let held = held_session(context, self.authorization.browser.cookies.session()).await?;
        let goes_on = held.is_some_and(|(held, user)| held.goes_on_for(&user, context.now));
        Ok(match (goes_on, self.filled.remember) {
            (true, _) => Remember::NotAsked,
            (false, true) => Remember::Ticked,
            (false, false) => Remember::Clear,
        })
    }

    fn page(&self, client: &Client, remember: Remember) -> Response {
        let (app, lang) = (self.authorization.context().app, self.authorization.browser.lang);
        let view = SignIn {
            action: app.path_of(Endpoint::SignIn),
            flow: self.flow.clone(),
            app_name: Some(app_name(client)),
            app_host: Some(app_host(client)),
            username: self.filled.username.clone(),
            remember,
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
