//! RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0), and the page that asks.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderMap, Method, StatusCode, Uri};
use proofkey_oauth::{LogoutRequest, Params};
use proofkey_protocol::Refusal;
use proofkey_protocol::authorize::host;
use proofkey_protocol::interaction::{self, Opened, Sealed};
use proofkey_protocol::logout::{self, LogoutFacts, LogoutNext, PostLogoutTarget, WayBack};
use proofkey_protocol::session::Login;

use super::app_names::app_name;
use super::error_page;
use super::request::{BrowserRequest, REQUEST_BYTES_MAX, RequestMethod, see_other};
use crate::app::App;
use crate::endpoint::body::{Form, form};
use crate::endpoint::context::RequestContext;
use crate::endpoint::failure::{Failure, Sent};
use crate::http::Arrival;
use crate::metrics::Endpoint;
use crate::page::{self, LogoutConfirm, RefusedReturn, ReturnLink, SignedOut};

/// Longest query, in bytes: an ID token has room in it. It travels in a form of ours, never in an address.
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
    match sent(&browser, uri.query().unwrap_or_default()).await {
        Ok((raw, request)) => {
            let browser = browser.in_language_of(request.ui_locales.as_deref());
            Logout { browser, raw, request, confirmed: None, is_resumed: false }.dispatch().await
        }
        Err(failure) => browser.refused(&failure),
    }
}

/// `POST /end-session`: from a relying party, or from our own page.
pub(super) async fn post(State(app): State<Arc<App>>, arrival: Arrival, request: Request) -> Response {
    let headers = request.headers().clone();
    let form = form(request).await;
    let context = RequestContext::begin(&app, arrival, Endpoint::EndSession, Method::POST);
    let browser = BrowserRequest::new(&context, &headers, RequestMethod::Form);
    match read(&browser, form).await {
        Ok(Posted::Request(raw)) => browser.come_back(Endpoint::EndSession, &raw),
        Ok(Posted::Stay) => stay(browser),
        Ok(Posted::SignOut(page, request)) => {
            let raw = page.request().to_owned();
            Logout { browser, raw, request, confirmed: Some(page), is_resumed: false }.dispatch().await
        }
        Ok(Posted::CameBack { raw, request, is_resumed }) => {
            Logout { browser, raw, request, confirmed: None, is_resumed }.dispatch().await
        }
        Err(failure) => browser.refused(&failure),
    }
}

/// The logout request of a GET: the query itself, or the one that was sealed when it came by POST.
async fn sent(browser: &BrowserRequest<'_>, query: &str) -> Result<(String, LogoutRequest), Failure> {
    let params = Params::parse(query.as_bytes()).map_err(Refusal::from)?;
    if query.len() > QUERY_BYTES_MAX {
        return Err(Refusal::RequestTooLong.into());
    }
    match params.first("flow") {
        None => Ok((query.to_owned(), LogoutRequest::from_params(&params).map_err(Refusal::from)?)),
        Some(flow) => {
            let raw = browser.resume(flow).await?;
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
    /// A request that comes back by a page of ours: because it came by POST, or because the page that asked no longer fits.
    CameBack { raw: String, request: LogoutRequest, is_resumed: bool },
}

async fn read(browser: &BrowserRequest<'_>, form: Result<Form, Failure>) -> Result<Posted, Failure> {
    let form = form?;
    let Some(flow) = form.params.first("flow") else {
        if form.raw.len() > REQUEST_BYTES_MAX {
            return Err(Refusal::RequestTooLong.into());
        }
        return Ok(Posted::Request(form.into_text()?));
    };
    browser.same_site()?;
    let came_back = |raw: String, is_resumed| {
        let request = parse(&raw)?;
        Ok(Posted::CameBack { raw, request, is_resumed })
    };
    let Some(decision) = form.params.first("decision") else {
        return came_back(browser.resume(flow).await?, false);
    };
    match (decision, browser.open::<interaction::Logout>(flow).await?) {
        ("stay", _) => Ok(Posted::Stay),
        ("sign_out", Opened::Fits(page)) => {
            let request = parse(page.request())?;
            Ok(Posted::SignOut(page, request))
        }
        ("sign_out", Opened::Stale(stale)) => came_back(stale.request().to_owned(), true),
        _ => Err(Refusal::InteractionInvalid.into()),
    }
}

fn stay(browser: BrowserRequest<'_>) -> Response {
    let html = browser.context.app.pages.stayed(browser.lang);
    let response = page::respond(StatusCode::OK, browser.lang, html);
    browser.leave(response)
}

fn link(target: &PostLogoutTarget) -> ReturnLink {
    ReturnLink {
        app_name: app_name(target.client()),
        host: host(target.location()).to_owned(),
        href: target.location().to_owned(),
    }
}

/// A logout request in the browser that sent it.
struct Logout<'a> {
    browser: BrowserRequest<'a>,
    raw: String,
    request: LogoutRequest,
    /// The page on which it was confirmed.
    confirmed: Option<Sealed<interaction::Logout>>,
    /// Whether the page that asked no longer fitted: the new one says so.
    is_resumed: bool,
}

impl Logout<'_> {
    /// Decides and answers.
    async fn dispatch(mut self) -> Response {
        let answer = match self.decide().await {
            Ok(LogoutNext::Confirm { login, back }) => self.ask(&login, &back).await,
            Ok(LogoutNext::SignedOut { user, back }) => {
                if let Some(user) = user {
                    tracing::info!(request_id = %self.browser.context.arrival.id, user = user.as_str(), "signed out");
                }
                Ok(self.signed_out(&back))
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
        let hint = match self.request.id_token_hint.as_deref() {
            Some(token) => context.fresh_keys().await?.id_token(token).ok(),
            None => None,
        };
        let client = match logout::client_of(&self.request, hint.as_ref()) {
            Some(id) => context.client(id.as_str()).await?,
            None => None,
        };
        let login = self.browser.login().await?;
        Ok(LogoutFacts { hint, client, login })
    }

    async fn ask(&mut self, login: &Login, back: &WayBack) -> Result<Response, Failure> {
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
            refused_return: self.refused(back),
            is_resumed: self.is_resumed,
        };
        Ok(page::respond_with_form(StatusCode::OK, lang, context.app.pages.logout(lang, &view), None))
    }

    /// Sends the browser where the client wants it after a logout: by 303 after a GET, if an ID token shows that the client
    /// asks; else by a link.
    fn signed_out(&mut self, back: &WayBack) -> Response {
        self.browser.cookies.signed_out();
        let by_redirect = self.browser.method == RequestMethod::Get;
        let link = match back {
            WayBack::Redirect(target) => {
                if let Some(redirect) = by_redirect.then(|| see_other(target.location())).flatten() {
                    return redirect;
                }
                Some(link(target))
            }
            WayBack::Link(target) => Some(link(target)),
            WayBack::None | WayBack::Refused(_) => None,
        };
        let view = SignedOut { return_to: link, refused_return: self.refused(back) };
        let lang = self.browser.lang;
        page::respond(StatusCode::OK, lang, self.browser.context.app.pages.signed_out(lang, &view))
    }

    /// What the page says of an address that the browser is not led to.
    fn refused(&self, back: &WayBack) -> Option<RefusedReturn> {
        let WayBack::Refused(refused) = back else { return None };
        let client = refused.client.as_deref();
        let client_id = client.map(|client| client.id.as_str()).unwrap_or_default();
        let context = self.browser.context;
        if context.may_log_refusal() {
            tracing::info!(
                error_id = context.error_id(),
                client_id,
                address = %context.arrival.client.0,
                "post-logout address refused: it is not registered"
            );
        }
        Some(RefusedReturn { sent: refused.sent.clone(), app_name: client.map(app_name) })
    }

    fn error(&self, failure: &Failure) -> Response {
        let (context, client_id) = (self.browser.context, self.request.client_id.as_deref());
        failure.log_sent(context, &Sent { client_id, is_registered: false, redirect_uri: None });
        let view = error_page::view(context, failure, None, client_id);
        error_page::respond(context, self.browser.lang, &view)
    }
}
