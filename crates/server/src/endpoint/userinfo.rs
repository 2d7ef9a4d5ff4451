//! UserInfo (OpenID Connect Core §5.3).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use proofkey_oauth::Params;
use proofkey_protocol::{Client, Refusal, bearer};
use serde_json::{Map, Value};

use super::bearer::{TokenState, presented};
use super::body::form;
use super::context::RequestContext;
use super::cors::Page;
use super::failure::{Failure, json};
use crate::app::App;
use crate::http::Arrival;
use crate::keys::SignedClaims;
use crate::metrics::Endpoint;

/// `GET` and `POST /userinfo`, the token in the header or in the form (OpenID Connect Core §5.3.1).
pub(super) async fn serve(State(app): State<Arc<App>>, arrival: Arrival, request: Request) -> Response {
    let (method, headers) = (request.method().clone(), request.headers().clone());
    let form = form_of(request).await;
    let context = RequestContext::begin(&app, arrival, Endpoint::Userinfo, method);
    let (client_id, (client, answer)) = match claims(&context, &headers, form).await {
        Ok(claims) => (Some(claims.client_id.clone()), of_token(&context, &claims).await),
        Err(failure) => (None, (None, Err(failure))),
    };
    let mut response = match answer {
        Ok(body) => json(StatusCode::OK, &body),
        Err(failure) => refuse(&context, &failure, client_id.as_deref()),
    };
    Page::of(&headers).let_read(&app, &mut response, client.as_deref()).await;
    context.finish(response)
}

/// The claims of the token that the request carries.
async fn claims(
    context: &RequestContext<'_>,
    headers: &HeaderMap,
    form: Result<Option<Params>, Failure>,
) -> Result<Arc<SignedClaims>, Failure> {
    let form = form?;
    let token = presented(headers, form.as_ref())?;
    Ok(context.access_token(token).await?.ok_or(Refusal::TokenInvalid)?)
}

/// The form of a POST that has one.
async fn form_of(request: Request) -> Result<Option<Params>, Failure> {
    if request.method() != Method::POST {
        return Ok(None);
    }
    match form(request).await {
        Ok(form) => Ok(Some(form.params)),
        Err(Failure::NotForm) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// The client of a token, whose own origin may read the answer, and the answer.
async fn of_token(
    context: &RequestContext<'_>,
    claims: &SignedClaims,
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
    claims: &SignedClaims,
    client: Option<&Client>,
) -> Result<Map<String, Value>, Failure> {
    let app = context.app;
    let state = TokenState::load(context, claims).await?;
    let live = state.live(context, claims, client)?;
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
        let (error, words) = (refusal.code().as_str(), refusal.cause());
        challenge.push_str(&format!(", error=\"{error}\", error_description=\"{words}\""));
        if let Some(page) = context.app.errors_page.link(refusal.explain().rule) {
            challenge.push_str(&format!(", error_uri=\"{page}\""));
        }
    }
    if *refusal == Refusal::TokenScope {
        challenge.push_str(", scope=\"openid\"");
    }
    if let Ok(value) = HeaderValue::from_str(&challenge) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    response
}
