//! RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0), and the page that asks.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderMap, Method, StatusCode, Uri};
use proofkey_jose::claims::IdTokenClaims;
use proofkey_oauth::{LogoutRequest, Params};
use proofkey_protocol::logout::{self, Next};
use proofkey_protocol::session::Login;
use proofkey_protocol::{Client, ClientId, Interaction, Refusal, Step, Verdict};

use super::app_names::{app_name, host};
use super::authorization::{REQUEST_BYTES_MAX, RequestMethod, Visit, same_site, see_other};
use crate::app::App;
use crate::endpoint::body::form;
use crate::endpoint::context::RequestContext;
use crate::endpoint::failure::Failure;
use crate::http::Arrival;
use crate::login::Browser;
use crate::metrics::Endpoint;
use crate::page::{self, LogoutConfirm, ReturnLink, SignedOut};

/// `GET /end-session`
pub(super) async fn get(
    State(app): State<Arc<App>>,
    arrival: Arrival,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let exchange = RequestContext::begin(&app, arrival, Endpoint::EndSession, Method::GET);
    let browser = Browser::of(&app, &headers);
    let raw = request_of(&exchange, uri.query().unwrap_or_default());
    let mut visit = Visit::new(
        &exchange,
        browser,
        &headers,
        RequestMethod::Get,
        raw.as_deref().unwrap_or_default().to_owned(),
    );
    let response = match raw {
        Ok(_) => decide(&mut visit, None).await,
        Err(failure) => Err(failure),
    };
    let response = response.unwrap_or_else(|failure| visit.failure(&failure));
    visit.leave(response)
}

/// `POST /end-session`: from a relying party, or from our own page.
pub(super) async fn post(State(app): State<Arc<App>>, arrival: Arrival, request: Request) -> Response {
    let exchange = RequestContext::begin(&app, arrival, Endpoint::EndSession, Method::POST);
    let headers = request.headers().clone();
    let mut visit =
        Visit::new(&exchange, Browser::of(&app, &headers), &headers, RequestMethod::Form, String::new());
    let response = match form(request).await {
        Ok(form) if form.params.contains("flow") => confirm(&mut visit, &headers, &form.params).await,
        Ok(form) if form.raw.len() > REQUEST_BYTES_MAX => Err(Refusal::RequestTooLong.into()),
        Ok(form) => {
            // A relying party's form carries no Lax cookie: it comes back by GET, with it, once.
            visit.raw = String::from_utf8_lossy(&form.raw).into_owned();
            Ok(see_other(&visit.sealed_address("/end-session", Step::Resume, None)))
        }
        Err(failure) => Err(failure),
    };
    let response = response.unwrap_or_else(|failure| visit.failure(&failure));
    visit.leave(response)
}

fn request_of(exchange: &RequestContext<'_>, query: &str) -> Result<String, Failure> {
    let params = Params::parse(query.as_bytes()).map_err(|_| Refusal::ParametersMalformed)?;
    if query.len() > REQUEST_BYTES_MAX * 2 {
        return Err(Refusal::RequestTooLong.into());
    }
    match params.first("flow") {
        None => Ok(query.to_owned()),
        Some(flow) => {
            let step = Interaction::open(&exchange.app.keys, flow, Step::Resume, None, exchange.now)?;
            Ok(step.request)
        }
    }
}

async fn confirm(visit: &mut Visit<'_>, headers: &HeaderMap, params: &Params) -> Result<Response, Failure> {
    let exchange = visit.exchange;
    same_site(exchange.app, headers)?;
    let flow = params.first("flow").unwrap_or_default();
    let step = Interaction::open(&exchange.app.keys, flow, Step::Logout, visit.browser.flow(), exchange.now)?;
    visit.raw.clone_from(&step.request);
    match params.first("decision") {
        Some("sign_out") => decide(visit, Some(step)).await,
        Some("stay") => {
            let html = exchange.app.pages.stayed(visit.lang);
            Ok(page::respond(StatusCode::OK, visit.lang, html))
        }
        _ => Err(Refusal::InteractionInvalid.into()),
    }
}

async fn decide(visit: &mut Visit<'_>, step: Option<Interaction>) -> Result<Response, Failure> {
    let (exchange, app) = (visit.exchange, visit.exchange.app);
    let params = Params::parse(visit.raw.as_bytes()).map_err(|_| Refusal::ParametersMalformed)?;
    let request = LogoutRequest::from_params(&params);
    let hint = request.id_token_hint.as_deref().and_then(|token| app.keyring.id_token(token).ok());
    let client_id = ClientId::new(
        hint.as_ref().and_then(|claims| claims.aud.as_slice().first()).cloned().unwrap_or_default(),
    );
    let (login, _) = visit.browser.login(app, &client_id).await?;
    let client = exchange.directory.client(client_id.as_str()).map(|client| &**client);
    let verdict = judge(step.as_ref(), &request, hint.as_ref(), client, login.as_ref());
    let ended = verdict.commit.is_some();
    let client = client.cloned();
    let _ = exchange.commit(verdict.commit).await?;
    if ended {
        tracing::info!(request_id = %exchange.arrival.id, user = login.as_ref().map(|login| login.user().id.to_string()), "signed out");
    }
    match verdict.outcome {
        Next::Confirm => Ok(ask(visit, login.as_ref()).await?),
        Next::SignedOut(target) => {
            visit.browser.signed_out();
            let Some(target) = target else { return Ok(signed_out(visit, None)) };
            if visit.method == RequestMethod::Get {
                return Ok(see_other(target.location()));
            }
            let name = client.as_ref().map(app_name).unwrap_or_default();
            let host = host(target.location()).to_owned();
            Ok(signed_out(
                visit,
                Some(ReturnLink { app_name: name, host, href: target.location().to_owned() }),
            ))
        }
    }
}

fn judge(
    step: Option<&Interaction>,
    request: &LogoutRequest,
    hint: Option<&IdTokenClaims>,
    client: Option<&Client>,
    login: Option<&Login>,
) -> Verdict<Next> {
    match step {
        Some(step) => logout::confirmed(step, request, hint, client, login),
        None => logout::decide(request, hint, client, login),
    }
}

async fn ask(visit: &mut Visit<'_>, login: Option<&Login>) -> Result<Response, Failure> {
    let (exchange, app) = (visit.exchange, visit.exchange.app);
    let Some(login) = login else { return Ok(signed_out(visit, None)) };
    let clients = app.store.session_clients(login.session()).await?;
    let flow = visit.seal(Step::Logout, Some(login.session()));
    let names = clients
        .iter()
        .filter_map(|id| exchange.directory.client(id.as_str()))
        .map(|client| app_name(client))
        .collect();
    let view = LogoutConfirm {
        action: format!("{}/end-session", app.policy.issuer.path()),
        flow: flow.expose().to_owned(),
        user_name: login.user().display_name.clone(),
        app_names: names,
    };
    Ok(page::respond_with_form(StatusCode::OK, visit.lang, app.pages.logout(visit.lang, &view)))
}

fn signed_out(visit: &Visit<'_>, return_to: Option<ReturnLink>) -> Response {
    let html = visit.exchange.app.pages.signed_out(visit.lang, &SignedOut { return_to });
    page::respond(StatusCode::OK, visit.lang, html)
}
