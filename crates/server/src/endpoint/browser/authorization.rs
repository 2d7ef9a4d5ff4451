//! An authorization request on its way through the browser, and the one dispatcher: every page returns here, and what comes
//! next is decided by `protocol` alone.

use std::sync::Arc;

use axum::response::Response;
use http::StatusCode;
use proofkey_oauth::{AuthorizationRequest, Params, Timestamp};
use proofkey_protocol::authorize::{
    self, Authenticated, AuthorizeFacts, ErrorResponse, Hint, IssuedCode, Next, Progress, RedirectTarget,
    Refused, Validated,
};
use proofkey_protocol::interaction::SignIn;
use proofkey_protocol::session::Login;
use proofkey_protocol::{Client, ClientId, ClientStatus, ConsentFacts, Refusal, SubjectFacts, UserId};

use super::app_names::{app_name, destination, host};
use super::error_page;
use super::request::{BrowserRequest, REQUEST_BYTES_MAX, RequestMethod, see_other};
use crate::endpoint::context::RequestContext;
use crate::endpoint::failure::Failure;
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
    raw: String,
}

impl<'a> Authorization<'a> {
    pub(super) fn new(browser: BrowserRequest<'a>, sent: SentRequest, progress: Progress) -> Self {
        let SentRequest { raw, parsed: request } = sent;
        let browser = browser.in_language_of(request.ui_locales.as_deref());
        Self { browser, progress, request, raw }
    }

    /// Decides and answers.
    pub(super) async fn dispatch(self) -> Response {
        match self.decide().await {
            Ok(next) => self.answer(next),
            Err(failure) => self.fail(&failure),
        }
    }

    /// Loads, decides and commits.
    pub(super) async fn decide(&self) -> Result<Next, Failure> {
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
        let login = self.browser.login_by(cookie, &session, &user).await;
        Ok(login.map(|login| SignedIn { login, consent, client_status: client, client_valid_from }))
    }

    async fn load_without_user(&self) -> Result<AuthorizeFacts, Failure> {
        let (client, hint) = (self.client().await?, self.hint());
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
    pub(super) async fn validate(&self) -> Result<Result<Validated, Refused>, Failure> {
        let facts = self.load_without_user().await?;
        Ok(self.context().decide(|cx| authorize::validate(&self.request, &facts, cx)))
    }

    async fn client(&self) -> Result<Option<Arc<Client>>, Failure> {
        match self.request.client_id.as_deref() {
            Some(id) => Ok(self.context().client(id).await?),
            None => Ok(None),
        }
    }

    fn hint(&self) -> Hint {
        match self.request.id_token_hint.as_deref().map(|token| self.context().app.keyring.id_token(token)) {
            None => Hint::Absent,
            Some(Err(_)) => Hint::Invalid,
            Some(Ok(claims)) => Hint::User(UserId::new(claims.sub)),
        }
    }

    /// Answers with what was decided.
    pub(super) fn answer(mut self, next: Next) -> Response {
        let response = match next {
            Next::Page(refusal, client) => self.error(&refusal.into(), client.as_deref()),
            Next::PageWithReturn(response) => self.error_with_return(response),
            Next::Refuse(response) => self.refuse(response),
            Next::SignIn(validated) => self.send_to_sign_in(&validated),
            Next::Consent(authenticated) => self.send_to_consent(&authenticated),
            Next::Issue(issued) => self.issue(&issued),
        };
        self.browser.leave(response)
    }

    /// Answers with a failure that has nothing to do with the client.
    pub(super) fn fail(self, failure: &Failure) -> Response {
        let response = self.error(failure, None);
        self.browser.leave(response)
    }

    /// 303 to the sign-in page, with the request sealed to this browser.
    fn send_to_sign_in(&mut self, validated: &Validated) -> Response {
        tracing::debug!(client_id = %Foreign(&validated.client().id), "sign-in needed");
        let location = self.sign_in_address();
        self.trace_prompt(&location);
        see_other(&location)
    }

    /// The address of the sign-in page for this request.
    pub(super) fn sign_in_address(&mut self) -> String {
        self.browser.address_of(Endpoint::SignIn, SignIn, &self.raw)
    }

    fn send_to_consent(&mut self, authenticated: &Authenticated) -> Response {
        let location = self.browser.address_of(Endpoint::Consent, authenticated.consent_step(), &self.raw);
        if !authenticated.is_fresh() {
            // After a sign-in this is the second page of a person who was prompted already.
            self.trace_prompt(&location);
        }
        see_other(&location)
    }

    /// The hidden value of the consent page's form.
    pub(super) fn seal_consent(&mut self, authenticated: &Authenticated) -> String {
        self.browser.seal(authenticated.consent_step(), &self.raw).expose().to_owned()
    }

    fn issue(&self, issued: &IssuedCode) -> Response {
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
        self.log(&Failure::Refused(refusal.clone()));
        self.leave_for(&target.with_error(&refusal), &target, &client, outcome)
    }

    /// Sends the browser back to the client: by 303 after a GET, by a hand-over page after a form post.
    fn leave_for(
        &self,
        location: &str,
        target: &RedirectTarget,
        client: &Client,
        outcome: HandOverOutcome,
    ) -> Response {
        if self.browser.method == RequestMethod::Get {
            return see_other(location);
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
            href: target.with_error(&refusal),
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
        self.log(failure);
        error_page::respond(self.context(), self.browser.lang, &view)
    }

    /// The redirect URI that was sent. What is registered is told in development alone: elsewhere it would answer probes.
    fn compared_redirect_uri(&self, client: Option<&Client>) -> Compare {
        let sent = self.request.redirect_uri.clone().unwrap_or_default();
        let registered = client.and_then(|client| client.redirect_uris.first()).map(ToString::to_string);
        Compare { sent, registered: registered.filter(|_| self.context().app.tracer.is_on()) }
    }

    fn log(&self, failure: &Failure) {
        failure.log(self.context(), self.request.client_id.as_deref());
    }

    pub(super) const fn context(&self) -> &'a RequestContext<'a> {
        self.browser.context
    }
}
