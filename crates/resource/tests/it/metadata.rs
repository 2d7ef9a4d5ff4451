//! The metadata document of the API (RFC 9728).

use axum::{Router, body::Body, http::Request, routing::get};
use serde_json::json;

use crate::fixture::{AUDIENCE, World, api, get_notes, send};

const PATH: &str = "/.well-known/oauth-protected-resource/notes";

fn document(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn rs_15_the_layer_answers_at_the_well_known_path() {
    let world = World::new().await;
    let api = api(world.protect().scopes(["notes:read"]).scopes_supported(["notes:write", "notes:read"]));
    let answer = send(&api, document(PATH)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.headers["access-control-allow-origin"], "*");
    assert_eq!(
        answer.json(),
        json!({"resource": AUDIENCE, "authorization_servers": [world.issuer],
               "scopes_supported": ["notes:read", "notes:write"], "bearer_methods_supported": ["header"]})
    );
    for other in ["/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/notes/x"] {
        assert_eq!(send(&api, document(other)).await.status, 401, "{other}");
    }
    let post = Request::post(PATH).body(Body::empty()).unwrap();
    assert_eq!(send(&api, post).await.status, 401);
}

#[tokio::test]
async fn rs_15_every_page_may_read_the_document_with_headers_of_its_own() {
    let world = World::new().await;
    let listed = || world.protect().cors_origins(["https://app.example"]);
    let beside = Router::new().merge(listed().build().unwrap().metadata_router());
    for api in [api(listed()), beside] {
        let preflight = Request::options(PATH)
            .header("origin", "https://other.example")
            .header("access-control-request-method", "GET")
            .header("access-control-request-headers", "mcp-protocol-version")
            .body(Body::empty())
            .unwrap();
        let answer = send(&api, preflight).await;
        assert_eq!(answer.status, 204);
        assert_eq!(answer.headers["access-control-allow-origin"], "*");
        assert_eq!(answer.headers["access-control-allow-headers"], "mcp-protocol-version");
        assert_eq!(answer.headers["access-control-allow-methods"], "GET, HEAD");
        assert!(!answer.headers.contains_key("access-control-allow-credentials"));
    }
}

#[tokio::test]
async fn rs_15_the_document_can_be_mounted_beside_the_layer() {
    let world = World::new().await;
    let protect = world.protect().build().unwrap();
    assert_eq!(protect.metadata_path(), Some(PATH));
    let api = Router::new()
        .route("/notes", get(|| async { "notes" }).layer(protect.clone()))
        .route("/open", get(|| async { "open" }))
        .merge(protect.metadata_router());
    assert_eq!(send(&api, document(PATH)).await.json()["resource"], AUDIENCE);
    assert_eq!(send(&api, document("/open")).await.body, "open");
    assert_eq!(send(&api, document("/notes")).await.status, 401);
    assert_eq!(get_notes(&api, &world.token()).await.body, "notes");
}

#[tokio::test]
async fn rs_15_a_resource_that_is_no_web_address_has_no_document() {
    let world = World::new().await;
    let protect = proofkey_resource::Protect::new(&world.issuer, "urn:example:notes").clock(world.clock());
    let api = api(protect);
    let answer = send(&api, document("/notes")).await;
    assert_eq!(answer.challenge(), r#"Bearer realm="urn:example:notes""#);

    let named = world.protect().resource_metadata("https://docs.example/api.json").realm("notes");
    let answer = send(&crate::fixture::api(named), document("/notes")).await;
    assert_eq!(
        answer.challenge(),
        r#"Bearer realm="notes", resource_metadata="https://docs.example/api.json""#
    );
}
