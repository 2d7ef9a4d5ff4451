//! The sign-in page and its form.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use proofkey_oauth::Secret;
use proofkey_protocol::authorize::Progress;
use proofkey_protocol::{Interaction, Step};

use super::app_names::{app_host, app_name};
use super::authorization::{RequestMethod, Visit, flow_parameter, same_site};
use crate::app::App;
use crate::endpoint::body::form;
use crate::endpoint::context::RequestContext;
use crate::endpoint::failure::Failure;
use crate::http::Arrival;
use crate::login::{Attempt, Attempted, Browser, Credentials};
use crate::metrics::Endpoint;
use crate::page::{self, SignIn, SignInError};

/// `GET /sign-in?flow=…`
pub(super) async fn get(
    State(app): State<Arc<App>>,
    arrival: Arrival,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let exchange = RequestContext::begin(&app, arrival, Endpoint::SignIn, Method::GET);
    let browser = Browser::of(&app, &headers);
    let flow = flow_parameter(&uri);
    let opened = Interaction::open(&app.keys, &flow, Step::SignIn, browser.flow(), exchange.now);
    let visit = |raw| Visit::new(&exchange, browser, &headers, RequestMethod::Get, raw);
    match opened {
        Ok(step) => {
            let visit = visit(step.request);
            let response = render(&visit, &flow, visit.request.login_hint.clone().unwrap_or_default(), None);
            visit.leave(response)
        }
        Err(refusal) => {
            let visit = visit(String::new());
            let response = visit.failure(&Failure::Refused(refusal));
            visit.leave(response)
        }
    }
}

/// `POST /sign-in`
pub(super) async fn post(State(app): State<Arc<App>>, arrival: Arrival, request: Request) -> Response {
    let exchange = RequestContext::begin(&app, arrival, Endpoint::SignIn, Method::POST);
    let headers = request.headers().clone();
    match read(&exchange, request).await {
        Ok(submitted) => submitted.sign_in(&exchange, &headers).await,
        Err(failure) => {
            let visit = Visit::new(
                &exchange,
                Browser::of(&app, &headers),
                &headers,
                RequestMethod::Form,
                String::new(),
            );
            let response = visit.failure(&failure);
            visit.leave(response)
        }
    }
}

/// A sign-in form that belongs to this browser.
struct Submitted {
    step: Interaction,
    flow: String,
    credentials: Credentials,
}

async fn read(exchange: &RequestContext<'_>, request: Request) -> Result<Submitted, Failure> {
    let form = form(request).await?;
    same_site(exchange.app, &form.head.headers)?;
    let browser = Browser::of(exchange.app, &form.head.headers);
    let take = |name: &str| form.params.first(name).unwrap_or_default().to_owned();
    let flow = take("flow");
    let step = Interaction::open(&exchange.app.keys, &flow, Step::SignIn, browser.flow(), exchange.now)?;
    let credentials = Credentials { username: take("username"), password: Secret::new(take("password")) };
    Ok(Submitted { step, flow, credentials })
}

impl Submitted {
    async fn sign_in(self, exchange: &RequestContext<'_>, headers: &HeaderMap) -> Response {
        let Self { step, flow, credentials } = self;
        let browser = Browser::of(exchange.app, headers);
        let mut visit = Visit::new(exchange, browser, headers, RequestMethod::Form, step.request);
        let attempt = Attempt {
            credentials: &credentials,
            device: visit.browser.device(),
            replaces: visit.browser.session_proof(),
            arrival: exchange.arrival,
        };
        let error = match attempt.run(exchange.app).await {
            Ok(Attempted::SignedIn { session, device }) => {
                let authenticated_as = Some(session.cookie.id);
                visit.browser.signed_in(session.cookie, device);
                return visit.dispatch(Progress { authenticated_as, consent: None }).await;
            }
            Ok(Attempted::Wrong) => SignInError::Wrong,
            Ok(Attempted::Wait(seconds)) => SignInError::TooMany { retry_after_seconds: seconds },
            Ok(Attempted::Busy(seconds)) => SignInError::Busy { retry_after_seconds: seconds },
            Err(fault) => {
                let response = visit.failure(&fault.into());
                return visit.leave(response);
            }
        };
        let response = render(&visit, &flow, credentials.username.clone(), Some(error));
        visit.leave(response)
    }
}

fn render(visit: &Visit<'_>, flow: &str, username: String, error: Option<SignInError>) -> Response {
    let validated = match visit.validate() {
        Ok(validated) => validated,
        Err(failure) => return visit.failure(&failure),
    };
    let app = visit.exchange.app;
    let view = SignIn {
        action: format!("{}/sign-in", app.policy.issuer.path()),
        flow: flow.to_owned(),
        app_name: Some(app_name(validated.client())),
        app_host: Some(app_host(validated.client())),
        username,
        error,
    };
    let (status, wait) = match error {
        None => (StatusCode::OK, None),
        Some(SignInError::TooMany { retry_after_seconds } | SignInError::Busy { retry_after_seconds }) => {
            (StatusCode::TOO_MANY_REQUESTS, Some(retry_after_seconds))
        }
        Some(SignInError::Wrong) => (StatusCode::BAD_REQUEST, None),
    };
    let mut response = page::respond_with_form(status, visit.lang, app.pages.sign_in(visit.lang, &view));
    if let Some(seconds) = wait {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
