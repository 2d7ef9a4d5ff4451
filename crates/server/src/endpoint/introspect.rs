//! Introspection (RFC 7662), for clients about their own tokens and for APIs about theirs.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::{Method, StatusCode};
use proofkey_oauth::{
    AuthMethod, IntrospectionResponse, PresentedCredentials, TokenQuery, TokenQueryMalformed,
};
use proofkey_protocol::bearer::{self, Caller};
use proofkey_protocol::{Client, RefreshToken, Refusal};

use super::body::{Form, form};
use super::context::RequestContext;
use super::failure::{Failure, json};
use super::{token, userinfo};
use crate::app::App;
use crate::http::Arrival;
use crate::metrics::Endpoint;

/// `POST /introspect`
pub(super) async fn post(State(app): State<Arc<App>>, arrival: Arrival, request: Request) -> Response {
    let exchange = RequestContext::begin(&app, arrival, Endpoint::Introspect, Method::POST);
    let form = match form(request).await {
        Ok(form) => form,
        Err(failure) => return exchange.finish(failure.json(&exchange, None)),
    };
    let (client, presented) = token::caller(&exchange, &form);
    let response = match serve(&exchange, &form, &presented, client.clone()).await {
        Ok(answer) => json(StatusCode::OK, &answer),
        Err(failure) => token::failed(&exchange, &failure, &form.head.headers, client.as_deref()),
    };
    exchange.finish(response)
}

/// What a malformed query breaks.
pub(super) fn malformed(cause: &TokenQueryMalformed) -> Failure {
    Failure::Refused(match cause {
        TokenQueryMalformed::Repeated(_) => Refusal::ParameterRepeated,
        TokenQueryMalformed::Missing(parameter) => Refusal::ParameterMissing(*parameter),
        _ => Refusal::ParametersMalformed,
    })
}

async fn serve(
    exchange: &RequestContext<'_>,
    form: &Form,
    presented: &PresentedCredentials,
    client: Option<Arc<Client>>,
) -> Result<IntrospectionResponse, Failure> {
    let app = exchange.app;
    let caller = caller(exchange, presented, client)?;
    let query = TokenQuery::from_params(&form.params).map_err(|cause| malformed(&cause))?;
    if let Some(token) = RefreshToken::read(&app.keys, query.token.expose()) {
        let facts = app.store.grant(token.grant).await?;
        return Ok(bearer::introspect_refresh(
            &caller,
            &token,
            facts.as_ref(),
            exchange.now,
            &app.policy.issuer,
        ));
    }
    let Some(claims) = app.keyring.access_token(query.token.expose()) else {
        return Ok(IntrospectionResponse::default());
    };
    let loaded = userinfo::load(exchange, &claims).await?;
    let facts = loaded.facts(exchange.directory.client(&claims.client_id).map(|client| &**client));
    let live = bearer::live(&claims, &facts, exchange.now);
    Ok(live.map_or_else(|_| IntrospectionResponse::default(), |live| bearer::introspect(&caller, &live)))
}

/// Who asks: a confidential client, or an API by its credential. A public client proves nothing and learns nothing.
fn caller(
    exchange: &RequestContext<'_>,
    presented: &PresentedCredentials,
    client: Option<Arc<Client>>,
) -> Result<Caller, Failure> {
    let PresentedCredentials::Present(credentials) = presented else {
        return token::authenticate(exchange, presented, client).map(Caller::Client);
    };
    match exchange.directory.introspecting_api(&credentials.client_id) {
        Some(api) => token::limited(exchange, presented, || {
            let matches = |secret| api.introspection.is_some_and(|hash| hash.matches(secret));
            let proved = credentials.secret.as_ref().is_some_and(matches);
            proved.then(|| Caller::Api(api.resource.clone())).ok_or(Refusal::ClientSecretWrong)
        }),
        None if credentials.method == AuthMethod::None => {
            token::limited(exchange, presented, || Err(Refusal::ClientAuthenticationMissing))
        }
        None => token::authenticate(exchange, presented, client).map(Caller::Client),
    }
}
