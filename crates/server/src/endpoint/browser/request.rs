//! A request from a browser: its cookies, the language to answer in, and how it leaves. It knows no authorization
//! request and no client, so that every page can stand on it.

use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use proofkey_oauth::{Params, Secret};
use proofkey_protocol::interaction::{BoundStep, Opened, Resume, Sealed};
use proofkey_protocol::session::{self, Login, SessionCookie};
use proofkey_protocol::{Refusal, SessionFacts, UserFacts};

use super::error_page;
use crate::endpoint::context::RequestContext;
use crate::endpoint::failure::Failure;
use crate::login::Browser;
use crate::metrics::Endpoint;
use crate::page::{self, CarryOn, Lang};

/// Longest request, in bytes. It travels in the forms of our pages, sealed and a third longer.
pub(super) const REQUEST_BYTES_MAX: usize = 8 * 1024;
/// Longest address that a redirect of ours names, in bytes: common proxies take 4 KiB of response head, cookies included.
pub(super) const LOCATION_BYTES_MAX: usize = 3 * 1024;

/// How the request that is being answered came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestMethod {
    /// A GET: answers redirect.
    Get,
    /// A form post: Chromium applies `form-action` to every hop after it, so the browser leaves by a page.
    Form,
    /// A form post of a page that is about an authorization request, and names the scheme of an app of its own in its
    /// `form-action`: to that the answer redirects.
    PageForm,
}

/// A request from a browser, and what its answer must set there.
pub(super) struct BrowserRequest<'a> {
    pub(super) context: &'a RequestContext<'a>,
    pub(super) method: RequestMethod,
    pub(super) cookies: Browser,
    pub(super) lang: Lang,
    headers: &'a HeaderMap,
}

impl<'a> BrowserRequest<'a> {
    /// Reads the cookies, and the language that the browser asks for.
    pub(super) fn new(
        context: &'a RequestContext<'a>,
        headers: &'a HeaderMap,
        method: RequestMethod,
    ) -> Self {
        let (cookies, lang) = (Browser::of(&context.app.cookies, headers), Lang::of(headers, None));
        Self { context, method, cookies, lang, headers }
    }

    /// Lets the languages that the app asks for go before those of the browser.
    pub(super) fn in_language_of(self, ui_locales: Option<&str>) -> Self {
        Self { lang: Lang::of(self.headers, ui_locales), ..self }
    }

    /// Refuses a form that another site sent (Fetch Metadata, then Origin; `null` is unknown, and the sealed step
    /// decides).
    pub(super) fn same_site(&self) -> Result<(), Refusal> {
        let text = |name: &str| self.headers.get(name).and_then(|value| value.to_str().ok());
        let ok = match (text("sec-fetch-site"), text("origin")) {
            (Some(site), _) => matches!(site, "same-origin" | "none"),
            (None, Some("null") | None) => true,
            (None, Some(origin)) => origin == self.context.app.policy.issuer.web_origin(),
        };
        if ok { Ok(()) } else { Err(Refusal::FormFromAnotherSite) }
    }

    /// The user who is signed in.
    pub(super) async fn login(&self) -> Result<Option<Login>, Failure> {
        let Some(cookie) = self.cookies.session() else { return Ok(None) };
        let found = self.context.app.store.session(cookie.id).await?;
        let Some((session, user)) = found else { return Ok(None) };
        Ok(self.login_by(cookie, &session, &user))
    }

    /// Judges the session that the cookie names, as a read found it with its user, and notes that it was used, if the
    /// last note is old enough. The note is no part of the decision, which does not depend on it, and no answer waits for it. To lose it, with the
    /// process, costs a quarter of the session's idle life at most, and no answer.
    pub(super) fn login_by(
        &self,
        cookie: &SessionCookie,
        session: &SessionFacts,
        user: &UserFacts,
    ) -> Option<Login> {
        let (app, now) = (self.context.app, self.context.now);
        let login = session::login(cookie, session, user, now, &app.policy)?;
        if let Some(used) = login.touch(now) {
            app.store.note_use(used);
        }
        Some(login)
    }

    /// Opens a step that one of our pages sends back.
    pub(super) async fn open<S: BoundStep>(&self, flow: &str) -> Result<Opened<S>, Failure> {
        let keys = self.context.fresh_keys().await?;
        Ok(Sealed::open(keys.artefacts(), flow, &self.cookies.flows(), self.context.now)?)
    }

    /// Takes up a request that came by POST: the request, form-encoded as it came.
    pub(super) async fn resume(&self, flow: &str) -> Result<String, Failure> {
        let keys = self.context.fresh_keys().await?;
        Ok(Sealed::<Resume>::resume(keys.artefacts(), flow)?)
    }

    /// Seals a step to this browser, with the request that it is about.
    pub(super) fn seal<S: BoundStep>(&mut self, step: S, request: &str) -> Secret {
        let cookies = &mut self.cookies;
        self.context.decide(|cx| {
            let browser = cookies.flow_or_new(cx);
            Sealed::seal(step, request, browser, cx)
        })
    }

    /// Lets the browser come back with a request that came by POST: a form of another site carries no `Lax` cookie, a GET or a
    /// form of ours does. By 303 to an address of ours, once; a request that makes it too long comes back by a page whose
    /// button posts it.
    pub(super) fn come_back(self, endpoint: Endpoint, request: &str) -> Response {
        let app = self.context.app;
        let sealed = self.context.decide(|cx| Sealed::pause(request, cx));
        let action = app.path_of(endpoint);
        let response = see_other(&format!("{action}?flow={}", sealed.expose())).unwrap_or_else(|| {
            let view = CarryOn { action, flow: sealed.expose().to_owned() };
            page::respond_with_form(StatusCode::OK, self.lang, app.pages.carry_on(self.lang, &view), None)
        });
        self.leave(response)
    }

    /// Answers a failure of which no app is known.
    pub(super) fn refused(self, failure: &Failure) -> Response {
        failure.log(self.context, None);
        let view = error_page::view(self.context, failure, None, None);
        let response = error_page::respond(self.context, self.lang, &view);
        self.leave(response)
    }

    /// Puts the cookies on an answer.
    pub(super) fn leave(self, mut response: Response) -> Response {
        self.cookies.apply(&self.context.app.cookies, &mut response);
        self.context.finish(response)
    }
}

/// 303: the next request is a GET, whatever this one was. 307 and 308 would send the form on (OAuth 2.1 §7.5.3). `None` for an
/// address that is too long for the head of an answer.
pub(super) fn see_other(location: &str) -> Option<Response> {
    let fits = location.len() <= LOCATION_BYTES_MAX;
    let mut value = HeaderValue::from_str(location).ok().filter(|_| fits)?;
    value.set_sensitive(true);
    let headers = [
        (header::LOCATION, value),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    Some((StatusCode::SEE_OTHER, headers).into_response())
}

/// The `flow` parameter of an address of a page, as earlier servers made them. An address that is no parameter list has none, and
/// opens as no step.
pub(super) fn flow_parameter(uri: &Uri) -> String {
    let params = Params::parse(uri.query().unwrap_or_default().as_bytes()).ok();
    params.as_ref().and_then(|params| params.first("flow")).unwrap_or_default().to_owned()
}
