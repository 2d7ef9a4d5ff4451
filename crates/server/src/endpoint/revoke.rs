//! Revocation (RFC 7009).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, Method, StatusCode, header};
use proofkey_oauth::{PresentedCredentials, TokenQuery};
use proofkey_protocol::bearer::{self, Revocable};
use proofkey_protocol::{Client, RefreshToken};

use super::body::{Form, form};
use super::context::RequestContext;
use super::failure::Failure;
use super::{cors, introspect, token};
use crate::app::App;
use crate::http::Arrival;
use crate::metrics::Endpoint;

/// `POST /revoke`
pub(super) async fn post(State(app): State<Arc<App>>, arrival: Arrival, request: Request) -> Response {
    let exchange = RequestContext::begin(&app, arrival, Endpoint::Revoke, Method::POST);
    let form = match form(request).await {
        Ok(form) => form,
        Err(failure) => return exchange.finish(failure.json(&exchange, None)),
    };
    let (client, presented) = token::caller(&exchange, &form);
    let mut response = match serve(&exchange, &form, &presented, client.clone()).await {
        Ok(()) => {
            (StatusCode::OK, [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))]).into_response()
        }
        Err(failure) => {
            // Whatever keeps a token from being revoked, the client shall come back and not believe it done (RFC 7009 §2.2.1).
            let failure = match failure {
                Failure::Fault(what) => Failure::Temporary(what),
                other => other,
            };
            token::failed(&exchange, &failure, &form.head.headers, client.as_deref())
        }
    };
    cors::allow_client(&mut response, &form.head.headers, client.as_deref());
    exchange.finish(response)
}

async fn serve(
    exchange: &RequestContext<'_>,
    form: &Form,
    presented: &PresentedCredentials,
    client: Option<Arc<Client>>,
) -> Result<(), Failure> {
    let app = exchange.app;
    let client = token::authenticate(exchange, presented, client)?;
    let query = TokenQuery::from_params(&form.params).map_err(|cause| introspect::malformed(&cause))?;
    let refresh = RefreshToken::read(&app.keys, query.token.expose());
    let access = app.keyring.access_token(query.token.expose());
    let load = || async {
        match &refresh {
            Some(token) => Ok(app.store.grant(token.grant).await?),
            None => Ok(None),
        }
    };
    let decided = exchange.settle(load, |grant, cx| {
        let found = match (&refresh, &grant, &access) {
            (Some(token), Some((grant, _)), _) => Revocable::Refresh(token, &grant.client_id),
            (_, _, Some(claims)) => Revocable::Access(claims),
            _ => Revocable::Unknown,
        };
        bearer::revoke(&found, &client, cx.now)
    });
    decided.await?.map_err(Failure::Refused)
}
