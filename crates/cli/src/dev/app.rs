//! The sample browser app: a public client that runs the whole flow in the browser and draws it.
//!
//! This side only hands out files, the page's configuration and the trace of what the browser cannot see. It must not
//! take part in the flow: no code, token or verifier ever reaches it.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Path, RawQuery, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::{assets, events, trace_log::TraceLog};

/// Pages that follow a trace at the same time.
const FOLLOWERS_MAX: usize = 64;
/// After this long a follower has to ask again.
const FOLLOW_FOR: Duration = Duration::from_secs(300);

/// What the page has to know of its surroundings; served as `/config.json`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AppConfig {
    /// The authorization server, as its metadata names it.
    pub(crate) issuer: String,
    /// The public client of this app.
    pub(crate) client_id: String,
    /// The registered redirect URI, on this app's own origin. Its path is `/callback`.
    pub(crate) redirect_uri: String,
    /// The sample API: address and resource identifier.
    pub(crate) api: String,
    /// What the app asks for.
    pub(crate) scope: String,
    /// A second client whose codes end early, to show what an expired code looks like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expired_code: Option<ExpiredCode>,
}

/// A client with short-lived codes and the same redirect URI.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ExpiredCode {
    /// The client whose codes end early.
    pub(crate) client_id: String,
    /// How long the page waits with the code before it redeems it.
    pub(crate) wait_seconds: u32,
}

struct App {
    config: AppConfig,
    log: Arc<TraceLog>,
    policy: HeaderValue,
    followers: Arc<Semaphore>,
    stop: CancellationToken,
}

/// The app's routes. `config` names hosts that become part of the content security policy; `stop` ends the streams that
/// follow a trace.
///
/// # Errors
/// If a configured address has no origin that can stand in a header.
pub(crate) fn router(
    config: AppConfig,
    log: Arc<TraceLog>,
    stop: CancellationToken,
) -> anyhow::Result<Router> {
    let policy = content_security_policy(&config)?;
    let followers = Arc::new(Semaphore::new(FOLLOWERS_MAX));
    let app = Arc::new(App { config, log, policy, followers, stop });
    Ok(Router::new()
        .route("/", get(page))
        .route("/callback", get(page))
        .route("/config.json", get(configuration))
        .route("/trace", get(trace))
        .route("/{file}", get(asset))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), guard))
        .with_state(app))
}

async fn page() -> Response {
    file("index.html")
}

async fn asset(Path(name): Path<String>) -> Response {
    file(&name)
}

fn file(name: &str) -> Response {
    match assets::find(name) {
        Some((media_type, content)) => ([(header::CONTENT_TYPE, media_type)], content).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn configuration(State(app): State<Arc<App>>) -> Response {
    match serde_json::to_string(&app.config) {
        Ok(json) => ([(header::CONTENT_TYPE, "application/json")], json).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Server-sent events: what happened so far, then what happens. The event's id is its place in the log, so that a
/// browser that reconnects gets only what it has not seen.
async fn trace(State(app): State<Arc<App>>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let Some(state) = query.as_deref().and_then(followed_state) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let Ok(permit) = Arc::clone(&app.followers).try_acquire_owned() else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let seen =
        headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.parse::<usize>().ok());
    let first = seen.map_or(0, |id| id.saturating_add(1));
    let until = events::Until { follow_for: FOLLOW_FOR, stop: app.stop.clone() };
    match events::stream(Arc::clone(&app.log), state.to_owned(), first, until, permit) {
        Some(body) => ([(header::CONTENT_TYPE, "text/event-stream")], body).into_response(),
        None => StatusCode::BAD_REQUEST.into_response(),
    }
}

/// The `state` of the query. The page makes its own from base64url, so nothing here ever needs decoding.
fn followed_state(query: &str) -> Option<&str> {
    let state = query.strip_prefix("state=")?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (!state.is_empty() && state.bytes().all(plain)).then_some(state)
}

/// Answers only under the app's own name, and puts the security headers on every answer.
///
/// The name matters because the trace tells of sign-ins: a page elsewhere whose name is made to resolve to loopback (DNS
/// rebinding) would otherwise be of the same origin as the app.
async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let own = authority(&app.config.redirect_uri);
    let named = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let mut response = if named.is_some() && named == own {
        next.run(request).await
    } else {
        StatusCode::MISDIRECTED_REQUEST.into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, app.policy.clone());
    for (name, value) in SECURITY_HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

const SECURITY_HEADERS: [(&str, &str); 6] = [
    // The callback's address carries a code: nothing of this app may be kept, framed or told to others.
    ("cache-control", "no-store"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

fn content_security_policy(config: &AppConfig) -> anyhow::Result<HeaderValue> {
    let origins = [origin(&config.issuer), origin(&config.api)];
    let [Some(issuer), Some(api)] = origins else {
        anyhow::bail!("issuer and api must be absolute addresses")
    };
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self' {issuer} {api}; \
         base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
    );
    Ok(HeaderValue::try_from(policy)?)
}

/// Scheme and authority of an absolute address. What could end the directive or add a source is no origin.
fn origin(address: &str) -> Option<String> {
    let (scheme, _) = address.split_once("://")?;
    let authority = authority(address)?;
    let plain = |character: char| character.is_ascii_alphanumeric() || ".-:[]".contains(character);
    let usable = matches!(scheme, "http" | "https") && !authority.is_empty() && authority.chars().all(plain);
    usable.then(|| format!("{scheme}://{authority}"))
}

fn authority(address: &str) -> Option<&str> {
    let (_, rest) = address.split_once("://")?;
    rest.split(['/', '?', '#']).next()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use tower::ServiceExt as _;

    use super::*;

    fn config() -> AppConfig {
        AppConfig {
            issuer: "http://127.0.0.1:4455".into(),
            client_id: "notes-spa".into(),
            redirect_uri: "http://127.0.0.1:4456/callback".into(),
            api: "http://127.0.0.1:4457/notes".into(),
            scope: "openid notes:read".into(),
            expired_code: Some(ExpiredCode { client_id: "notes-short".into(), wait_seconds: 4 }),
        }
    }

    async fn fetch(path: &str, host: &str) -> Response {
        let request = Request::builder().uri(path).header("host", host).body(Body::empty()).unwrap();
        router(config(), Arc::default(), CancellationToken::new()).unwrap().oneshot(request).await.unwrap()
    }

    #[tokio::test]
    async fn every_answer_carries_the_strict_policy() {
        for path in ["/", "/callback?code=c&state=s", "/app.css", "/main.js", "/config.json", "/absent"] {
            let response = fetch(path, "127.0.0.1:4456").await;
            let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
            assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{path}: {policy}");
            assert!(
                policy.contains("connect-src 'self' http://127.0.0.1:4455 http://127.0.0.1:4457;"),
                "{policy}"
            );
            assert!(!policy.contains("unsafe"), "{policy}");
            assert_eq!(response.headers()["cache-control"], "no-store");
        }
    }

    #[tokio::test]
    async fn what_exists_is_found_and_nothing_else() {
        let cases = [
            ("/", StatusCode::OK, "text/html; charset=utf-8"),
            ("/callback", StatusCode::OK, "text/html; charset=utf-8"),
            ("/layout.css", StatusCode::OK, "text/css; charset=utf-8"),
            ("/flow.js", StatusCode::OK, "text/javascript; charset=utf-8"),
            ("/favicon.svg", StatusCode::OK, "image/svg+xml"),
            ("/config.json", StatusCode::OK, "application/json"),
            ("/trace?state=s", StatusCode::OK, "text/event-stream"),
            ("/trace?state=", StatusCode::BAD_REQUEST, ""),
            ("/trace?state=a%0Ab", StatusCode::BAD_REQUEST, ""),
            ("/trace", StatusCode::BAD_REQUEST, ""),
            ("/..%2Fapp.rs", StatusCode::NOT_FOUND, ""),
        ];
        for (path, status, media_type) in cases {
            let response = fetch(path, "127.0.0.1:4456").await;
            let found = response.headers().get("content-type").map_or("", |value| value.to_str().unwrap());
            let found = if media_type.is_empty() { "" } else { found };
            assert_eq!((response.status(), found), (status, media_type), "{path}");
        }
    }

    #[tokio::test]
    async fn another_name_for_this_address_gets_nothing() {
        for host in ["evil.example:4456", "127.0.0.1:4455", "localhost:4456"] {
            assert_eq!(
                fetch("/trace?state=s", host).await.status(),
                StatusCode::MISDIRECTED_REQUEST,
                "{host}"
            );
        }
    }

    #[test]
    fn an_origin_cannot_carry_a_directive() {
        let cases = [
            ("http://127.0.0.1:4455", Some("http://127.0.0.1:4455")),
            ("https://[::1]:4455/a?b", Some("https://[::1]:4455")),
            ("http://a; script-src *", None),
            ("http://a b/", None),
            ("ftp://a/", None),
            ("127.0.0.1:4455", None),
            ("http:///x", None),
        ];
        for (address, expected) in cases {
            assert_eq!(origin(address).as_deref(), expected, "{address}");
        }
    }
}
