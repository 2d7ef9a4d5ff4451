//! The fake server's endpoints: the least that a client can be tested against.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use proofkey_oauth::{CodeChallenge, CodeVerifier, Params};
use serde_json::json;

use crate::support::{Issuer, replace};

pub(crate) async fn metadata(State(issuer): State<Arc<Issuer>>) -> Response {
    let url = &issuer.url;
    let mut document = json!({"issuer": url, "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"), "jwks_uri": format!("{url}/jwks"),
        "userinfo_endpoint": format!("{url}/userinfo"), "revocation_endpoint": format!("{url}/revoke"),
        "end_session_endpoint": format!("{url}/logout"), "code_challenge_methods_supported": ["S256"],
        "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
        "authorization_response_iss_parameter_supported": true});
    replace(&mut document, &issuer.faults.lock().unwrap().metadata);
    document.to_string().into_response()
}

/// Plays server and person: every browser that opens the address is signed in and sent back.
pub(crate) async fn authorize(State(issuer): State<Arc<Issuer>>, RawQuery(query): RawQuery) -> Response {
    let params = Params::parse(query.unwrap().as_bytes()).unwrap();
    let take = |name: &str| params.first(name).map(str::to_owned);
    let code = {
        let mut seen = issuer.seen.lock().unwrap();
        let code = format!("code-{}", seen.codes.len() + 1);
        let facts =
            (take("code_challenge").unwrap(), take("nonce"), take("scope").unwrap(), take("resource"));
        seen.codes.insert(code.clone(), facts);
        code
    };
    let mut response =
        vec![("code", Some(code)), ("state", take("state")), ("iss", Some(issuer.url.clone()))];
    for (name, value) in &issuer.faults.lock().unwrap().response {
        response.retain(|(known, _)| known != name);
        response.push((name, value.clone()));
    }
    let mut location = format!("{}?", params.first("redirect_uri").unwrap());
    for (name, value) in response.iter().filter_map(|(name, value)| value.as_ref().map(|value| (name, value)))
    {
        proofkey_oauth::form_encode(&mut location, name, value);
        location.push('&');
    }
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

pub(crate) async fn token(State(issuer): State<Arc<Issuer>>, headers: HeaderMap, body: Bytes) -> Response {
    let form = Params::parse(&body).unwrap();
    issuer.seen.lock().unwrap().token_forms.push(form.clone());
    note_authorization(&issuer, &headers);
    if let Some((status, location)) = issuer.faults.lock().unwrap().token_status.clone() {
        let headers = location.map(|location| [(header::LOCATION, location)]);
        return (
            StatusCode::from_u16(status).unwrap(),
            headers.unwrap_or([(header::LOCATION, String::new())]),
            "{}",
        )
            .into_response();
    }
    match form.first("grant_type") {
        Some("authorization_code") => redeem(&issuer, &form),
        Some("refresh_token") => refresh(&issuer, &form).await,
        _ => refuse("unsupported_grant_type"),
    }
}

fn redeem(issuer: &Issuer, form: &Params) -> Response {
    let facts = issuer.seen.lock().unwrap().codes.remove(form.first("code").unwrap());
    let Some((challenge, nonce, scope, resource)) = facts else { return refuse("invalid_grant") };
    let verifier = CodeVerifier::parse(form.first("code_verifier").unwrap()).unwrap();
    if !CodeChallenge::parse(&challenge).unwrap().matches(&verifier)
        || resource.as_deref() != form.first("resource")
    {
        return refuse("invalid_grant");
    }
    let grant = {
        let mut seen = issuer.seen.lock().unwrap();
        seen.grants += 1;
        let grant = seen.grants;
        seen.used.insert(grant, 0);
        grant
    };
    issuer.issue(grant, 1, nonce.as_deref(), &scope).to_string().into_response()
}

async fn refresh(issuer: &Issuer, form: &Params) -> Response {
    issuer.seen.lock().unwrap().refreshes_begun += 1;
    let slow = issuer.faults.lock().unwrap().slow_ms;
    tokio::time::sleep(std::time::Duration::from_millis(slow)).await;
    let token = form.first("refresh_token").unwrap().to_owned();
    let mut parts = token.split('-').skip(1).map(|part| part.parse::<u64>().unwrap());
    let (grant, generation) = (parts.next().unwrap(), parts.next().unwrap());
    let is_lost = {
        let mut seen = issuer.seen.lock().unwrap();
        let used = seen.used.get_mut(&grant).unwrap();
        if generation < *used {
            return refuse("invalid_grant");
        }
        *used = generation;
        seen.refreshes += 1;
        let mut faults = issuer.faults.lock().unwrap();
        let is_lost = faults.lost_replies > 0;
        faults.lost_replies = faults.lost_replies.saturating_sub(1);
        is_lost
    };
    let body = issuer.issue(grant, generation + 1, None, "openid offline_access profile").to_string();
    if is_lost {
        // A body that breaks off is what a dropped connection looks like.
        return axum::body::Body::new(Broken).into_response();
    }
    body.into_response()
}

struct Broken;

impl http_body::Body for Broken {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, std::io::Error>>> {
        std::task::Poll::Ready(Some(Err(std::io::Error::other("broken off"))))
    }
}

fn refuse(code: &str) -> Response {
    (StatusCode::BAD_REQUEST, json!({"error": code, "error_description": "no"}).to_string()).into_response()
}

pub(crate) async fn jwks(State(issuer): State<Arc<Issuer>>) -> Response {
    json!({"keys": [issuer.key.public_jwk()]}).to_string().into_response()
}

pub(crate) async fn userinfo(State(issuer): State<Arc<Issuer>>, headers: HeaderMap) -> Response {
    if bearer(&headers).is_none() {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    if let Some((content_type, body)) = issuer.faults.lock().unwrap().userinfo_answer.clone() {
        return ([(header::CONTENT_TYPE, content_type)], body).into_response();
    }
    let sub = issuer.faults.lock().unwrap().userinfo_sub.unwrap_or("ada-1");
    json!({"sub": sub, "name": "Ada Lovelace", "preferred_username": "ada"}).to_string().into_response()
}

fn note_authorization(issuer: &Issuer, headers: &HeaderMap) {
    let sent = headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned());
    issuer.seen.lock().unwrap().authorizations.push(sent);
}

pub(crate) async fn revoke(State(issuer): State<Arc<Issuer>>, headers: HeaderMap, body: Bytes) -> Response {
    note_authorization(&issuer, &headers);
    if issuer.faults.lock().unwrap().revocation_down {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let form = Params::parse(&body).unwrap();
    issuer.seen.lock().unwrap().revoked.push(form.first("token").unwrap().to_owned());
    StatusCode::OK.into_response()
}

pub(crate) async fn elsewhere(State(issuer): State<Arc<Issuer>>) -> Response {
    issuer.seen.lock().unwrap().redirect_followed = true;
    StatusCode::OK.into_response()
}

pub(crate) async fn notes(State(issuer): State<Arc<Issuer>>, headers: HeaderMap) -> Response {
    let mut seen = issuer.seen.lock().unwrap();
    let token = bearer(&headers).unwrap_or_default();
    seen.api_tokens.push(token.clone());
    if seen.live_access.contains(&token) {
        return "a note".into_response();
    }
    let challenge = [(header::WWW_AUTHENTICATE, r#"Bearer error="invalid_token""#)];
    (StatusCode::UNAUTHORIZED, challenge).into_response()
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ").map(str::to_owned)
}
