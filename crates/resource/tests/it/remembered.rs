//! A token that has passed once is judged anew in all that can change: time, keys, the issuer's word, the scopes of a route.

use std::sync::atomic::Ordering::SeqCst;

use axum::Router;
use proofkey_oauth::Secret;

use crate::fixture::{CLIENT_ID, EDDSA, ES256, SECRET, World, api, get_notes};

async fn status(api: &Router, token: &str) -> u16 {
    get_notes(api, token).await.status
}

/// A world, its API, and a token that the API knows already.
async fn known() -> (World, Router, String) {
    let world = World::new().await;
    let api = api(world.protect());
    let token = world.token();
    for _ in 0..2 {
        assert_eq!(status(&api, &token).await, 200);
    }
    (world, api, token)
}

#[tokio::test]
async fn rs_06_a_known_token_ends_when_it_expires_and_is_none_before_it_was_issued() {
    let (world, api, token) = known().await;
    for (seconds, expected) in [(604, 200), (1, 401), (-605, 200), (-5, 200), (-1, 401), (6, 200)] {
        world.advance(seconds);
        assert_eq!(status(&api, &token).await, expected, "{seconds} s on");
    }
}

#[tokio::test]
async fn rs_10_a_known_token_ends_with_its_key() {
    let (world, api, token) = known().await;
    world.publish(&[&EDDSA]);
    world.advance(10);
    assert_eq!(status(&api, &world.token_of(&EDDSA)).await, 200, "the unknown key is asked for");
    assert_eq!(status(&api, &token).await, 401);
}

#[tokio::test]
async fn rs_10_a_known_token_outlives_a_fetch_of_the_same_keys_and_not_the_keys_themselves() {
    let (world, api, token) = known().await;
    world.advance(301);
    world.publish(&[&ES256, &EDDSA]);
    for _ in 0..20 {
        // The fetch is in the background.
        assert_eq!(status(&api, &token).await, 200);
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert_eq!(world.knobs.jwks_fetches.load(SeqCst), 2);
}

#[tokio::test]
async fn rs_13_the_issuer_is_asked_about_a_known_token_too() {
    let world = World::new().await;
    let api = api(world.protect().introspection(CLIENT_ID, Secret::new(SECRET.to_owned())));
    let token = world.token();
    assert_eq!(status(&api, &token).await, 200);
    world.knobs.inactive.store(true, SeqCst);
    world.advance(30);
    assert_eq!(status(&api, &token).await, 401);
}

#[tokio::test]
async fn one_character_makes_another_token() {
    let (_world, api, token) = known().await;
    for at in [0, token.len() / 2, token.len() - 1] {
        let mut other = token.clone().into_bytes();
        other[at] = if other[at] == b'A' { b'B' } else { b'A' };
        assert_eq!(status(&api, &String::from_utf8(other).unwrap()).await, 401, "at {at}");
    }
}
