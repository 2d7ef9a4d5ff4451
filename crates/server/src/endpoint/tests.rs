//! What a request is answered that could not have its client looked up: no store is slow at will, so the places are taken
//! from inside.

use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use proofkey_store::{Options, Store};
use tower::ServiceExt as _;

use super::router;
use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::limit::AddressKey;
use crate::random::Randomness;
use crate::run::build;
use crate::trace::Tracer;

/// A configuration of defaults, with hashes that cost nothing.
pub(crate) fn config(folder: &tempfile::TempDir) -> Config {
    let text = format!(
        "issuer = \"https://id.example\"\n[store]\ndata = {:?}\n[passwords]\nmemory_kib = 64\niterations = 1\n",
        folder.path().display().to_string()
    );
    let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".to_owned();
    let environment = [("PROOFKEY_KEYS__SEALING_KEY".to_owned(), key)];
    Config::parse(&text, &folder.path().join("proofkey.toml"), environment).unwrap()
}

pub(crate) fn app(folder: &tempfile::TempDir) -> Arc<App> {
    let config = config(folder);
    let store = Store::open(config.store.place().as_ref(), &Options::default()).unwrap();
    let clock = Clock::manual(1_790_000_000);
    Arc::new(build(&config, &store, clock, Randomness::System, Tracer::default()).unwrap())
}

async fn get(app: &Arc<App>, target: &str) -> (Response<()>, String) {
    send(app, Request::get(target).body(Body::empty()).unwrap()).await
}

async fn token(app: &Arc<App>) -> (Response<()>, String) {
    let request = Request::post("/token").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    send(app, request.body(Body::from("grant_type=refresh_token&refresh_token=x&client_id=app")).unwrap())
        .await
}

async fn send(app: &Arc<App>, request: Request<Body>) -> (Response<()>, String) {
    let (head, body) = router(Arc::clone(app)).oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (Response::from_parts(head, ()), String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn a_request_whose_client_cannot_be_looked_up_is_asked_to_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(&folder);
    let authorize = "/authorize?client_id=app&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&response_type=code";
    let (unknown, _) = token(&app).await;
    assert_eq!(unknown.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(get(&app, authorize).await.0.status(), StatusCode::BAD_REQUEST);
    let flooded = async {
        let (refused, body) = token(&app).await;
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(refused.headers().get(header::RETRY_AFTER).unwrap(), "2");
        assert!(body.contains(r#""error":"temporarily_unavailable""#), "{body}");
        let (page, html) = get(&app, authorize).await;
        assert_eq!(page.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(html.contains("temporarily_unavailable"), "{html}");
        assert_eq!(page.headers().get(header::RETRY_AFTER).unwrap(), "2", "a page says it too");
    };
    // A router that was called without a listener sees requests from nowhere.
    let nowhere = AddressKey::of(Ipv4Addr::UNSPECIFIED.into());
    tokio::select! {
        biased;
        () = app.clients.look_up_for_ever(nowhere) => unreachable!("the store never answers"),
        () = flooded => {}
    }
    assert_eq!(token(&app).await.0.status(), StatusCode::UNAUTHORIZED, "the flood is over");
}
