//! An authorization request on its way through the browser, and the one dispatcher: every page returns here, and what comes
//! next is decided by `protocol` alone.

use std::sync::Arc;

use axum::response::Response;
use http::StatusCode;
use proofkey_oauth::{AuthorizationRequest, Params, Timestamp};
use proofkey_protocol::authorize::{
    self, Authenticated, AuthorizeFacts, ErrorResponse, Hint, IssuedCode, Next, Progress, RedirectTarget,
    Refused, Validated, host,
};
use proofkey_protocol::session::Login;
use proofkey_protocol::{Client, ClientId, ClientStatus, ConsentFacts, Named, Refusal, SubjectFacts, UserId};

use super::app_names::{app_name, destination, own_scheme};
use super::request::{BrowserRequest, REQUEST_BYTES_MAX, RequestMethod, see_other};
use super::sign_in_page::{self, SignInForm};
use super::{consent_page, error_page};
use crate::endpoint::context::RequestContext;
use crate::endpoint::failure::{Failure, Sent};
use crate::log::Foreign;
use crate::metrics::Endpoint;
use crate::page::{self, Compare, HandOver, HandOverOutcome, ReturnLink};

/// An authorization request, form-encoded as it came and parsed.
pub(super) struct SentRequest {
    raw: String,
    parsed: AuthorizationRequest,
}

impl SentRequest {
    /// Takes the request that `params` were read from.
    pub(super) fn new(raw: String, params: &Params) -> Self {
        Self { raw, parsed: AuthorizationRequest::from_params(params) }
    }

    /// Parses a request that a sealed step carried.
    pub(super) fn parse(raw: &str) -> Result<Self, Refusal> {
        let params = Params::parse(raw.as_bytes())?;
        Ok(Self::new(raw.to_owned(), &params))
    }
}

/// A user who is signed in, with what one read told of that user and the client of the request.
struct SignedIn {
    login: Login,
    consent: Option<ConsentFacts>,
    client_status: ClientStatus,
    client_valid_from: Timestamp,
}

/// An authorization request in the browser that sent it.
pub(super) struct Authorization<'a> {
    pub(super) browser: BrowserRequest<'a>,
    pub(super) progress: Progress,
    pub(super) request: AuthorizationRequest,
    pub(super) raw: String,
    /// Whether it begins anew because the step that the browser sent no longer fitted: its pages say so.
    pub(super) is_resumed: bool,
}

impl<'a> Authorization<'a> {
    pub(super) fn new(browser: BrowserRequest<'a>, sent: SentRequest, progress: Progress) -> Self {
        let SentRequest { raw, parsed: request } = sent;
        let browser = browser.in_language_of(request.ui_locales.as_deref());
        Self { browser, progress, request, raw, is_resumed: false }
    }

    /// Begins the request of a step that no longer fits anew, as a link to it would.
    pub(super) fn resumed(browser: BrowserRequest<'a>, sent: SentRequest, progress: Progress) -> Self {
        Self { is_resumed: true, ..Self::new(browser, sent, progress) }
    }

    /// Decides and answers.
    pub(super) async fn dispatch(self) -> Response {
        match self.decide().await {
            Ok(next) => self.answer(next).await,
            Err(failure) => self.fail(&failure),
        }
    }

    /// Loads, decides and commits.
    async fn decide(&self) -> Result<Next, Failure> {
        if self.raw.len() > REQUEST_BYTES_MAX {
            return Ok(Next::Page(Refusal::RequestTooLong, self.client().await?));
        }
        self.context()
            .settle(|| self.load(), |facts, cx| authorize::decide(&self.request, facts, self.progress, cx))
            .await
    }

    async fn load(&self) -> Result<AuthorizeFacts, Failure> {
        let facts = self.load_without_user().await?;
        let signed_in = match authorize::client_named(&self.request) {
            Some(client) => self.signed_in(&client).await?,
            None => None,
        };
        Ok(match signed_in {
            Some(SignedIn { login, consent, client_status, client_valid_from }) => {
                let (login, client_status) = (Some(login), Some(client_status));
                AuthorizeFacts { login, consent, client_status, client_valid_from, ..facts }
            }
            None => facts,
        })
    }

    async fn signed_in(&self, client: &ClientId) -> Result<Option<SignedIn>, Failure> {
        let Some(cookie) = self.browser.cookies.session() else { return Ok(None) };
        let found = self.context().app.store.session_with_consent(cookie.id, client).await?;
        let Some(SubjectFacts { user, session: Some(session), consent, client, client_valid_from }) = found
        else {
            return Ok(None);
        };
        let login = self.browser.login_by(cookie, &session, &user);
        Ok(login.map(|login| SignedIn { login, consent, client_status: client, client_valid_from }))
    }

    async fn load_without_user(&self) -> Result<AuthorizeFacts, Failure> {
        let (client, hint) = (self.client().await?, self.hint().await?);
        let client_valid_from = Timestamp(0);
        Ok(AuthorizeFacts {
            client,
            hint,
            client_status: None,
            client_valid_from,
            login: None,
            consent: None,
        })
    }

    /// The rules without the user: for a page that only shows what a request is about.
    async fn validate(&self) -> Result<Result<Validated, Refused>, Failure> {
        let facts = self.load_without_user().await?;
        Ok(self.context().decide(|cx| authorize::validate(&self.request, &facts, cx)))
    }

    async fn client(&self) -> Result<Option<Arc<Client>>, Failure> {
        match self.request.client_id.as_deref() {
            Some(id) => Ok(self.context().client(id).await?),
            None => Ok(None),
        }
    }

    async fn hint(&self) -> Result<Hint, Failure> {
        let Some(token) = self.request.id_token_hint.as_deref() else { return Ok(Hint::Absent) };
        let keys = self.context().fresh_keys().await?;
        Ok(keys.id_token(token).map_or(Hint::Invalid, |claims| Hint::User(UserId::new(claims.sub))))
    }

    /// Answers with what was decided.
    async fn answer(mut self, next: Next) -> Response {
        let response = match next {
            Next::Page(refusal, client) => self.error(&refusal.into(), client.as_deref()),
            Next::PageWithReturn(response) => self.error_with_return(response),
            Next::Refuse(response) => self.refuse(response),
            Next::SignIn(validated) => self.show_sign_in(&validated).await,
            Next::Consent(authenticated) => self.show_consent(&authenticated),
            Next::Issue(issued) => self.issue(&issued),
        };
        self.browser.leave(response)
    }

    /// Answers with a failure that has nothing to do with the client.
    pub(super) fn fail(self, failure: &Failure) -> Response {
        let response = self.error(failure, None);
        self.browser.leave(response)
    }

    /// Shows the sign-in page whichever user is signed in, unless the request breaks a rule.
    pub(super) async fn ask_to_sign_in(mut self, form: SignInForm) -> Response {
        let response = match self.validate().await {
            Ok(Ok(validated)) => self.sign_in_page(&validated, form).await,
            Ok(Err(Refused::Page(refusal, client))) => self.error(&refusal.into(), client.as_deref()),
            Ok(Err(Refused::Answer(response))) => {
                self.error(&response.refusal.into(), Some(&response.client))
            }
            Err(failure) => self.error(&failure, None),
        };
        self.browser.leave(response)
    }

    /// The answer to a request that needs a sign-in: the page itself, with the request sealed to this browser in its form.
    async fn show_sign_in(&mut self, validated: &Validated) -> Response {
        tracing::debug!(client_id = %Foreign(&validated.client().id), "sign-in needed");
        self.trace_prompt(Endpoint::SignIn);
        let form = SignInForm::hinted(self.request.login_hint.as_deref());
        self.sign_in_page(validated, form).await
    }

    async fn sign_in_page(&mut self, validated: &Validated, form: SignInForm) -> Response {
        let form = SignInForm { is_resumed: self.is_resumed, ..form };
        let answer = sign_in_page::respond(&mut self.browser, validated, &self.raw, form).await;
        answer.unwrap_or_else(|failure| self.error(&failure, None))
    }

    fn show_consent(&mut self, authenticated: &Authenticated) -> Response {
        if !authenticated.is_fresh() {
            // After a sign-in this is the second page of a person who was prompted already.
            self.trace_prompt(Endpoint::Consent);
        }
        consent_page::respond(&mut self.browser, authenticated, &self.raw, self.is_resumed)
    }

    fn issue(&self, issued: &IssuedCode) -> Response {
        if !issued.ignored().is_empty() {
            let ignored = Named::list(issued.ignored().iter());
            tracing::info!(
                request_id = %self.context().arrival.id, client_id = %issued.client().id,
                scope = ignored.as_str().unwrap_or_default(), "scopes that no API has were ignored"
            );
        }
        tracing::debug!(
            request_id = %self.context().arrival.id, client_id = %Foreign(&issued.client().id), user = %issued.login().user().id,
            code = %issued.id(), scope = %Foreign(issued.scope()), "authorization code issued"
        );
        self.trace_allowed(issued);
        self.leave_for(issued.location().expose(), issued.target(), issued.client(), HandOverOutcome::Granted)
    }

    fn refuse(&self, response: ErrorResponse) -> Response {
        let ErrorResponse { refusal, target, client } = response;
        let outcome = if refusal == Refusal::AccessDenied {
            self.trace_denied(&refusal);
            HandOverOutcome::Denied
        } else {
            self.trace_refusal(2, &refusal);
            HandOverOutcome::Failed
        };
        self.log(&Failure::Refused(refusal.clone()), Some(&client));
        self.leave_for(&self.with_error(&target, &refusal), &target, &client, outcome)
    }

    /// The address of the client with an error.
    fn with_error(&self, target: &RedirectTarget, refusal: &Refusal) -> String {
        let page = self.context().app.errors_page.link(refusal.explain().rule);
        target.with_error(refusal, page.as_deref())
    }

    /// Sends the browser back to the client: by 303 after a GET, or after the form of a page that could name the app's own scheme;
    /// by a hand-over page after another form post, and where the address is too long for a redirect.
    fn leave_for(
        &self,
        location: &str,
        target: &RedirectTarget,
        client: &Client,
        outcome: HandOverOutcome,
    ) -> Response {
        let may_redirect = match self.browser.method {
            RequestMethod::Get => true,
            RequestMethod::Form => false,
            RequestMethod::PageForm => own_scheme(target.uri()).is_some(),
        };
        if let Some(redirect) = may_redirect.then(|| see_other(location)).flatten() {
            return redirect;
        }
        let destination = destination(target.uri());
        let view = HandOver { app_name: app_name(client), target: location.to_owned(), destination, outcome };
        let lang = self.browser.lang;
        page::respond(StatusCode::OK, lang, self.context().app.pages.hand_over(lang, &view))
    }

    /// An error page of ours. It names the client, where the request names a registered one.
    pub(super) fn error(&self, failure: &Failure, client: Option<&Client>) -> Response {
        self.error_page(failure, client, None)
    }

    /// An error page with a link by which the person takes the error to the client.
    fn error_with_return(&self, response: ErrorResponse) -> Response {
        let ErrorResponse { refusal, target, client } = response;
        let link = ReturnLink {
            app_name: app_name(&client),
            host: host(target.uri()).to_owned(),
            href: self.with_error(&target, &refusal),
        };
        self.error_page(&refusal.into(), Some(&client), Some(link))
    }

    fn error_page(
        &self,
        failure: &Failure,
        client: Option<&Client>,
        return_to: Option<ReturnLink>,
    ) -> Response {
        if let Failure::Refused(refusal) = failure {
            self.trace_refusal(2, refusal);
        }
        let mut view = error_page::view(self.context(), failure, client, self.request.client_id.as_deref());
        view.return_to = return_to;
        view.compare = matches!(failure, Failure::Refused(Refusal::RedirectUriUnregistered))
            .then(|| self.compared_redirect_uri(client));
        self.log(failure, client);
        error_page::respond(self.context(), self.browser.lang, &view)
    }

    /// The redirect URI that was sent. What is registered is told in development alone: elsewhere it would answer probes.
    fn compared_redirect_uri(&self, client: Option<&Client>) -> Compare {
        let sent = self.request.redirect_uri.clone().unwrap_or_default();
        let registered = client.and_then(|client| client.redirect_uris.first()).map(ToString::to_string);
        Compare { sent, registered: registered.filter(|_| self.context().app.tracer.is_on()) }
    }

    fn log(&self, failure: &Failure, client: Option<&Client>) {
        let is_about_address = matches!(failure, Failure::Refused(Refusal::RedirectUriUnregistered));
        let sent = self.request.redirect_uri.as_deref().filter(|_| is_about_address);
        let registered = client.map(|client| client.redirect_uris.as_slice()).unwrap_or_default();
        failure.log_sent(
            self.context(),
            &Sent {
                client_id: self.request.client_id.as_deref(),
                is_registered: client.is_some(),
                redirect_uri: sent.map(|sent| (sent, registered)),
            },
        );
    }

    pub(super) const fn context(&self) -> &'a RequestContext<'a> {
        self.browser.context
    }
}
