//! The client that calls: how it says who it is, the limit on saying so wrongly, and the challenge.

use std::sync::Arc;

use axum::extract::Request;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use proofkey_oauth::{PresentedCredentials, TwoMethods};
use proofkey_protocol::{AuthenticatedClient, Client, Refusal};

use super::body::{Form, form};
use super::context::RequestContext;
use super::failure::Failure;
use crate::limit::AddressKey;
use crate::metrics::SecurityEvent;

const CHALLENGE: HeaderValue = HeaderValue::from_static("Basic realm=\"proofkey\", charset=\"UTF-8\"");

/// The sender of a form, by its own account.
pub(super) struct Caller {
    /// How it authenticates.
    pub(super) presented: PresentedCredentials,
    /// The client that it names, if that is registered. Nothing is proved yet.
    pub(super) client: Option<Arc<Client>>,
    tried_header: bool,
}

impl Caller {
    /// Reads a form, and looks for credentials in it and in the header.
    pub(super) async fn read(
        context: &RequestContext<'_>,
        request: Request,
    ) -> Result<(Form, Self), Failure> {
        let form = form(request).await?;
        let caller = Self::of(context, &form).await?;
        Ok((form, caller))
    }

    async fn of(context: &RequestContext<'_>, form: &Form) -> Result<Self, Failure> {
        let presented = presented(&form.head.headers, form);
        let client = match &presented {
            PresentedCredentials::Present(credentials) => context.client(credentials.client_id()).await?,
            PresentedCredentials::Absent
            | PresentedCredentials::Malformed(_)
            | PresentedCredentials::Ambiguous(_) => None,
        };
        let tried_header = form.head.headers.contains_key(header::AUTHORIZATION);
        Ok(Self { presented, client, tried_header })
    }

    /// Authenticates the client.
    pub(super) fn authenticate(&self, context: &RequestContext<'_>) -> Result<AuthenticatedClient, Failure> {
        self.limited(context, || {
            proofkey_protocol::authenticate(&self.presented, self.client.clone(), context.now)
        })
    }

    /// Judges credentials under the limit on failures, which is looked at before anything is compared. It counts per client
    /// and address, so that a stranger cannot lock a client out.
    pub(super) fn limited<T>(
        &self,
        context: &RequestContext<'_>,
        judge: impl FnOnce() -> Result<T, Refusal>,
    ) -> Result<T, Failure> {
        let app = context.app;
        let key = (client_key(&self.presented), AddressKey::of(context.arrival.client.0));
        let millis = app.clock.now_millis();
        if let Err(wait) = app.limits.client.peek(&key, millis) {
            return Err(Failure::Limited(Refusal::TooManyFailures, wait.seconds));
        }
        judge().map_err(|refusal| {
            app.limits.client.record_failure(key, millis);
            app.metrics.count(SecurityEvent::ClientRefused);
            Failure::Refused(refusal)
        })
    }

    /// The answer to a failed request; a challenge where the client tried the header (OAuth 2.1 §3.2.4).
    pub(super) fn refuse(&self, context: &RequestContext<'_>, failure: &Failure) -> Response {
        let client_id = self.client.as_ref().map(|client| client.id.as_str());
        let mut response = failure.json(context, client_id);
        if response.status() == StatusCode::UNAUTHORIZED && self.tried_header {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, CHALLENGE);
        }
        response
    }
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
