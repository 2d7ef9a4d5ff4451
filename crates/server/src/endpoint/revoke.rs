//! Revocation (RFC 7009).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, Method, StatusCode, header};
use proofkey_protocol::RefreshToken;
use proofkey_protocol::bearer::{self, Revocable};

use super::body::{form, token_query};
use super::caller::{Caller, refuse_unnamed};
use super::context::RequestContext;
use super::cors::Page;
use super::failure::Failure;
use crate::app::App;
use crate::http::Arrival;
use crate::metrics::Endpoint;

/// `POST /revoke`
pub(super) async fn post(State(app): State<Arc<App>>, arrival: Arrival, request: Request) -> Response {
    let page = Page::of(request.headers());
    let form = form(request).await;
    let context = RequestContext::begin(&app, arrival, Endpoint::Revoke, Method::POST);
    // A client that could not revoke shall come back and not believe it done (RFC 7009 §2.2.1).
    match Caller::of(&context, form).await {
        Ok(caller) => {
            let answer = serve(&caller).await.map(|()| nothing()).map_err(Failure::worth_a_retry);
            caller.finish_for(&page, answer).await
        }
        Err(failure) => refuse_unnamed(&context, &page, &failure.worth_a_retry()).await,
    }
}

/// A revocation is answered by its status alone.
fn nothing() -> Response {
    (StatusCode::OK, [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))]).into_response()
}

async fn serve(caller: &Caller<'_>) -> Result<(), Failure> {
    let (context, app) = (caller.context, caller.context.app);
    let client = caller.authenticate()?;
    let query = token_query(&caller.form)?;
    let refresh = RefreshToken::read(context.keys.artefacts(), query.token.expose());
    let access = context.access_token(query.token.expose()).await?;
    let load = || async {
        match &refresh {
            Some(token) => Ok(app.store.grant(token.grant).await?),
            None => Ok(None),
        }
    };
    let decided = context.settle(load, |row, cx| {
        let found = match (refresh.as_ref().zip(row.as_ref()), &access) {
            (Some((token, row)), _) => Revocable::Refresh(token, &row.grant().client_id),
            (None, Some(claims)) => Revocable::Access(claims),
            (None, None) => Revocable::Unknown,
        };
        bearer::revoke(&found, &client, cx.now)
    });
    decided.await?.map_err(Failure::Refused)
}
