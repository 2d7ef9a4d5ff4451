//! The token endpoint (OAuth 2.1 §3.2): what its grants share. Each grant has a file of its own.

mod code;
mod credentials;
mod refresh;
mod user;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::{Method, StatusCode};
use proofkey_jose::{Typ, claims};
use proofkey_oauth::{TokenRequest, TokenRequestMalformed, TokenResponse};
use proofkey_protocol::claims::{Claim, Withheld};
use proofkey_protocol::token::Issue;
use proofkey_protocol::{AuthenticatedClient, Refusal};

use super::body::form;
use super::caller::{Caller, refuse_unnamed};
use super::context::RequestContext;
use super::cors::Page;
use super::failure::{Cause, Failure, json};
use crate::app::App;
use crate::http::Arrival;
use crate::log::Foreign;
use crate::metrics::Endpoint;

/// `POST /token`
pub(super) async fn post(State(app): State<Arc<App>>, arrival: Arrival, request: Request) -> Response {
    let page = Page::of(request.headers());
    let form = form(request).await;
    let context = RequestContext::begin(&app, arrival, Endpoint::Token, Method::POST);
    match Caller::of(&context, form).await {
        Ok(caller) => {
            // Boxed, so that a request whose form is still to come does not hold the room for its decision.
            let answer = Box::pin(serve(&caller)).await.map(|tokens| json(StatusCode::OK, &tokens));
            caller.finish_for(&page, answer).await
        }
        Err(failure) => refuse_unnamed(&context, &page, &failure).await,
    }
}

async fn serve(caller: &Caller<'_>) -> Result<TokenResponse, Failure> {
    let context = caller.context;
    let request = TokenRequest::from_params(&caller.form.params).map_err(|malformed| match malformed {
        TokenRequestMalformed::Repeated(repeated) => repeated.into(),
        TokenRequestMalformed::UnsupportedGrantType => Refusal::GrantTypeUnsupported,
        TokenRequestMalformed::Missing(parameter) => parameter.into(),
    })?;
    let client = caller.authenticate()?;
    let issue = match &request {
        TokenRequest::AuthorizationCode(request) => code::redeem(context, request, &client).await?,
        TokenRequest::RefreshToken(request) => refresh::refresh(context, request, &client).await?,
        TokenRequest::ClientCredentials(request) => credentials::issue(context, request, &client).await?,
    }?;
    sign(context, issue, &client).await
}

/// Signs the tokens of a grant whose commit is durable.
async fn sign(
    context: &RequestContext<'_>,
    issue: Box<Issue>,
    client: &AuthenticatedClient,
) -> Result<TokenResponse, Failure> {
    let keys = context.current_keys().await?;
    let access_token = keys
        .sign(Typ::AccessToken, issue.access_algorithm, &issue.access)
        .ok_or(Failure::Fault(Cause::NoSigningKey))?;
    let id_token = match issue.id {
        None => None,
        Some(mut id) => {
            id.at_hash = Some(claims::at_hash(issue.id_algorithm, &access_token));
            let signed = keys.sign(Typ::IdToken, issue.id_algorithm, &id);
            Some(signed.ok_or(Failure::Fault(Cause::NoSigningKey))?)
        }
    };
    let too_large = |(claim, why): &(Claim, Withheld)| (*why == Withheld::Size).then_some(claim.name());
    let too_large: Vec<_> = issue.id_withheld.iter().filter_map(too_large).collect();
    if !too_large.is_empty() && context.may_log_refusal() {
        tracing::info!(
            client_id = %Foreign(&client.client().id), sub = issue.access.sub, claims = ?too_large,
            "an ID token would be too large with these claims; userinfo tells them to an access token for this server"
        );
    }
    tracing::debug!(
        request_id = %context.arrival.id, client_id = %Foreign(&client.client().id), sub = issue.access.sub, jti = issue.access.jti,
        grant = issue.access.grant_id, scope = %Foreign(&issue.scope), generation = issue.refresh.as_ref().map(|refresh| refresh.generation),
        "tokens issued"
    );
    Ok(TokenResponse {
        access_token,
        token_type: "Bearer",
        expires_in: issue.expires_in,
        refresh_token: issue.refresh.map(|refresh| refresh.token.expose().to_owned()),
        id_token,
        scope: (!issue.scope.is_empty()).then(|| issue.scope.to_string()),
    })
}
