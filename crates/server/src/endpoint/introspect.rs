//! Introspection (RFC 7662), for clients about their own tokens and for APIs about theirs.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::{Method, StatusCode};
use proofkey_oauth::{IntrospectionResponse, TokenQuery};
use proofkey_protocol::{RefreshToken, bearer};

use super::bearer::TokenState;
use super::body::{form, token_query};
use super::caller::Caller;
use super::context::RequestContext;
use super::failure::{Failure, json};
use crate::app::App;
use crate::http::Arrival;
use crate::keys::Keys;
use crate::metrics::Endpoint;

/// `POST /introspect`
pub(super) async fn post(State(app): State<Arc<App>>, arrival: Arrival, request: Request) -> Response {
    let form = form(request).await;
    let context = RequestContext::begin(&app, arrival, Endpoint::Introspect, Method::POST);
    match Caller::of(&context, form).await {
        Ok(caller) => caller.finish(serve(&caller).await.map(|answer| json(StatusCode::OK, &answer))),
        Err(failure) => context.finish(failure.json(&context, None)),
    }
}

async fn serve(caller: &Caller<'_>) -> Result<IntrospectionResponse, Failure> {
    let (context, app) = (caller.context, caller.context.app);
    let asker = caller.authenticate_to_introspect()?;
    let TokenQuery { token } = token_query(&caller.form)?;
    let read = |keys: &Keys| RefreshToken::read(keys.artefacts(), token.expose());
    if let Some(token) = read(&context.keys) {
        let grant = app.store.grant(token.grant).await?;
        if !context.still_holds(|keys| read(keys).is_some()).await? {
            return Ok(IntrospectionResponse::default());
        }
        return Ok(context.decide(|cx| bearer::introspect_refresh(&asker, &token, grant.as_ref(), cx)));
    }
    let Some(claims) = context.access_token(token.expose()).await? else {
        return Ok(IntrospectionResponse::default());
    };
    let client = context.client(&claims.client_id).await?;
    let state = TokenState::load(context, &claims).await?;
    let live = state.live(context, &claims, client.as_deref());
    Ok(live.map_or_else(|_| IntrospectionResponse::default(), |live| bearer::introspect(&asker, &live)))
}
