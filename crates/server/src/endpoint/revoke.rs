//! Revocation (RFC 7009).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, Method, StatusCode, header};
use proofkey_protocol::RefreshToken;
use proofkey_protocol::bearer::{self, Revocable};

use super::body::{Form, token_query};
use super::caller::Caller;
use super::context::RequestContext;
use super::cors;
use super::failure::Failure;
use crate::app::App;
use crate::http::Arrival;
use crate::metrics::Endpoint;

/// `POST /revoke`
pub(super) async fn post(State(app): State<Arc<App>>, arrival: Arrival, request: Request) -> Response {
    let context = RequestContext::begin(&app, arrival, Endpoint::Revoke, Method::POST);
    let (form, caller) = match Caller::read(&context, request).await {
        Ok(read) => read,
        Err(failure) => return context.finish(failure.worth_a_retry().json(&context, None)),
    };
    let mut response = match serve(&context, &form, &caller).await {
        Ok(()) => {
            (StatusCode::OK, [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))]).into_response()
        }
        // A client that could not revoke shall come back and not believe it done (RFC 7009 §2.2.1).
        Err(failure) => caller.refuse(&context, &failure.worth_a_retry()),
    };
    cors::allow_client(&mut response, &form.head.headers, caller.client.as_deref());
    context.finish(response)
}

async fn serve(context: &RequestContext<'_>, form: &Form, caller: &Caller) -> Result<(), Failure> {
    let app = context.app;
    let client = caller.authenticate(context)?;
    let query = token_query(form)?;
    let refresh = RefreshToken::read(&app.keys, query.token.expose());
    let access = app.keyring.access_token(query.token.expose());
    let load = || async {
        match &refresh {
            Some(token) => Ok(app.store.grant(token.grant).await?),
            None => Ok(None),
        }
    };
    let decided = context.settle(load, |row, cx| {
        let found = match (&refresh, &row, &access) {
            (Some(token), Some(row), _) => Revocable::Refresh(token, &row.grant().client_id),
            (_, _, Some(claims)) => Revocable::Access(claims),
            _ => Revocable::Unknown,
        };
        bearer::revoke(&found, &client, cx.now)
    });
    decided.await?.map_err(Failure::Refused)
}
