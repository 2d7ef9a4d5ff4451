//! The one dispatcher of the browser: every page returns here, and what comes next is decided by `protocol` alone.

use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use proofkey_oauth::{AuthorizationRequest, Params, Secret, Sha256};
use proofkey_protocol::authorize::{
    self, Authenticated, Facts, Hint, IssuedCode, Next, Progress, RedirectTarget, Validated,
};
use proofkey_protocol::session::Login;
use proofkey_protocol::{Client, Interaction, Refusal, SessionId, Step, UserId};

use super::app_names::{app_name, destination, host};
use super::error_page::{error_view, respond_error};
use crate::app::App;
use crate::endpoint::context::RequestContext;
use crate::endpoint::failure::Failure;
use crate::login::Browser;
use crate::page::{self, Compare, HandOver, HandOverOutcome, Lang, ReturnLink};

/// Longest authorization request, in bytes: it travels through our own addresses while the person signs in.
pub(super) const REQUEST_BYTES_MAX: usize = 8 * 1024;

/// How the request that is being answered came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestMethod {
    /// A GET: answers redirect.
    Get,
    /// A form post: Chromium applies `form-action` to every hop after it, so the browser leaves by a page.
    Form,
}

/// A browser's visit: the exchange, the browser, and the authorization request that it is about.
pub(super) struct Visit<'a> {
    pub(super) exchange: &'a RequestContext<'a>,
    pub(super) browser: Browser,
    pub(super) lang: Lang,
    pub(super) method: RequestMethod,
    /// The authorization request, form-encoded as it came.
    pub(super) raw: String,
    pub(super) request: AuthorizationRequest,
    /// The session that began during this interaction.
    pub(super) authenticated_as: Option<SessionId>,
    /// Whether the consent page was answered by this very request.
    pub(super) answered: bool,
}

impl<'a> Visit<'a> {
    /// Begins a visit.
    pub(super) fn new(
        exchange: &'a RequestContext<'a>,
        browser: Browser,
        headers: &HeaderMap,
        method: RequestMethod,
        raw: String,
    ) -> Self {
        let params = Params::parse(raw.as_bytes()).unwrap_or_default();
        let request = AuthorizationRequest::from_params(&params);
        let lang = Lang::of(headers, request.ui_locales.as_deref());
        Self { exchange, browser, lang, method, raw, request, authenticated_as: None, answered: false }
    }

    /// Decides and answers.
    pub(super) async fn dispatch(mut self, progress: Progress) -> Response {
        let response = match self.decide(progress).await {
            Ok(next) => self.answer(next),
            Err(failure) => self.failure(&failure),
        };
        self.leave(response)
    }

    /// Puts the cookies on an answer.
    pub(super) fn leave(self, mut response: Response) -> Response {
        self.browser.apply(self.exchange.app, &mut response);
        self.exchange.finish(response)
    }

    /// Loads, decides and commits.
    pub(super) async fn decide(&mut self, progress: Progress) -> Result<Next, Failure> {
        let app = self.exchange.app;
        self.authenticated_as = progress.authenticated_as;
        if self.raw.len() > REQUEST_BYTES_MAX {
            return Err(Refusal::RequestTooLong.into());
        }
        let client_id = authorize::client_named(&self.request);
        let (login, consent) = match &client_id {
            Some(id) => self.browser.login(app, id).await?,
            None => (None, None),
        };
        let answer = progress.consent.as_ref().zip(login.as_ref());
        self.answered = answer.is_some_and(|(given, login)| given.is_of(login));
        let verdict = {
            let client = client_id.as_ref().and_then(|id| self.exchange.directory.client(id.as_str()));
            let facts = Facts { client, hint: self.hint() };
            self.exchange.decide(|cx| {
                authorize::decide(&self.request, &facts, login.clone(), consent.as_ref(), progress, cx)
            })
        };
        let _ = self.exchange.commit(verdict.commit).await?;
        Ok(verdict.outcome)
    }

    /// The rules without the person: for pages that only show what a request is about.
    pub(super) fn validate(&self) -> Result<Validated, Failure> {
        let client = self.request.client_id.as_deref().and_then(|id| self.exchange.directory.client(id));
        let facts = Facts { client, hint: self.hint() };
        self.exchange.decide(|cx| authorize::validate(&self.request, &facts, cx)).map_err(|refused| {
            match refused {
                authorize::Refused::Page(refusal) | authorize::Refused::Answer(refusal, _) => {
                    Failure::Refused(refusal)
                }
            }
        })
    }

    fn hint(&self) -> Hint {
        match self.request.id_token_hint.as_deref().map(|token| self.exchange.app.keyring.id_token(token)) {
            None => Hint::Absent,
            Some(Err(_)) => Hint::Invalid,
            Some(Ok(claims)) => Hint::User(UserId::new(claims.sub)),
        }
    }

    fn answer(&mut self, next: Next) -> Response {
        match next {
            Next::Page(refusal) => self.failure(&Failure::Refused(refusal)),
            Next::PageWithReturn(refusal, target) => {
                self.refusal_page(&Failure::Refused(refusal), Some(&target))
            }
            Next::Refuse(refusal, target) => self.refuse(&refusal, &target),
            Next::SignIn(validated) => self.send_to_sign_in(&validated),
            Next::Consent(authenticated) => self.send_to_consent(&authenticated),
            Next::Issue(issued) => self.issue(&issued),
        }
    }

    /// 303 to the sign-in page, with the request sealed to this browser.
    fn send_to_sign_in(&mut self, validated: &Validated) -> Response {
        tracing::debug!(client_id = %validated.client().id, "sign-in needed");
        let location = self.sealed_address("/sign-in", Step::SignIn, None);
        self.trace_prompt(&location);
        see_other(&location)
    }

    fn send_to_consent(&mut self, authenticated: &Authenticated) -> Response {
        let session = authenticated.login().session();
        let location = self.sealed_address("/consent", Step::Consent, Some(session));
        if !self.signed_in_during(authenticated.login()) {
            // After a sign-in this is the second page of a person who was prompted already.
            self.trace_prompt(&location);
        }
        see_other(&location)
    }

    /// The address of one of our pages with a sealed step in it.
    pub(super) fn sealed_address(&mut self, path: &str, step: Step, session: Option<SessionId>) -> String {
        let sealed = self.seal(step, session);
        format!("{}{path}?flow={}", self.exchange.app.policy.issuer.path(), sealed.expose())
    }

    /// Seals a step to this browser. It carries over whether the session that it names began during this interaction.
    pub(super) fn seal(&mut self, step: Step, session: Option<SessionId>) -> Secret {
        let app = self.exchange.app;
        let browser = if step == Step::Resume { Sha256::default() } else { self.browser.flow_or_new(app) };
        let (raw, fresh) = (self.raw.clone(), session.is_some() && session == self.authenticated_as);
        self.exchange.decide(|cx| {
            let mut interaction = Interaction::begin(step, raw, browser, session, cx);
            interaction.fresh = fresh;
            interaction.seal(cx)
        })
    }

    /// Whether this login's session began during this interaction.
    pub(super) fn signed_in_during(&self, login: &Login) -> bool {
        self.authenticated_as == Some(login.session())
    }

    fn issue(&self, issued: &IssuedCode) -> Response {
        tracing::debug!(
            request_id = %self.exchange.arrival.id, client_id = %issued.client.id, user = %issued.login.user().id,
            code = %issued.id, scope = %issued.scope, "authorization code issued"
        );
        self.trace_allowed(issued);
        self.leave_for(issued.location.expose(), &issued.target, &issued.client, HandOverOutcome::Granted)
    }

    fn refuse(&self, refusal: &Refusal, target: &RedirectTarget) -> Response {
        Failure::Refused(refusal.clone()).log(self.exchange, self.request.client_id.as_deref());
        let outcome = if *refusal == Refusal::AccessDenied {
            self.trace_denied(refusal);
            HandOverOutcome::Denied
        } else {
            self.trace_refusal(2, refusal);
            HandOverOutcome::Failed
        };
        let client = self.request.client_id.as_deref().and_then(|id| self.exchange.directory.client(id));
        match client {
            Some(client) => self.leave_for(&target.with_error(refusal), target, client, outcome),
            None => self.failure(&Failure::Refused(refusal.clone())),
        }
    }

    /// Sends the browser back to the client: by 303 after a GET, by a hand-over page after a form post.
    fn leave_for(
        &self,
        location: &str,
        target: &RedirectTarget,
        client: &Client,
        outcome: HandOverOutcome,
    ) -> Response {
        if self.method == RequestMethod::Get {
            return see_other(location);
        }
        let view = HandOver {
            app_name: app_name(client),
            target: location.to_owned(),
            destination: destination(target.uri()),
            outcome,
        };
        page::respond(StatusCode::OK, self.lang, self.exchange.app.pages.hand_over(self.lang, &view))
    }

    /// An error page of ours.
    pub(super) fn failure(&self, failure: &Failure) -> Response {
        self.refusal_page(failure, None)
    }

    fn refusal_page(&self, failure: &Failure, target: Option<&RedirectTarget>) -> Response {
        if let Failure::Refused(refusal) = failure {
            self.trace_refusal(2, refusal);
        }
        let client = self.request.client_id.as_deref().and_then(|id| self.exchange.directory.client(id));
        let client = client.map(|client| &**client);
        let mut view = error_view(self.exchange, failure, client, self.request.client_id.as_deref());
        if matches!(failure, Failure::Refused(Refusal::RedirectUriUnregistered)) {
            let sent = self.request.redirect_uri.clone().unwrap_or_default();
            // What is registered is told in development alone: elsewhere it would answer probes.
            let registered = client.and_then(|client| client.redirect_uris.first()).map(ToString::to_string);
            let registered = registered.filter(|_| self.exchange.app.tracer.is_on());
            view.compare = Some(Compare { sent, registered });
        }
        if let (Some(target), Failure::Refused(refusal), Some(client)) = (target, failure, client) {
            let href = target.with_error(refusal);
            view.return_to =
                Some(ReturnLink { app_name: app_name(client), host: host(target.uri()).to_owned(), href });
        }
        failure.log(self.exchange, self.request.client_id.as_deref());
        respond_error(self.exchange, self.lang, &view, failure)
    }
}

/// 303: the next request is a GET, whatever this one was. 307 and 308 would send the form on (OAuth 2.1 §7.5.3).
pub(super) fn see_other(location: &str) -> Response {
    let Ok(mut value) = HeaderValue::from_str(location) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    value.set_sensitive(true);
    let headers = [
        (header::LOCATION, value),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// Refuses a form that another site sent (hardening: Fetch Metadata, then Origin; `null` is unknown, and the sealed step decides).
pub(super) fn same_site(app: &App, headers: &HeaderMap) -> Result<(), Failure> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let ok = match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some("null") | None) => true,
        (None, Some(origin)) => origin == app.policy.issuer.origin(),
    };
    if ok { Ok(()) } else { Err(Refusal::FormFromAnotherSite.into()) }
}

/// The `flow` parameter of a page's address.
pub(super) fn flow_parameter(uri: &Uri) -> String {
    let params = Params::parse(uri.query().unwrap_or_default().as_bytes()).unwrap_or_default();
    params.first("flow").unwrap_or_default().to_owned()
}
