//! The sample API: two lines protect its one route. Around them, for `dev` alone, stands a middleware that tells the flow
//! page what the API made of the token; it judges nothing itself.

use std::sync::Arc;
use std::time::Instant;

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use proofkey_oauth::PresentedToken;
use proofkey_resource::Protect;
use proofkey_server::trace::StepOutcome;
use serde::Serialize;
use serde_json::Value;

use super::trace_log::{TraceEvent, TraceLog};

/// The scope that reading notes needs.
pub(crate) const NOTES_READ: &str = "notes:read";
/// A longer token is not looked into for the trace.
const TOKEN_BYTES_MAX: usize = 16 * 1024;

/// The issuer that the API trusts, its own address, and the origin whose pages may call it.
#[derive(Clone, Debug)]
pub(crate) struct ApiConfig {
    /// The authorization server.
    pub(crate) issuer: String,
    /// This API's address and resource identifier; its path is `/notes`.
    pub(crate) api: String,
    /// The origin of the sample app.
    pub(crate) app_origin: String,
    /// The clock of the edge, in Unix milliseconds.
    pub(crate) now_millis: fn() -> i64,
}

#[derive(Serialize)]
struct Note {
    id: u32,
    title: &'static str,
    text: &'static str,
}

const NOTES: [Note; 3] = [
    Note {
        id: 1,
        title: "Analytical engine",
        text: "It weaves algebraic patterns as the loom weaves flowers.",
    },
    Note { id: 2, title: "Note G", text: "A plan for the numbers of Bernoulli, step by step." },
    Note { id: 3, title: "Ask", text: "Which proof does the second card need?" },
];

/// The API's routes.
///
/// # Errors
/// If the configured addresses are not usable.
pub(crate) fn router(config: ApiConfig, log: Arc<TraceLog>) -> anyhow::Result<Router> {
    let ApiConfig { issuer, api, app_origin, now_millis } = config;

    let protect = Protect::new(issuer, api).scopes([NOTES_READ]).cors_origins([app_origin]).build()?;
    let protected = Router::new().route("/notes", get(notes)).layer(protect);

    Ok(protected.layer(middleware::from_fn_with_state(Tracer { log, now_millis }, trace)))
}

async fn notes() -> Response {
    match serde_json::to_string(&NOTES) {
        Ok(json) => ([(header::CONTENT_TYPE, "application/json")], json).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[derive(Clone)]
struct Tracer {
    log: Arc<TraceLog>,
    now_millis: fn() -> i64,
}

async fn trace(State(tracer): State<Tracer>, request: Request, next: Next) -> Response {
    let seen = bearer(request.headers()).and_then(Seen::read);
    let began = Instant::now();
    let response = next.run(request).await;
    let took_us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
    if let Some(seen) = seen
        && let Some(state) = tracer.log.state_of_token(&seen.jti)
    {
        let (outcome, values) = seen.outcome_of(response.status(), response.headers());
        tracer.log.push(&state, TraceEvent::new(10, outcome, (tracer.now_millis)(), took_us, values));
    }
    response
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    match PresentedToken::find(headers.get_all(header::AUTHORIZATION).iter().map(HeaderValue::as_bytes)) {
        PresentedToken::Present(token) => Some(token),
        PresentedToken::Absent
        | PresentedToken::Several
        | PresentedToken::Unreadable
        | PresentedToken::Malformed => None,
    }
}

/// What a token says of itself, unverified: good enough to find the flow that it belongs to, and repeated to the page
/// only when the layer has found all of it to be true.
struct Seen {
    jti: String,
    header: Value,
    claims: Value,
}

impl Seen {
    fn read(token: &str) -> Option<Self> {
        if token.len() > TOKEN_BYTES_MAX {
            return None;
        }
        let mut parts = token.split('.');
        let header = json(parts.next()?)?;
        let claims = json(parts.next()?)?;
        let jti = claims.get("jti")?.as_str()?.to_owned();
        Some(Self { jti, header, claims })
    }

    /// What the page is shown of this answer: the challenge of a refusal, or what the layer has found to be true.
    fn outcome_of(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> (StepOutcome, Vec<(&'static str, String)>) {
        if !status.is_success() {
            let challenge = headers.get(header::WWW_AUTHENTICATE).and_then(|value| value.to_str().ok());
            let challenge = challenge.map(|text| ("www_authenticate", text.to_owned()));
            let result = ("result", format!("refused, {}", status.as_u16()));
            return (StepOutcome::Failed, [Some(result), challenge].into_iter().flatten().collect());
        }
        let checked = [
            ("iss", &self.claims),
            ("aud", &self.claims),
            ("scope", &self.claims),
            ("exp", &self.claims),
            ("typ", &self.header),
            ("alg", &self.header),
            ("kid", &self.header),
        ];
        let checked =
            checked.into_iter().filter_map(|(key, part)| part.get(key).map(|value| (key, text(value))));
        (StepOutcome::Done, checked.chain([("result", "valid".to_owned())]).collect())
    }
}

fn json(part: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use tower::ServiceExt as _;

    use super::*;

    const APP: &str = "http://127.0.0.1:4456";

    fn api(log: &Arc<TraceLog>) -> Router {
        let config = ApiConfig {
            // Nothing listens there: a test that needed keys would notice.
            issuer: "http://127.0.0.1:9".into(),
            api: "http://127.0.0.1:4457/notes".into(),
            app_origin: APP.into(),
            now_millis: || 5_000,
        };
        router(config, Arc::clone(log)).unwrap()
    }

    fn token(jti: &str) -> String {
        let header = URL_SAFE_NO_PAD.encode(r#"{"typ":"at+jwt","alg":"none","kid":"k"}"#);
        let claims = URL_SAFE_NO_PAD.encode(format!(r#"{{"iss":"i","aud":["a"],"exp":7,"jti":"{jti}"}}"#));
        format!("{header}.{claims}.c2ln")
    }

    async fn call(
        log: &Arc<TraceLog>,
        build: impl FnOnce(axum::http::request::Builder) -> axum::http::request::Builder,
    ) -> Response {
        let request =
            build(Request::builder().uri("/notes").header("origin", APP)).body(Body::empty()).unwrap();
        api(log).oneshot(request).await.unwrap()
    }

    #[tokio::test]
    async fn rs_02_without_a_token_nothing_is_shared() {
        let response = call(&Arc::default(), |request| request).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        let challenge = response.headers()["www-authenticate"].to_str().unwrap();
        assert!(challenge.starts_with("Bearer realm=") && !challenge.contains("error="), "{challenge}");
        assert_eq!(response.headers()["access-control-allow-origin"], APP);
    }

    #[tokio::test]
    async fn a_preflight_of_the_app_passes() {
        let log = Arc::default();
        let response = call(&log, |request| {
            let request = request.method("OPTIONS").header("access-control-request-method", "GET");
            request.header("access-control-request-headers", "authorization")
        });
        let response = response.await;
        assert!(response.status().is_success());
        assert_eq!(response.headers()["access-control-allow-origin"], APP);
    }

    #[tokio::test]
    async fn a_refused_token_is_told_to_its_flow() {
        let log = Arc::new(TraceLog::default());
        log.push("state", TraceEvent::new(8, StepOutcome::Done, 1, 1, [("jti", "known")]));
        for jti in ["known", "unknown"] {
            let response =
                call(&log, |request| request.header("authorization", format!("Bearer {}", token(jti)))).await;
            assert!(response.status().is_client_error(), "{}", response.status());
        }
        let events = log.events_from("state", 1);
        let logged: Vec<_> = events.iter().map(|event| (event.step, event.outcome, event.at_ms)).collect();
        assert_eq!(logged, [(10, StepOutcome::Failed, 5_000)]);
    }

    #[test]
    fn a_valid_token_is_told_with_what_was_checked() {
        let seen = Seen::read(&token("j")).unwrap();
        let (outcome, values) = seen.outcome_of(StatusCode::OK, &HeaderMap::new());
        assert_eq!(outcome, StepOutcome::Done);
        let expected = [
            ("iss", "i"),
            ("aud", r#"["a"]"#),
            ("exp", "7"),
            ("typ", "at+jwt"),
            ("alg", "none"),
            ("kid", "k"),
            ("result", "valid"),
        ];
        let values: Vec<_> = values.iter().map(|(key, value)| (*key, value.as_str())).collect();
        assert_eq!(values, expected);
    }

    #[test]
    fn what_is_no_token_is_not_read() {
        for text in ["", ".", "a.b.c", "e30.e30.", "e30.eyJqdGkiOjF9.", &"a".repeat(TOKEN_BYTES_MAX + 1)] {
            assert!(Seen::read(text).is_none(), "{text:.20}");
        }
    }
}
