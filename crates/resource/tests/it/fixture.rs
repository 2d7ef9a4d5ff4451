//! An issuer on a port of its own, the API that trusts it, and tokens good and bad.

use std::sync::{
    Arc, LazyLock, Mutex,
    atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering::SeqCst},
};

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, Request, Response, StatusCode, header},
    response::IntoResponse,
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http_body_util::BodyExt;
use proofkey_jose::{Algorithm, KeySet, SigningKey, Typ};
use proofkey_resource::{AccessToken, Clock, Protect, RequireScope};
use serde_json::{Value, json};
use tower::ServiceExt;

pub(crate) const AUDIENCE: &str = "https://api.example/notes";
pub(crate) const NOW: i64 = 1_800_000_000;
pub(crate) const CLIENT_ID: &str = "the api";
pub(crate) const SECRET: &str = "s3cret: with % signs";

pub(crate) struct TestKey {
    pub(crate) key: SigningKey,
    pub(crate) der: Vec<u8>,
}

impl TestKey {
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        let (key, der) = SigningKey::generate(algorithm).unwrap();
        Self { key, der: der.to_vec() }
    }
}

/// The key of algorithm ES256 that every test may use.
pub(crate) static ES256: LazyLock<TestKey> = LazyLock::new(|| TestKey::new(Algorithm::Es256));
pub(crate) static EDDSA: LazyLock<TestKey> = LazyLock::new(|| TestKey::new(Algorithm::EdDsa));
pub(crate) static RS256: LazyLock<TestKey> = LazyLock::new(|| TestKey::new(Algorithm::Rs256));

/// What the issuer counts and what a test may change about it.
#[derive(Default)]
pub(crate) struct Knobs {
    pub(crate) keys: Mutex<Vec<Value>>,
    pub(crate) away: AtomicBool,
    pub(crate) jwks_fetches: AtomicUsize,
    pub(crate) discoveries: AtomicUsize,
    pub(crate) introspections: AtomicUsize,
    pub(crate) inactive: AtomicBool,
    pub(crate) openid_only: AtomicBool,
    /// What stands at the place of RFC 8414 instead of metadata.
    pub(crate) instead: Mutex<Option<(u16, &'static str)>>,
    pub(crate) other_issuer: AtomicBool,
    pub(crate) garbage: AtomicBool,
    pub(crate) max_age_seconds: AtomicI64,
    pub(crate) delay_millis: AtomicUsize,
}

/// A running issuer, an API in front of it, and the clock that the API goes by.
pub(crate) struct World {
    pub(crate) issuer: String,
    pub(crate) knobs: Arc<Knobs>,
    pub(crate) now: Arc<AtomicI64>,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::ending_in("").await
    }

    /// An issuer whose name ends so.
    pub(crate) async fn ending_in(end: &str) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}{end}", listener.local_addr().unwrap());
        let knobs = Arc::new(Knobs::default());
        knobs.max_age_seconds.store(300, SeqCst);
        let world = Self { issuer: issuer.clone(), knobs, now: Arc::new(AtomicI64::new(NOW)) };
        world.publish(&[&ES256]);
        let state = (issuer, Arc::clone(&world.knobs));
        let app = Router::new()
            .route("/.well-known/oauth-authorization-server", get(oauth_metadata))
            .route("/.well-known/openid-configuration", get(openid_metadata))
            .route("/jwks", get(jwks))
            .route("/introspect", post(introspect))
            .with_state(state);
        tokio::spawn(async move { axum::serve(listener, app).await });
        world
    }

    pub(crate) fn publish(&self, keys: &[&TestKey]) {
        *self.knobs.keys.lock().unwrap() =
            keys.iter().map(|key| serde_json::to_value(key.key.public_jwk()).unwrap()).collect();
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.now.fetch_add(seconds, SeqCst);
    }

    pub(crate) fn clock(&self) -> Clock {
        let now = Arc::clone(&self.now);
        Clock::from_fn(move || now.load(SeqCst))
    }

    pub(crate) fn protect(&self) -> Protect {
        Protect::new(&self.issuer, AUDIENCE).clock(self.clock())
    }

    pub(crate) fn claims(&self) -> Value {
        let now = self.now.load(SeqCst);
        json!({"iss": self.issuer, "sub": "ada", "aud": AUDIENCE, "client_id": "app", "scope": "notes:read",
               "iat": now, "exp": now + 600, "jti": "t1"})
    }

    pub(crate) fn token(&self) -> String {
        self.token_of(&ES256)
    }

    pub(crate) fn token_of(&self, key: &TestKey) -> String {
        key.key.sign(Typ::AccessToken, &self.claims()).unwrap()
    }

    pub(crate) fn token_with(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut claims = self.claims();
        change(&mut claims);
        ES256.key.sign(Typ::AccessToken, &claims).unwrap()
    }
}

pub(crate) fn keys(keys: &[&TestKey]) -> KeySet {
    KeySet::new(keys.iter().map(|key| key.key.verifying_key().clone()))
}

/// Signed by [`ES256`], under any header and with any payload.
pub(crate) fn raw_token(header: &str, payload: &str) -> String {
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &ES256.der).unwrap();
    let signed = format!("{}.{}", encode(header), encode(payload));
    let signature = pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
    format!("{signed}.{}", encode(signature))
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn as_json(value: &Value) -> Response<Body> {
    ([(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

/// The API: one route to read, one that needs more.
pub(crate) fn api(protect: Protect) -> Router {
    let write = RequireScope::new("notes:write").unwrap();
    let read = |token: AccessToken| async move {
        as_json(&json!({"sub": token.subject(), "client": token.is_client_token()}))
    };
    Router::new()
        .route("/notes", get(read))
        .route("/write", post(|| async { "written" }).layer(write))
        .route("/echo", post(|body: String| async { body }))
        .layer(protect.build().unwrap())
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn challenge(&self) -> &str {
        self.headers.get(header::WWW_AUTHENTICATE).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

pub(crate) async fn send(api: &Router, request: Request<Body>) -> Answer {
    let response: Response<Body> = api.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}

pub(crate) async fn get_notes(api: &Router, token: &str) -> Answer {
    let request = Request::get("/notes").header("authorization", format!("Bearer {token}"));
    send(api, request.body(Body::empty()).unwrap()).await
}

type Shared = State<(String, Arc<Knobs>)>;

async fn oauth_metadata(state: Shared) -> Response<Body> {
    if let Some((status, body)) = *state.1.instead.lock().unwrap() {
        return (StatusCode::from_u16(status).unwrap(), body).into_response();
    }
    if state.1.openid_only.load(SeqCst) {
        return StatusCode::NOT_FOUND.into_response();
    }
    openid_metadata(state).await
}

async fn openid_metadata(State((issuer, knobs)): Shared) -> Response<Body> {
    knobs.discoveries.fetch_add(1, SeqCst);
    if knobs.away.load(SeqCst) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let named = if knobs.other_issuer.load(SeqCst) { "http://127.0.0.1:1" } else { &issuer };
    let base = issuer.trim_end_matches('/');
    as_json(&json!({"issuer": named, "jwks_uri": format!("{base}/jwks"),
                "introspection_endpoint": format!("{base}/introspect"), "x": {}}))
    .into_response()
}

async fn jwks(State((_, knobs)): Shared) -> Response<Body> {
    knobs.jwks_fetches.fetch_add(1, SeqCst);
    let delay = knobs.delay_millis.load(SeqCst) as u64;
    tokio::time::sleep(std::time::Duration::from_millis(delay)).await;
    if knobs.away.load(SeqCst) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if knobs.garbage.load(SeqCst) {
        return "x".repeat(1 << 20).into_response();
    }
    let keys = knobs.keys.lock().unwrap().clone();
    let cache = format!("public, max-age={}", knobs.max_age_seconds.load(SeqCst));
    ([(header::CACHE_CONTROL, cache)], as_json(&json!({"keys": keys}))).into_response()
}

async fn introspect(State((_, knobs)): Shared, headers: HeaderMap, body: String) -> Response<Body> {
    knobs.introspections.fetch_add(1, SeqCst);
    if knobs.away.load(SeqCst) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let credentials = "the%20api:s3cret%3A%20with%20%25%20signs";
    let basic = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(credentials));
    if headers.get("authorization").is_none_or(|value| value != basic.as_str())
        || !body.starts_with("token=ey")
    {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    if knobs.garbage.load(SeqCst) {
        return r#"{"active":"true"}"#.into_response();
    }
    as_json(&json!({"active": !knobs.inactive.load(SeqCst)})).into_response()
}
