//! Introspection (RFC 7662), for clients about their own tokens and for APIs about theirs.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::{Method, StatusCode};
use proofkey_oauth::{AuthMethod, IntrospectionResponse, PresentedCredentials, TokenQuery};
use proofkey_protocol::bearer::{self, IntrospectionCaller};
use proofkey_protocol::{RefreshToken, Refusal};

use super::bearer::TokenState;
use super::body::{Form, token_query};
use super::caller::Caller;
use super::context::RequestContext;
use super::failure::{Failure, json};
use crate::app::App;
use crate::http::Arrival;
use crate::metrics::Endpoint;

/// `POST /introspect`
pub(super) async fn post(State(app): State<Arc<App>>, arrival: Arrival, request: Request) -> Response {
    let context = RequestContext::begin(&app, arrival, Endpoint::Introspect, Method::POST);
    let (form, caller) = match Caller::read(&context, request).await {
        Ok(read) => read,
        Err(failure) => return context.finish(failure.json(&context, None)),
    };
    let response = match serve(&context, &form, &caller).await {
        Ok(answer) => json(StatusCode::OK, &answer),
        Err(failure) => caller.refuse(&context, &failure),
    };
    context.finish(response)
}

async fn serve(
    context: &RequestContext<'_>,
    form: &Form,
    caller: &Caller,
) -> Result<IntrospectionResponse, Failure> {
    let app = context.app;
    let asker = asker(context, caller)?;
    let TokenQuery { token } = token_query(form)?;
    if let Some(token) = RefreshToken::read(&app.keys, token.expose()) {
        let grant = app.store.grant(token.grant).await?;
        let (now, issuer) = (context.now, &app.policy.issuer);
        return Ok(bearer::introspect_refresh(&asker, &token, grant.as_ref(), now, issuer));
    }
    let Some(claims) = app.keyring.access_token(token.expose()) else {
        return Ok(IntrospectionResponse::default());
    };
    let client = context.client(&claims.client_id).await?;
    let state = TokenState::load(context, &claims).await?;
    let live = state.live(&claims, client.as_deref(), context.now);
    Ok(live.map_or_else(|_| IntrospectionResponse::default(), |live| bearer::introspect(&asker, &live)))
}

/// Who asks: a confidential client, or an API by its credential. A public client proves nothing and learns nothing.
fn asker(context: &RequestContext<'_>, caller: &Caller) -> Result<IntrospectionCaller, Failure> {
    let PresentedCredentials::Present(credentials) = &caller.presented else {
        return caller.authenticate(context).map(IntrospectionCaller::Client);
    };
    match context.directory.introspecting_api(credentials.client_id()) {
        Some(api) => caller.limited(context, || {
            let matches = |secret| api.introspection.is_some_and(|hash| hash.matches(secret));
            let proved = credentials.secret().is_some_and(matches);
            proved.then(|| IntrospectionCaller::Api(api.resource.clone())).ok_or(Refusal::ClientSecretWrong)
        }),
        None if credentials.method() == AuthMethod::None => {
            caller.limited(context, || Err(Refusal::ClientAuthenticationMissing))
        }
        None => caller.authenticate(context).map(IntrospectionCaller::Client),
    }
}
