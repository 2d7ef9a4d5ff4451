//! Revocation (RFC 7009).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};
use proofkey_oauth::{PresentedCredentials, TokenQuery};
use proofkey_protocol::bearer::{self, Revocable};
use proofkey_protocol::{Client, RefreshToken};

use super::body::{Form, form};
use super::exchange::{Exchange, Failure};
use super::{cors, introspect, token};
use crate::app::App;
use crate::http::Arrival;
use crate::metrics::Endpoint;

/// `POST /revoke`
pub(super) async fn post(State(app): State<Arc<App>>, arrival: Arrival, request: Request) -> Response {
    let exchange = Exchange::begin(&app, arrival, Endpoint::Revoke, "POST /revoke");
    let form = match form(request).await {
        Ok(form) => form,
        Err(failure) => return exchange.finish(exchange.json_failure(&failure, None)),
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
    exchange: &Exchange<'_>,
    form: &Form,
    presented: &PresentedCredentials,
    client: Option<Arc<Client>>,
) -> Result<(), Failure> {
    let app = exchange.app;
    let client = token::authenticate(exchange, presented, client)?;
    let query = TokenQuery::from_params(&form.params).map_err(|cause| introspect::malformed(&cause))?;
    let refresh = RefreshToken::read(&app.keys, query.token.expose());
    let grant = match &refresh {
        Some(token) => exchange.loaded(app.store.grant(token.grant).await)?,
        None => None,
    };
    let access = app.keyring.access_token(query.token.expose());
    let found = match (&refresh, &grant, &access) {
        (Some(token), Some((grant, _)), _) => Revocable::Refresh(token, &grant.client_id),
        (_, _, Some(claims)) => Revocable::Access(claims),
        _ => Revocable::Unknown,
    };
    let verdict = bearer::revoke(&found, &client, exchange.now);
    let _ = exchange.commit(verdict.commit).await?;
    verdict.outcome.map_err(Failure::Refused)
}
