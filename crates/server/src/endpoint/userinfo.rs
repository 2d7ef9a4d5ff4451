//! UserInfo (OpenID Connect Core §5.3).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use proofkey_jose::claims::AccessTokenClaims;
use proofkey_protocol::{Client, Refusal, bearer};
use serde_json::{Map, Value};

use super::bearer::{TokenState, presented};
use super::context::RequestContext;
use super::cors;
use super::failure::{Failure, json};
use crate::app::App;
use crate::http::Arrival;
use crate::metrics::Endpoint;

/// `GET` and `POST /userinfo`, the token in the header.
pub(super) async fn serve(
    State(app): State<Arc<App>>,
    arrival: Arrival,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let context = RequestContext::begin(&app, arrival, Endpoint::Userinfo, method);
    let claims =
        presented(&headers).and_then(|token| app.keyring.access_token(token).ok_or(Refusal::TokenInvalid));
    let (client, answer) = match &claims {
        Ok(claims) => of_token(&context, claims).await,
        Err(refusal) => (None, Err(refusal.clone().into())),
    };
    let mut response = match answer {
        Ok(body) => json(StatusCode::OK, &body),
        Err(failure) => refuse(&context, &failure, claims.as_ref().ok().map(|claims| &*claims.client_id)),
    };
    cors::allow_client(&mut response, &headers, client.as_deref());
    context.finish(response)
}

/// The client of a token, whose own origin may read the answer, and the answer.
async fn of_token(
    context: &RequestContext<'_>,
    claims: &AccessTokenClaims,
) -> (Option<Arc<Client>>, Result<Map<String, Value>, Failure>) {
    match context.client(&claims.client_id).await {
        Ok(client) => {
            let answer = answer(context, claims, client.as_deref()).await;
            (client, answer)
        }
        Err(failed) => (None, Err(failed.into())),
    }
}

async fn answer(
    context: &RequestContext<'_>,
    claims: &AccessTokenClaims,
    client: Option<&Client>,
) -> Result<Map<String, Value>, Failure> {
    let app = context.app;
    let state = TokenState::load(context, claims).await?;
    let live = state.live(claims, client, context.now)?;
    let opened = bearer::userinfo(&live, &app.policy.issuer)?;
    let record = match opened.needs() {
        Some(user) => app.store.user(user).await?,
        None => None,
    };
    Ok(opened.answer(record.as_ref())?)
}

/// The challenge of a refused use (RFC 6750 §3). A request without a token made no error, so it is told of none.
fn refuse(context: &RequestContext<'_>, failure: &Failure, client_id: Option<&str>) -> Response {
    let mut response = failure.json(context, client_id);
    let Failure::Refused(refusal) = failure else { return response };
    let issuer = &context.app.policy.issuer;
    let mut challenge = format!("Bearer realm=\"{issuer}\"");
    if *refusal != Refusal::TokenMissing {
        let (error, words) = (refusal.code().as_str(), refusal.explain().cause);
        challenge.push_str(&format!(", error=\"{error}\", error_description=\"{words}\""));
    }
    if *refusal == Refusal::TokenScope {
        challenge.push_str(", scope=\"openid\"");
    }
    if let Ok(value) = HeaderValue::from_str(&challenge) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    response
}
