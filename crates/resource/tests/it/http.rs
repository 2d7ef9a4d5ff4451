//! What goes over the wire: transports, challenges, scopes, cross-origin requests.

use axum::{
    Router,
    body::Body,
    http::{HeaderValue, Request},
    routing::{get, post},
};
use proofkey_resource::{AccessToken, RequireScope};
use proptest::prelude::*;
use serde_json::json;

use crate::fixture::{World, api, get_notes, send};

const METADATA_URL: &str = "https://api.example/.well-known/oauth-protected-resource/notes";

fn request(uri: &str, authorization: &[&str]) -> Request<Body> {
    let mut request = Request::get(uri);
    for value in authorization {
        request = request.header("authorization", *value);
    }
    request.body(Body::empty()).unwrap()
}

#[tokio::test]
async fn rs_01_the_header_carries_the_token_and_nothing_else_does() {
    let world = World::new().await;
    let api = api(world.protect());
    let token = world.token();
    for scheme in ["Bearer", "bearer", "BEARER", "bEaReR"] {
        let answer = send(&api, request("/notes", &[&format!("{scheme} {token}")])).await;
        assert_eq!((answer.status, answer.json()), (200, json!({"sub": "ada", "client": false})), "{scheme}");
    }
    let in_query = format!("/notes?access_token={token}");
    let answer = send(&api, request(&in_query, &[])).await;
    assert_eq!(answer.status, 401);
    assert!(!answer.challenge().contains("error"), "{}", answer.challenge());

    let bearer = format!("Bearer {token}");
    for (uri, headers) in [(in_query.as_str(), vec![bearer.as_str()]), ("/notes", vec![&bearer, &bearer])] {
        let answer = send(&api, request(uri, &headers)).await;
        assert_eq!(answer.status, 400, "{uri}");
        assert_eq!(answer.json()["error"], "invalid_request");
        assert!(answer.challenge().contains(r#"error="invalid_request""#));
    }
}

/// What the documentation of `ProtectLayer` says about bodies: that they are not read.
#[tokio::test]
async fn rs_01_a_form_field_is_no_token_and_the_body_reaches_the_api_as_it_came() {
    let world = World::new().await;
    let api = api(world.protect());
    let form = format!("access_token={}&x=1", world.token());
    let post = |authorization: Option<&str>| {
        let mut request = Request::post("/echo").header("content-type", "application/x-www-form-urlencoded");
        if let Some(value) = authorization {
            request = request.header("authorization", value);
        }
        request.body(Body::from(form.clone())).unwrap()
    };
    assert_eq!(send(&api, post(None)).await.status, 401);
    let answer = send(&api, post(Some(&format!("Bearer {}", world.token())))).await;
    assert_eq!((answer.status, &answer.body), (200, &form));
}

#[tokio::test]
async fn rs_02_a_missing_token_is_no_error_and_a_bad_one_is() {
    let world = World::new().await;
    let api = api(world.protect().scopes(["notes:read"]));
    for headers in [vec![], vec!["Basic YTpi"]] {
        let answer = send(&api, request("/notes", &headers)).await;
        assert_eq!(answer.status, 401);
        assert_eq!(
            answer.challenge(),
            format!(
                r#"Bearer realm="https://api.example/notes", scope="notes:read", resource_metadata="{METADATA_URL}""#
            )
        );
        assert!(answer.json().get("error").is_none());
        assert!(answer.json()["error_description"].is_string());
        assert_eq!(answer.headers["cache-control"], "no-store");
    }
    let answer = get_notes(&api, "abc").await;
    assert_eq!(answer.status, 401);
    assert_eq!(
        answer.challenge(),
        format!(
            r#"Bearer realm="https://api.example/notes", error="invalid_token", error_description="the token is not a compact JWS of three parts", resource_metadata="{METADATA_URL}""#
        )
    );
    let expired = world.token_with(|claims| claims["exp"] = json!(1));
    let answer = get_notes(&api, &expired).await;
    assert_eq!(
        answer.json(),
        json!({"error": "invalid_token", "error_description": "the token has expired"})
    );
}

#[tokio::test]
async fn rs_11_a_missing_scope_is_named() {
    let world = World::new().await;
    let whole = api(world.protect().scopes(["notes:read", "notes:admin"]));
    let answer = get_notes(&whole, &world.token()).await;
    assert_eq!(answer.status, 403);
    assert_eq!(answer.json()["error"], "insufficient_scope");
    assert_eq!(answer.json()["scope"], "notes:read notes:admin");
    assert!(answer.challenge().contains(r#"error="insufficient_scope""#));
    assert!(answer.challenge().contains(r#"scope="notes:read notes:admin""#));
    assert!(answer.challenge().contains(&format!(r#"resource_metadata="{METADATA_URL}""#)));

    let api = api(world.protect());
    let post_write = |token: &str| {
        let request = Request::post("/write").header("authorization", format!("Bearer {token}"));
        request.body(Body::empty()).unwrap()
    };
    let answer = send(&api, post_write(&world.token())).await;
    assert_eq!(answer.status, 403);
    assert!(answer.challenge().contains(r#"scope="notes:write""#), "{}", answer.challenge());
    assert!(answer.challenge().contains(METADATA_URL));
    let enough = world.token_with(|claims| claims["scope"] = json!("notes:write other"));
    assert_eq!(send(&api, post_write(&enough)).await.body, "written");
    assert!(RequireScope::new("").is_err() && RequireScope::new("a\"b").is_err());
}

#[tokio::test]
async fn rs_11_routes_without_the_layer_stay_closed() {
    let bare = Router::new()
        .route("/notes", get(|token: AccessToken| async move { token.subject().to_owned() }))
        .route("/write", post(|| async { "written" }).layer(RequireScope::new("notes:write").unwrap()));
    let answer = send(&bare, request("/notes", &["Bearer x"])).await;
    assert_eq!((answer.status, answer.challenge()), (401, r#"Bearer realm="api""#));
    let answer = send(&bare, Request::post("/write").body(Body::empty()).unwrap()).await;
    assert_eq!((answer.status, answer.challenge()), (401, r#"Bearer realm="api""#));
}

fn preflight(origin: &str) -> Request<Body> {
    Request::options("/notes")
        .header("origin", origin)
        .header("access-control-request-method", "GET")
        .header("access-control-request-headers", "authorization,x-trace")
        .body(Body::empty())
        .unwrap()
}

#[tokio::test]
async fn rs_02_listed_origins_can_read_answers_and_challenges() {
    let world = World::new().await;
    let api = api(world.protect().cors_origins(["https://app.example"]));

    let answer = send(&api, preflight("https://app.example")).await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.headers["access-control-allow-origin"], "https://app.example");
    assert_eq!(answer.headers["access-control-allow-headers"], "authorization,x-trace");
    assert!(answer.headers["access-control-allow-methods"].to_str().unwrap().contains("GET"));

    for token in [world.token(), "bad".to_owned()] {
        let mut request = request("/notes", &[&format!("Bearer {token}")]);
        request.headers_mut().insert("origin", HeaderValue::from_static("https://app.example"));
        let answer = send(&api, request).await;
        assert_eq!(answer.headers["access-control-allow-origin"], "https://app.example");
        assert_eq!(answer.headers["access-control-expose-headers"], "WWW-Authenticate");
        assert_eq!(answer.headers["vary"], "Origin");
        assert!(!answer.headers.contains_key("access-control-allow-credentials"));
    }
    for origin in ["https://evil.example", "null", "https://app.example.evil.example", "http://app.example"] {
        let answer = send(&api, preflight(origin)).await;
        assert_eq!(answer.status, 204);
        assert!(!answer.headers.contains_key("access-control-allow-origin"), "{origin}");
    }
}

#[tokio::test]
async fn preflights_never_reach_an_api_that_allows_no_origin() {
    let world = World::new().await;
    let open = Router::new().fallback(|| async { "reached" }).layer(world.protect().build().unwrap());
    let answer = send(&open, preflight("https://app.example")).await;
    assert_eq!((answer.status, answer.body.as_str()), (204, ""));
    assert!(!answer.headers.contains_key("access-control-allow-origin"));
    // OPTIONS without the headers of a preflight is a request like any other.
    let plain = Request::options("/notes").body(Body::empty()).unwrap();
    assert_eq!(send(&open, plain).await.status, 401);
}

#[tokio::test]
async fn rs_02_every_origin_may_be_allowed() {
    let world = World::new().await;
    let api = api(world.protect().cors_origins(["*"]));
    let answer = send(&api, preflight("https://any.example")).await;
    assert_eq!(answer.headers["access-control-allow-origin"], "*");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases.div_ceil(4)))]

    #[test]
    fn v_44_any_authorization_header_ends_in_4xx(values in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..3), prefix in "(Bearer ?|bearer|Basic |DPoP |)") {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            let api = api(world.protect());
            let mut request = request("/notes", &[]);
            for value in values {
                if let Ok(value) = HeaderValue::from_bytes(&[prefix.as_bytes(), &value].concat()) {
                    request.headers_mut().append("authorization", value);
                }
            }
            let status = send(&api, request).await.status;
            assert!((400..500).contains(&status), "{status}");
        });
    }
}
