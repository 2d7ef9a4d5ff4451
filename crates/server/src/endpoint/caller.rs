//! The client that calls: its form, how it says who it is, the limit on saying so wrongly, and how its answer leaves.

use std::sync::Arc;

use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use proofkey_oauth::{PresentedCredentials, TwoMethods};
use proofkey_protocol::bearer::IntrospectionCaller;
use proofkey_protocol::{AuthenticatedClient, Client, Judged, Refusal, is_short_client_secret};

use super::body::Form;
use super::context::RequestContext;
use super::cors::Page;
use super::failure::Failure;
use crate::limit::AddressKey;
use crate::metrics::SecurityEvent;

const CHALLENGE: HeaderValue = HeaderValue::from_static("Basic realm=\"proofkey\", charset=\"UTF-8\"");

/// A form and the client that sends it, by its own account.
pub(super) struct Caller<'a> {
    pub(super) context: &'a RequestContext<'a>,
    pub(super) form: Form,
    presented: PresentedCredentials,
    /// The client that it names, if that is registered. Nothing is proved yet.
    client: Option<Arc<Client>>,
}

impl<'a> Caller<'a> {
    /// Looks for credentials in a form and in the header that came with it.
    pub(super) async fn of(
        context: &'a RequestContext<'a>,
        form: Result<Form, Failure>,
    ) -> Result<Self, Failure> {
        let form = form?;
        let presented = presented(&form.head.headers, &form);
        let client = match &presented {
            PresentedCredentials::Present(credentials) => context.client(credentials.client_id()).await?,
            PresentedCredentials::Absent
            | PresentedCredentials::Malformed(_)
            | PresentedCredentials::Ambiguous(_) => None,
        };
        Ok(Self { context, form, presented, client })
    }

    /// Authenticates the client.
    pub(super) fn authenticate(&self) -> Result<AuthenticatedClient, Failure> {
        self.settle(proofkey_protocol::authenticate(&self.presented, self.client.clone(), self.context.now))
    }

    /// Authenticates a client or an API that asks about tokens.
    pub(super) fn authenticate_to_introspect(&self) -> Result<IntrospectionCaller, Failure> {
        let (context, client) = (self.context, self.client.clone());
        let directory = context.directory();
        let apis = directory.apis();
        self.settle(IntrospectionCaller::authenticate(&self.presented, client, apis, context.now))
    }

    /// Tells what became of credentials, of a compared secret under the limit on wrong ones. It counts per client and
    /// address, so that a stranger cannot lock a client out; and it counts guesses alone, so that no client waits for what
    /// could not have been guessed.
    fn settle<T>(&self, judged: Judged<T>) -> Result<T, Failure> {
        let (context, app) = (self.context, self.context.app);
        let compared = match judged {
            Judged::Named(result) => return result.map_err(|refusal| self.refused(refusal)),
            Judged::Compared(result) => result,
        };
        let key = (client_key(&self.presented), AddressKey::of(context.arrival.client.0));
        let (limit, millis) = (&app.limits.client, app.clock.passed_millis());
        // A wrong secret is told to be wrong only if it still fits into the limit when it is counted: of guesses that
        // come at once no more are told than of those that come one after another.
        let within = if compared.is_ok() { limit.peek(&key, millis) } else { limit.check(key, millis) };
        match within {
            Ok(()) => compared.inspect(|_| self.note_short_secret()).map_err(|refusal| self.refused(refusal)),
            Err(wait) => Err(Failure::Limited(Refusal::TooManyFailures, wait.seconds)),
        }
    }

    /// Of a client that has proved itself.
    fn note_short_secret(&self) {
        if let (PresentedCredentials::Present(credentials), Some(client)) = (&self.presented, &self.client)
            && credentials.secret().is_some_and(is_short_client_secret)
        {
            self.context.app.short_secrets.note(&client.id);
        }
    }

    fn refused(&self, refusal: Refusal) -> Failure {
        self.context.app.metrics.count(SecurityEvent::ClientRefused);
        Failure::Refused(refusal)
    }

    /// Lets the answer go; a failure with a challenge where the client tried the header (OAuth 2.1 §3.2.4).
    pub(super) fn finish(&self, answer: Result<Response, Failure>) -> Response {
        self.context.finish(self.response(answer))
    }

    /// Lets the answer go to a page.
    pub(super) async fn finish_for(&self, page: &Page, answer: Result<Response, Failure>) -> Response {
        let mut response = self.response(answer);
        page.let_read(self.context.app, &mut response, self.client.as_deref()).await;
        self.context.finish(response)
    }

    fn response(&self, answer: Result<Response, Failure>) -> Response {
        let failure = match answer {
            Ok(response) => return response,
            Err(failure) => failure,
        };
        let client_id = self.client.as_ref().map(|client| client.id.as_str());
        let mut response = failure.json(self.context, client_id);
        let tried_header = self.form.head.headers.contains_key(header::AUTHORIZATION);
        if response.status() == StatusCode::UNAUTHORIZED && tried_header {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, CHALLENGE);
        }
        response
    }
}

/// Refuses a request from which no client could be read, to the page that sent it.
pub(super) async fn refuse_unnamed(context: &RequestContext<'_>, page: &Page, failure: &Failure) -> Response {
    let mut response = failure.json(context, None);
    page.let_read(context.app, &mut response, None).await;
    context.finish(response)
}

fn presented(headers: &HeaderMap, form: &Form) -> PresentedCredentials {
    let mut sent = headers.get_all(header::AUTHORIZATION).iter().map(HeaderValue::as_bytes);
    match (sent.next(), sent.next()) {
        (Some(_), Some(_)) => PresentedCredentials::Ambiguous(TwoMethods),
        (sent, _) => PresentedCredentials::find(sent, &form.params),
    }
}

fn client_key(presented: &PresentedCredentials) -> u64 {
    let PresentedCredentials::Present(credentials) = presented else { return 0 };
    let digest = proofkey_oauth::sha256(credentials.client_id().as_bytes());
    digest.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}
