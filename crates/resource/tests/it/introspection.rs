//! Asking the issuer about each token.

use std::sync::atomic::Ordering::SeqCst;

use axum::Router;
use proofkey_oauth::Secret;
use serde_json::json;

use crate::fixture::{CLIENT_ID, SECRET, World, api, get_notes};

fn introspecting(world: &World) -> Router {
    api(world.protect().introspection(CLIENT_ID, Secret::new(SECRET.to_owned())))
}

fn questions(world: &World) -> usize {
    world.knobs.introspections.load(SeqCst)
}

#[tokio::test]
async fn rs_13_an_answer_is_believed_for_thirty_seconds() {
    let world = World::new().await;
    let api = introspecting(&world);
    let token = world.token();
    assert_eq!(get_notes(&api, &token).await.status, 200);
    world.advance(29);
    world.knobs.inactive.store(true, SeqCst);
    assert_eq!(get_notes(&api, &token).await.status, 200);
    assert_eq!(questions(&world), 1);
    world.advance(1);
    let answer = get_notes(&api, &token).await;
    assert_eq!(answer.status, 401);
    assert_eq!(
        answer.json(),
        json!({"error": "invalid_token", "error_description": "the token has been revoked"})
    );
    assert_eq!(questions(&world), 2);
}

#[tokio::test]
async fn rs_13_an_answer_is_never_believed_past_the_end_of_the_token() {
    let world = World::new().await;
    let api = introspecting(&world);
    let now = world.now.load(SeqCst);
    let token = world.token_with(|claims| claims["exp"] = json!(now + 3));
    assert_eq!(get_notes(&api, &token).await.status, 200);
    // Within the leeway of the clock, but past `exp`: the issuer is asked again.
    world.advance(4);
    world.knobs.inactive.store(true, SeqCst);
    assert_eq!(get_notes(&api, &token).await.status, 401);
    assert_eq!(questions(&world), 2);
}

#[tokio::test]
async fn rs_13_without_its_issuer_the_api_fails_closed() {
    let world = World::new().await;
    let api = introspecting(&world);
    let token = world.token();
    assert_eq!(get_notes(&api, &token).await.status, 200);
    world.knobs.away.store(true, SeqCst);
    world.advance(29);
    assert_eq!(get_notes(&api, &token).await.status, 200, "the last answer still holds");
    world.advance(1);
    let answer = get_notes(&api, &token).await;
    assert_eq!((answer.status, answer.json()["error"].as_str()), (503, Some("temporarily_unavailable")));
    world.knobs.away.store(false, SeqCst);
    assert_eq!(get_notes(&api, &token).await.status, 200);
}

#[tokio::test]
async fn rs_13_what_is_no_answer_is_no_permission() {
    let world = World::new().await;
    let wrong = api(world.protect().introspection(CLIENT_ID, Secret::new("wrong".to_owned())));
    assert_eq!(get_notes(&wrong, &world.token()).await.status, 503);

    let api = introspecting(&world);
    assert_eq!(get_notes(&api, &world.token()).await.status, 200);
    world.knobs.garbage.store(true, SeqCst);
    world.advance(30);
    assert_eq!(get_notes(&api, &world.token_with(|claims| claims["jti"] = json!("t2"))).await.status, 503);
}

#[tokio::test]
async fn rs_13_garbage_never_reaches_the_issuer() {
    let world = World::new().await;
    let api = introspecting(&world);
    let expired = world.token_with(|claims| claims["exp"] = json!(1));
    for token in ["garbage", "a.b.c", &expired] {
        assert_eq!(get_notes(&api, token).await.status, 401);
    }
    assert_eq!(questions(&world), 0);
}
