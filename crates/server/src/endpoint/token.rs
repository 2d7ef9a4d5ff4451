//! The token endpoint (OAuth 2.1 §3.2).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use proofkey_jose::{Algorithm, Typ, claims};
use proofkey_oauth::{
    CodeRequest, PresentedCredentials, RefreshRequest, TokenRequest, TokenRequestMalformed, TokenResponse,
    TwoMethods,
};
use proofkey_protocol::token::{self, Issue};
use proofkey_protocol::{AuthenticatedClient, AuthorizationCode, Client, CodeFacts, RefreshToken, Refusal};

use super::body::{Form, form};
use super::context::RequestContext;
use super::cors;
use super::failure::{Cause, Failure, json};
use crate::app::App;
use crate::http::Arrival;
use crate::limit::AddressKey;
use crate::metrics::{Endpoint, Event};
use crate::trace;

/// `POST /token`
pub(super) async fn post(State(app): State<Arc<App>>, arrival: Arrival, request: Request) -> Response {
    let exchange = RequestContext::begin(&app, arrival, Endpoint::Token, Method::POST);
    let form = match form(request).await {
        Ok(form) => form,
        Err(failure) => return exchange.finish(failure.json(&exchange, None)),
    };
    let (client, presented) = caller(&exchange, &form);
    let mut response = match serve(&exchange, &form, &presented, client.clone()).await {
        Ok(tokens) => json(StatusCode::OK, &tokens),
        Err(failure) => failed(&exchange, &failure, &form.head.headers, client.as_deref()),
    };
    cors::allow_client(&mut response, &form.head.headers, client.as_deref());
    exchange.finish(response)
}

/// Who a form says it comes from, not yet checked.
pub(super) fn caller(
    exchange: &RequestContext<'_>,
    form: &Form,
) -> (Option<Arc<Client>>, PresentedCredentials) {
    let mut authorization =
        form.head.headers.get_all(header::AUTHORIZATION).iter().map(HeaderValue::as_bytes);
    let presented = match (authorization.next(), authorization.next()) {
        (Some(_), Some(_)) => PresentedCredentials::Ambiguous(TwoMethods),
        (sent, _) => PresentedCredentials::find(sent, &form.params),
    };
    let client = match &presented {
        PresentedCredentials::Present(credentials) => {
            exchange.directory.client(&credentials.client_id).cloned()
        }
        _ => None,
    };
    (client, presented)
}

/// Authenticates a client. Failures are limited per client and address, so that nobody can lock a client out for others.
pub(super) fn authenticate(
    exchange: &RequestContext<'_>,
    presented: &PresentedCredentials,
    client: Option<Arc<Client>>,
) -> Result<AuthenticatedClient, Failure> {
    limited(exchange, presented, || proofkey_protocol::authenticate(presented, client, exchange.now))
}

/// Judges credentials under the limit on failures, which is looked at before anything is compared.
pub(super) fn limited<T>(
    exchange: &RequestContext<'_>,
    presented: &PresentedCredentials,
    judge: impl FnOnce() -> Result<T, Refusal>,
) -> Result<T, Failure> {
    let app = exchange.app;
    let key = (client_key(presented), AddressKey::of(exchange.arrival.client.0));
    let millis = app.clock.now_millis();
    if let Err(wait) = app.limits.client.peek(&key, millis) {
        return Err(Failure::Limited(Refusal::TooManyFailures, wait.seconds));
    }
    judge().map_err(|refusal| {
        app.limits.client.record_failure(key, millis);
        app.metrics.count(Event::ClientRefused);
        Failure::Refused(refusal)
    })
}

fn client_key(presented: &PresentedCredentials) -> u64 {
    let PresentedCredentials::Present(credentials) = presented else { return 0 };
    let digest = proofkey_oauth::sha256(credentials.client_id.as_bytes());
    digest.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// The answer to a failed request; a challenge where the client tried Basic (OAuth 2.1 §3.2.4).
pub(super) fn failed(
    exchange: &RequestContext<'_>,
    failure: &Failure,
    headers: &HeaderMap,
    client: Option<&Client>,
) -> Response {
    let mut response = failure.json(exchange, client.map(|client| client.id.as_str()));
    if response.status() == StatusCode::UNAUTHORIZED && headers.contains_key(header::AUTHORIZATION) {
        let challenge = HeaderValue::from_static("Basic realm=\"proofkey\", charset=\"UTF-8\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

async fn serve(
    exchange: &RequestContext<'_>,
    form: &Form,
    presented: &PresentedCredentials,
    client: Option<Arc<Client>>,
) -> Result<TokenResponse, Failure> {
    let request = TokenRequest::from_params(&form.params).map_err(|malformed| match malformed {
        TokenRequestMalformed::Repeated(_) => Refusal::ParameterRepeated,
        TokenRequestMalformed::UnsupportedGrantType => Refusal::GrantTypeUnsupported,
        TokenRequestMalformed::Missing(parameter) => Refusal::ParameterMissing(parameter),
        _ => Refusal::ParametersMalformed,
    })?;
    let client = authenticate(exchange, presented, client)?;
    let issue = match &request {
        TokenRequest::AuthorizationCode(request) => redeem(exchange, request, &client).await?,
        TokenRequest::RefreshToken(request) => refresh(exchange, request, &client).await?,
        TokenRequest::ClientCredentials(request) => {
            exchange.decide(|cx| token::client_credentials(request, &client, cx))?
        }
    };
    sign(exchange, issue, &client)
}

async fn redeem(
    exchange: &RequestContext<'_>,
    request: &CodeRequest,
    client: &AuthenticatedClient,
) -> Result<Issue, Failure> {
    let app = exchange.app;
    let code = AuthorizationCode::open(&app.keys, request.code.expose());
    let load = || async {
        match &code {
            Some(code) => Ok(app.store.code(code).await?),
            None => Ok(CodeFacts::default()),
        }
    };
    let decided =
        exchange.settle(load, |facts, cx| token::redeem(request, code.as_ref(), client, &facts, cx));
    let outcome = decided.await?;
    trace_redemption(exchange, request, code.as_ref(), &outcome);
    if matches!(outcome, Err(Refusal::CodeRedeemed)) {
        app.metrics.count(Event::CodeReplayed);
    }
    outcome.map_err(Failure::Refused)
}
async fn refresh(
    exchange: &RequestContext<'_>,
    request: &RefreshRequest,
    client: &AuthenticatedClient,
) -> Result<Issue, Failure> {
    let app = exchange.app;
    let token = RefreshToken::read(&app.keys, request.refresh_token.expose());
    let load = || async {
        match &token {
            Some(token) => Ok(app.store.grant(token.grant).await?),
            None => Ok(None),
        }
    };
    let decided =
        exchange.settle(load, |facts, cx| token::refresh(request, token.as_ref(), client, &facts, cx));
    let outcome = decided.await?;
    if let (Err(Refusal::RefreshTokenRetired), Some(token)) = (&outcome, &token) {
        tracing::warn!(
            grant = %token.grant, client_id = %client.client().id, address = %exchange.arrival.client.0,
            generation = token.generation, "a retired refresh token was used: its grant is revoked"
        );
        app.metrics.count(Event::RefreshReused);
    }
    outcome.map_err(Failure::Refused)
}

/// Signs what was decided.
fn sign(
    exchange: &RequestContext<'_>,
    issue: Issue,
    client: &AuthenticatedClient,
) -> Result<TokenResponse, Failure> {
    let keyring = &exchange.app.keyring;
    let algorithm = |name: &str| {
        Algorithm::from_name(name)
            .ok_or(Failure::Fault(Cause::NoSigningKey("tokens of an unknown algorithm")))
    };
    let access_token = keyring
        .sign(Typ::AccessToken, algorithm(&issue.access_algorithm)?, &issue.access)
        .ok_or(Failure::Fault(Cause::NoSigningKey("access tokens")))?;
    let id_token = match issue.id {
        None => None,
        Some(mut id) => {
            let algorithm = algorithm(&issue.id_algorithm)?;
            id.at_hash = Some(claims::at_hash(algorithm, &access_token));
            let signed = keyring.sign(Typ::IdToken, algorithm, &id);
            Some(signed.ok_or(Failure::Fault(Cause::NoSigningKey("ID tokens")))?)
        }
    };
    tracing::debug!(
        request_id = %exchange.arrival.id, client_id = %client.client().id, sub = issue.access.sub, jti = issue.access.jti,
        grant = issue.access.grant_id, scope = %issue.scope, generation = issue.refresh.as_ref().map(|refresh| refresh.generation),
        "tokens issued"
    );
    Ok(TokenResponse {
        access_token,
        token_type: "Bearer",
        expires_in: issue.expires_in,
        refresh_token: issue.refresh.map(|refresh| refresh.token.expose().to_owned()),
        id_token,
        scope: issue.scope.to_string(),
    })
}

/// Steps 7 and 8, which no client can see, for `proofkey dev`.
fn trace_redemption(
    exchange: &RequestContext<'_>,
    request: &CodeRequest,
    code: Option<&AuthorizationCode>,
    outcome: &Result<Issue, Refusal>,
) {
    let tracer = &exchange.app.tracer;
    let Some((code, state)) = code.and_then(|code| Some((code, tracer.state_of(code.id)?))) else { return };
    let sent =
        request.code_verifier.as_ref().map(|verifier| proofkey_oauth::CodeVerifier::parse(verifier.expose()));
    let computed = sent.and_then(Result::ok).map(|verifier| verifier.challenge().to_string());
    let stored = code.challenge.map(|challenge| challenge.to_string());
    let (step_outcome, result) = match outcome {
        Ok(_) => (trace::Outcome::Done, "equal"),
        Err(refusal) => (trace::Outcome::Failed, refusal.explain().rule),
    };
    let mut values =
        vec![("result".to_owned(), result.to_owned()), ("grant".to_owned(), code.id.to_string())];
    values.extend(computed.map(|value| ("computed".to_owned(), value)));
    values.extend(stored.map(|value| ("stored".to_owned(), value)));
    let event = |step, values| trace::Event {
        state: state.clone(),
        step,
        outcome: step_outcome,
        at_millis: exchange.app.clock.now_millis(),
        took_micros: exchange.elapsed_micros(),
        values,
    };
    tracer.emit(event(7, values));
    if let Ok(issue) = outcome {
        tracer.emit(event(8, vec![("jti".to_owned(), issue.access.jti.clone())]));
    }
}
