//! RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0), and the page that asks.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderMap, Method, StatusCode, Uri};
use proofkey_oauth::{LogoutRequest, Params};
use proofkey_protocol::Refusal;
use proofkey_protocol::interaction::{self, Sealed};
use proofkey_protocol::logout::{self, LogoutFacts, LogoutNext, PostLogoutTarget};
use proofkey_protocol::session::Login;

use super::app_names::{app_name, host};
use super::error_page;
use super::request::{BrowserRequest, REQUEST_BYTES_MAX, RequestMethod, see_other};
use crate::app::App;
use crate::endpoint::body::{Form, form};
use crate::endpoint::context::RequestContext;
use crate::endpoint::failure::Failure;
use crate::http::Arrival;
use crate::metrics::Endpoint;
use crate::page::{self, LogoutConfirm, ReturnLink, SignedOut};

/// Longest query, in bytes. One of our own carries a request of [`REQUEST_BYTES_MAX`] that came by POST, and sealing makes it
/// longer by a third. One of a relying party may be as long: it travels in a form of ours, never in an address.
const QUERY_BYTES_MAX: usize = 2 * REQUEST_BYTES_MAX;

/// `GET /end-session`
pub(super) async fn get(
    State(app): State<Arc<App>>,
    arrival: Arrival,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let context = RequestContext::begin(&app, arrival, Endpoint::EndSession, Method::GET);
    let browser = BrowserRequest::new(&context, &headers, RequestMethod::Get);
    match sent(&browser, uri.query().unwrap_or_default()) {
        Ok((raw, request)) => {
            let browser = browser.in_language_of(request.ui_locales.as_deref());
            Logout { browser, raw, request, confirmed: None }.dispatch().await
        }
        Err(refusal) => browser.refused(&refusal.into()),
    }
}

/// `POST /end-session`: from a relying party, or from our own page.
pub(super) async fn post(State(app): State<Arc<App>>, arrival: Arrival, request: Request) -> Response {
    let headers = request.headers().clone();
    let form = form(request).await;
    let context = RequestContext::begin(&app, arrival, Endpoint::EndSession, Method::POST);
    let browser = BrowserRequest::new(&context, &headers, RequestMethod::Form);
    match read(&browser, form) {
        Ok(Posted::Request(raw)) => browser.come_back(Endpoint::EndSession, &raw),
        Ok(Posted::Stay) => stay(browser),
        Ok(Posted::SignOut(page, request)) => {
            let raw = page.request().to_owned();
            Logout { browser, raw, request, confirmed: Some(page) }.dispatch().await
        }
        Err(failure) => browser.refused(&failure),
    }
}

/// The logout request of a GET: the query itself, or the one that was sealed when it came by POST.
fn sent(browser: &BrowserRequest<'_>, query: &str) -> Result<(String, LogoutRequest), Refusal> {
    let params = Params::parse(query.as_bytes())?;
    if query.len() > QUERY_BYTES_MAX {
        return Err(Refusal::RequestTooLong);
    }
    match params.first("flow") {
        None => Ok((query.to_owned(), LogoutRequest::from_params(&params)?)),
        Some(flow) => {
            let raw = browser.resume(flow)?.request().to_owned();
            let request = parse(&raw)?;
            Ok((raw, request))
        }
    }
}

fn parse(raw: &str) -> Result<LogoutRequest, Refusal> {
    let params = Params::parse(raw.as_bytes())?;
    Ok(LogoutRequest::from_params(&params)?)
}

/// What a form asks for.
enum Posted {
    /// Sign out, says a relying party: the form as it came.
    Request(String),
    /// The answer of our page: sign out.
    SignOut(Sealed<interaction::Logout>, LogoutRequest),
    /// The answer of our page: stay signed in.
    Stay,
}

fn read(browser: &BrowserRequest<'_>, form: Result<Form, Failure>) -> Result<Posted, Failure> {
    let form = form?;
    let Some(flow) = form.params.first("flow") else {
        // It travels on in an address of ours.
        if form.raw.len() > REQUEST_BYTES_MAX {
            return Err(Refusal::RequestTooLong.into());
        }
        return Ok(Posted::Request(form.into_text()?));
    };
    browser.same_site()?;
    let page: Sealed<interaction::Logout> = browser.open(flow)?;
    match form.params.first("decision") {
        Some("sign_out") => {
            let request = parse(page.request())?;
            Ok(Posted::SignOut(page, request))
        }
        Some("stay") => Ok(Posted::Stay),
        _ => Err(Refusal::InteractionInvalid.into()),
    }
}

fn stay(browser: BrowserRequest<'_>) -> Response {
    let html = browser.context.app.pages.stayed(browser.lang);
    let response = page::respond(StatusCode::OK, browser.lang, html);
    browser.leave(response)
}

/// A logout request in the browser that sent it.
struct Logout<'a> {
    browser: BrowserRequest<'a>,
    raw: String,
    request: LogoutRequest,
    /// The page on which it was confirmed.
    confirmed: Option<Sealed<interaction::Logout>>,
}

impl Logout<'_> {
    /// Decides and answers.
    async fn dispatch(mut self) -> Response {
        let answer = match self.decide().await {
            Ok(LogoutNext::Confirm(login)) => self.ask(&login).await,
            Ok(LogoutNext::SignedOut { user, target }) => {
                if let Some(user) = user {
                    tracing::info!(request_id = %self.browser.context.arrival.id, user = user.as_str(), "signed out");
                }
                Ok(self.signed_out(target))
            }
            Err(failure) => Err(failure),
        };
        let response = answer.unwrap_or_else(|failure| self.error(&failure));
        self.browser.leave(response)
    }

    async fn decide(&self) -> Result<LogoutNext, Failure> {
        self.browser
            .context
            .settle(
                || self.load(),
                |facts, _| match &self.confirmed {
                    Some(page) => logout::confirmed(page, &self.request, facts),
                    None => logout::decide(&self.request, facts),
                },
            )
            .await
    }

    async fn load(&self) -> Result<LogoutFacts, Failure> {
        let context = self.browser.context;
        let token = self.request.id_token_hint.as_deref();
        let hint = token.and_then(|token| context.app.keyring.id_token(token).ok());
        let client = match hint.as_ref().and_then(logout::client_hinted) {
            Some(id) => context.client(id.as_str()).await?,
            None => None,
        };
        let login = self.browser.login().await?;
        Ok(LogoutFacts { hint, client, login })
    }

    async fn ask(&mut self, login: &Login) -> Result<Response, Failure> {
        let (context, lang) = (self.browser.context, self.browser.lang);
        let clients = context.app.store.session_clients(login.session()).await?;
        let mut app_names = Vec::with_capacity(clients.len());
        for id in &clients {
            app_names.extend(context.client(id.as_str()).await?.map(|client| app_name(&client)));
        }
        let flow = self.browser.seal(interaction::Logout { session: login.session() }, &self.raw);
        let view = LogoutConfirm {
            action: context.app.path_of(Endpoint::EndSession),
            flow: flow.expose().to_owned(),
            user_name: login.user().display_name.clone(),
            app_names,
        };
        Ok(page::respond_with_form(StatusCode::OK, lang, context.app.pages.logout(lang, &view)))
    }

    /// Sends the browser where the client wants it after a logout: by 303 after a GET, by a link after a form post.
    fn signed_out(&mut self, target: Option<PostLogoutTarget>) -> Response {
        self.browser.cookies.signed_out();
        let link = match target {
            Some(target) if self.browser.method == RequestMethod::Get => return see_other(target.location()),
            Some(target) => Some(ReturnLink {
                app_name: app_name(target.client()),
                host: host(target.location()).to_owned(),
                href: target.location().to_owned(),
            }),
            None => None,
        };
        let lang = self.browser.lang;
        let html = self.browser.context.app.pages.signed_out(lang, &SignedOut { return_to: link });
        page::respond(StatusCode::OK, lang, html)
    }

    fn error(&self, failure: &Failure) -> Response {
        let (context, client_id) = (self.browser.context, self.request.client_id.as_deref());
        failure.log(context, client_id);
        let view = error_page::view(context, failure, None, client_id);
        error_page::respond(context, self.browser.lang, &view)
    }
}
