//! The sign-in page for an authorization request.

use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use proofkey_protocol::authorize::Validated;
use proofkey_protocol::authorize::app_host;
use proofkey_protocol::interaction;

use super::app_names::{app_name, own_scheme};
use super::password::held_session;
use super::request::BrowserRequest;
use crate::endpoint::failure::Failure;
use crate::http::ForWantOfRoom;
use crate::metrics::Endpoint;
use crate::page::{self, Remember, SignIn, SignInError};

/// Longest name that an app may put into the form, in characters.
const HINT_CHARS_MAX: usize = 128;

/// What stands in the form, and what is said above it.
#[derive(Default)]
pub(super) struct SignInForm {
    pub(super) username: String,
    /// Whether the box *Keep me signed in* is ticked; none for the operator's choice.
    pub(super) remember: Option<bool>,
    pub(super) error: Option<SignInError>,
    /// Whether it is shown in the place of a page that no longer fitted.
    pub(super) is_resumed: bool,
}

impl SignInForm {
    /// The form with the name that the app expects, if it has the form of one: a sentence of a stranger's has spaces in it.
    pub(super) fn hinted(login_hint: Option<&str>) -> Self {
        let is_name =
            |hint: &&str| hint.chars().count() <= HINT_CHARS_MAX && !hint.contains(char::is_whitespace);
        Self::new(login_hint.filter(is_name))
    }

    /// The form with a name in it.
    pub(super) fn new(username: Option<&str>) -> Self {
        Self { username: username.unwrap_or_default().to_owned(), ..Self::default() }
    }
}

/// Whether to ask who wants to stay signed in. Where a session goes on, that was chosen when it began.
async fn remember(browser: &BrowserRequest<'_>, ticked: Option<bool>) -> Result<Remember, Failure> {
    let context = browser.context;
    let held = held_session(context, browser.cookies.session()).await?;
    let goes_on = held.is_some_and(|(held, user)| held.goes_on_for(&user, context.now));
    Ok(match (goes_on, ticked.unwrap_or(context.app.remember_default)) {
        (true, _) => Remember::NotAsked,
        (false, true) => Remember::Ticked,
        (false, false) => Remember::Clear,
    })
}

/// Answers with the page. Its form carries the request, sealed to this browser.
pub(super) async fn respond(
    browser: &mut BrowserRequest<'_>,
    validated: &Validated,
    request: &str,
    form: SignInForm,
) -> Result<Response, Failure> {
    let remember = remember(browser, form.remember).await?;
    let step = interaction::SignIn { resumed: form.is_resumed };
    let flow = browser.seal(step, request);
    let (app, lang, client) = (browser.context.app, browser.lang, validated.client());
    let view = SignIn {
        action: app.path_of(Endpoint::SignIn),
        flow: flow.expose().to_owned(),
        app_name: Some(app_name(client)),
        app_host: Some(app_host(client).to_owned()),
        username: form.username,
        remember,
        error: form.error,
        is_resumed: form.is_resumed,
    };
    let (status, wait) = match form.error {
        None => (StatusCode::OK, None),
        Some(SignInError::TooMany { retry_after_seconds } | SignInError::Busy { retry_after_seconds }) => {
            (StatusCode::TOO_MANY_REQUESTS, Some(retry_after_seconds))
        }
        Some(SignInError::Wrong) => (StatusCode::BAD_REQUEST, None),
    };
    let html = app.pages.sign_in(lang, &view);
    let mut response = page::respond_with_form(status, lang, html, own_scheme(validated.target().uri()));
    if let Some(SignInError::Busy { .. }) = form.error {
        response.extensions_mut().insert(ForWantOfRoom);
    }
    if let Some(seconds) = wait {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(response)
}
