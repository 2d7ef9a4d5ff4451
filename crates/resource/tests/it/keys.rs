//! How keys are fetched, kept and dropped.

use std::sync::atomic::Ordering::SeqCst;

use axum::Router;
use proofkey_jose::Algorithm;
use proofkey_resource::Protect;

use crate::fixture::{AUDIENCE, EDDSA, ES256, RS256, TestKey, World, api, get_notes};

fn fetches(world: &World) -> usize {
    world.knobs.jwks_fetches.load(SeqCst)
}

async fn status(api: &Router, token: &str) -> u16 {
    get_notes(api, token).await.status
}

#[tokio::test]
async fn keys_of_every_algorithm_come_from_discovery_alone() {
    let world = World::new().await;
    world.publish(&[&ES256, &EDDSA, &RS256]);
    let api = api(world.protect());
    for key in [&ES256, &EDDSA, &RS256] {
        assert_eq!(status(&api, &world.token_of(key)).await, 200);
    }
    assert_eq!((fetches(&world), world.knobs.discoveries.load(SeqCst)), (1, 1));
}

#[tokio::test]
async fn md_01_the_openid_document_serves_where_the_other_is_missing() {
    let world = World::new().await;
    world.knobs.openid_only.store(true, SeqCst);
    assert_eq!(status(&api(world.protect()), &world.token()).await, 200);
}

#[tokio::test]
async fn k_52_what_is_no_metadata_is_not_there() {
    for instead in [
        (400, "{}"),
        (401, ""),
        (403, "<html>"),
        (405, ""),
        (410, ""),
        (302, ""),
        (200, "<html>our single-page app answers everything</html>"),
        (200, "{}"),
        (204, ""),
    ] {
        let world = World::new().await;
        *world.knobs.instead.lock().unwrap() = Some(instead);
        assert_eq!(status(&api(world.protect()), &world.token()).await, 200, "{instead:?}");
    }
    let world = World::new().await;
    *world.knobs.instead.lock().unwrap() = Some((200, r#"{"issuer":"https://evil.example"}"#));
    assert_eq!(status(&api(world.protect()), &world.token()).await, 503, "metadata is judged");
}

#[tokio::test]
async fn k_34_an_issuer_may_end_in_a_slash_and_is_compared_byte_for_byte() {
    let world = World::ending_in("/").await;
    let api = api(world.protect());
    assert_eq!(status(&api, &world.token()).await, 200);
    let without = world.issuer.trim_end_matches('/').to_owned();
    let other = world.token_with(|claims| claims["iss"] = without.into());
    assert_eq!(status(&api, &other).await, 401);
}

#[tokio::test]
async fn rs_05_metadata_of_another_issuer_is_not_believed() {
    let world = World::new().await;
    world.knobs.other_issuer.store(true, SeqCst);
    assert_eq!(status(&api(world.protect()), &world.token()).await, 503);
    assert_eq!(fetches(&world), 0);
}

#[tokio::test]
async fn rs_10_a_thousand_unknown_kids_cost_one_fetch_in_ten_seconds() {
    let world = World::new().await;
    let api = api(world.protect());
    assert_eq!(status(&api, &world.token()).await, 200);
    let unknown = world.token_of(&TestKey::new(Algorithm::Es256));
    for window in 1..=3 {
        world.advance(10);
        let mut requests = tokio::task::JoinSet::new();
        for _ in 0..1000 {
            let (api, unknown) = (api.clone(), unknown.clone());
            requests.spawn(async move { status(&api, &unknown).await });
        }
        assert!(requests.join_all().await.into_iter().all(|status| status == 401));
        assert_eq!(fetches(&world), 1 + window);
        world.advance(9);
        assert_eq!(status(&api, &unknown).await, 401);
        assert_eq!(fetches(&world), 1 + window, "the ration holds until ten seconds are over");
        world.advance(-9);
    }
}

#[tokio::test]
async fn rs_10_one_flight_serves_everyone_who_waits() {
    let world = World::new().await;
    world.knobs.delay_millis.store(50, SeqCst);
    let api = api(world.protect());
    let mut requests = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let (api, token) = (api.clone(), world.token());
        requests.spawn(async move { status(&api, &token).await });
    }
    assert!(requests.join_all().await.into_iter().all(|status| status == 200));
    assert_eq!(fetches(&world), 1);
}

#[tokio::test]
async fn rs_10_a_caller_that_hangs_up_does_not_stop_the_fetch() {
    let world = World::new().await;
    world.knobs.delay_millis.store(50, SeqCst);
    let api = api(world.protect());
    let (impatient, token) = (api.clone(), world.token());
    let task = tokio::spawn(async move { status(&impatient, &token).await });
    while fetches(&world) == 0 {
        tokio::task::yield_now().await;
    }
    task.abort();
    assert_eq!(status(&api, &world.token()).await, 200);
    assert_eq!(fetches(&world), 1);
}

#[tokio::test]
async fn rs_10_md_06_a_new_key_is_found_and_a_withdrawn_one_is_dropped() {
    let world = World::new().await;
    let api = api(world.protect());
    assert_eq!(status(&api, &world.token()).await, 200);

    let next = TestKey::new(Algorithm::Es256);
    world.publish(&[&next]);
    world.advance(10);
    assert_eq!(status(&api, &world.token_of(&next)).await, 200);
    assert_eq!(status(&api, &world.token()).await, 401, "the issuer no longer lists this key");
}

/// Outages in one run; `cargo xtask faults issuer-gone` runs more.
fn outages() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "a test's own switch")]
    let asked = std::env::var("PROOFKEY_CYCLES").ok().and_then(|count| count.parse().ok());
    asked.unwrap_or(1)
}

#[tokio::test]
async fn f_36_rs_10_while_the_issuer_is_away_cached_keys_serve_and_unknown_ones_do_not() {
    let outages = outages();
    for outage in 0..outages {
        let world = World::new().await;
        let api = api(world.protect());
        assert_eq!(status(&api, &world.token()).await, 200);
        // Somewhere in the life of what is cached.
        world.advance((outage * 37 % 300).try_into().unwrap());
        assert_eq!(status(&api, &world.token()).await, 200);
        let before = fetches(&world) + world.knobs.discoveries.load(SeqCst);

        world.knobs.away.store(true, SeqCst);
        let rotated = TestKey::new(Algorithm::Es256);
        world.publish(&[&rotated]);
        for _ in 0..600 {
            world.advance(1);
            assert_eq!(status(&api, &world.token()).await, 200);
            assert_eq!(status(&api, &world.token_of(&rotated)).await, 401);
        }
        let asked = fetches(&world) + world.knobs.discoveries.load(SeqCst) - before;
        assert!((2..=61).contains(&asked), "{asked} requests in ten minutes");

        world.knobs.away.store(false, SeqCst);
        world.advance(10);
        assert_eq!(status(&api, &world.token_of(&rotated)).await, 200);
    }
    println!("counted: {} tokens of known and of unknown keys", outages * 1_200);
    println!("cycles done: {outages}");
}

#[tokio::test]
async fn rs_10_keys_that_nobody_confirmed_for_a_day_are_dropped() {
    let world = World::new().await;
    let api = api(world.protect());
    assert_eq!(status(&api, &world.token()).await, 200);
    world.knobs.away.store(true, SeqCst);
    world.advance(24 * 60 * 60 - 1);
    assert_eq!(status(&api, &world.token()).await, 200);
    world.advance(1);
    assert_eq!(status(&api, &world.token()).await, 503);
}

#[tokio::test]
async fn rs_10_idle_keys_are_renewed_before_they_are_used() {
    let world = World::new().await;
    let api = api(world.protect());
    assert_eq!(status(&api, &world.token()).await, 200);
    world.publish(&[&EDDSA]);
    world.advance(60 * 60);
    assert_eq!(status(&api, &world.token()).await, 401, "withdrawn while nobody asked");
    assert_eq!(fetches(&world), 2);
}

#[tokio::test]
async fn rs_10_idle_keys_are_used_by_nobody_while_they_are_renewed() {
    let world = World::new().await;
    let api = api(world.protect());
    assert_eq!(status(&api, &world.token()).await, 200);
    world.publish(&[&EDDSA]);
    world.advance(60 * 60);
    world.knobs.delay_millis.store(200, SeqCst);
    let (first, token) = (api.clone(), world.token());
    let first = tokio::spawn(async move { status(&first, &token).await });
    while fetches(&world) < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(status(&api, &world.token()).await, 401, "judged while the fetch was under way");
    assert_eq!((first.await.unwrap(), fetches(&world)), (401, 2));
}

#[tokio::test]
async fn rs_10_a_failure_of_long_ago_is_no_reason_to_use_old_keys() {
    let world = World::new().await;
    let api = api(world.protect());
    assert_eq!(status(&api, &world.token()).await, 200);
    world.knobs.away.store(true, SeqCst);
    world.advance(10);
    assert_eq!(status(&api, &world.token_of(&TestKey::new(Algorithm::Es256))).await, 401);
    world.knobs.away.store(false, SeqCst);
    world.publish(&[&EDDSA]);
    world.advance(60 * 60);
    assert_eq!(status(&api, &world.token()).await, 401, "withdrawn since the failure");
}

#[tokio::test]
async fn rs_10_a_clock_that_is_set_back_keeps_no_withdrawn_key_alive() {
    let world = World::new().await;
    let api = api(world.protect());
    assert_eq!(status(&api, &world.token()).await, 200);
    world.publish(&[&EDDSA]);
    world.advance(-60 * 60);
    assert_eq!(status(&api, &world.token()).await, 401, "fetched at a time that is yet to come");

    world.publish(&[&ES256]);
    world.advance(10);
    assert_eq!(status(&api, &world.token()).await, 200);
    world.knobs.away.store(true, SeqCst);
    world.advance(-1);
    assert_eq!(status(&api, &world.token()).await, 200, "a second is no reason to stop serving");
    world.advance(-24 * 60 * 60);
    assert_eq!(status(&api, &world.token()).await, 503, "nobody knows how old they are");
}

#[tokio::test]
async fn rs_10_keys_are_renewed_in_the_background_after_their_max_age() {
    let world = World::new().await;
    world.knobs.max_age_seconds.store(1, SeqCst);
    let api = api(world.protect());
    assert_eq!(status(&api, &world.token()).await, 200);
    world.advance(59);
    assert_eq!(status(&api, &world.token()).await, 200);
    assert_eq!(fetches(&world), 1, "a minute is the least that keys are kept");
    world.advance(1);
    assert_eq!(status(&api, &world.token()).await, 200);
    for _ in 0..1_000_000 {
        if fetches(&world) == 2 {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("no fetch in the background");
}

#[tokio::test]
async fn rs_10_an_api_that_starts_first_waits_for_its_issuer() {
    let world = World::new().await;
    world.knobs.away.store(true, SeqCst);
    let api = api(world.protect());
    let answer = get_notes(&api, &world.token()).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.headers["retry-after"], "5");
    assert_eq!(answer.json()["error"], "temporarily_unavailable");
    assert_eq!(answer.challenge(), "");
    world.knobs.away.store(false, SeqCst);
    world.advance(1);
    assert_eq!(status(&api, &world.token()).await, 200);
}

#[tokio::test]
async fn rs_10_an_issuer_that_is_not_there_fails_closed() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let world = World::new().await;
    let api = api(Protect::new(nobody.as_str(), AUDIENCE).clock(world.clock()));
    let token = world.token_with(|claims| claims["iss"] = nobody.clone().into());
    assert_eq!(status(&api, &token).await, 503);
}

#[tokio::test]
async fn rs_09_a_key_document_without_end_is_not_read() {
    let world = World::new().await;
    world.knobs.garbage.store(true, SeqCst);
    assert_eq!(status(&api(world.protect()), &world.token()).await, 503);
}
