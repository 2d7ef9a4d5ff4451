//! What was acknowledged is there after the store was closed, or dropped, and opened again.

use proofkey_protocol::{Commit, Committed};
use proofkey_store::{Options, Store};

use super::World;
use crate::support::{NOW, app, chain, grant, grant_id, redeem, spend, token_id};

#[tokio::test]
async fn tk_07_a_code_stays_redeemed_after_a_restart() {
    let world = World::new().await;
    world.applied(redeem(grant(1))).await;
    let world = world.reopened().await;
    assert_eq!(world.commit(redeem(grant(1))).await, Committed::Conflict);
}

#[tokio::test]
async fn rt_10_v_26_a_retired_token_is_still_retired_after_a_restart() {
    let world = World::new().await;
    world.applied(redeem(grant(1))).await;
    world.applied(spend(1, 1, 1)).await;
    world.applied(spend(1, 2, 20)).await;
    let world = world.reopened().await;
    let read = world.grant(1).await.unwrap();
    assert_eq!(read.refresh, chain(2, 20));
    for (generation, token) in [(1, 1), (2, 21)] {
        assert_eq!(world.commit(spend(1, generation, token)).await, Committed::Conflict);
    }
    world.applied(spend(1, 3, 30)).await;
}

#[tokio::test]
async fn in_05_what_was_revoked_stays_revoked_after_a_restart_and_on_the_other_node_at_once() {
    let world = World::new().await;
    let other = world.second_handle().await;
    world.applied(redeem(grant(1))).await;
    assert!(other.grant(grant_id(1)).await.unwrap().unwrap().grant().revoked_at.is_none());
    world.applied(Commit::RevokeGrant { grant: grant_id(1), at: NOW }).await;
    world.applied(Commit::RevokeAccessToken { token: token_id(1), keep_until: NOW + 60 }).await;
    for store in [&world.store, &other] {
        assert_eq!(store.grant(grant_id(1)).await.unwrap().unwrap().grant().revoked_at, Some(NOW));
        assert!(store.access_token(&app(), token_id(1)).await.unwrap().revoked);
    }
    let world = world.reopened().await;
    assert_eq!(world.grant(1).await.unwrap().revoked_at, Some(NOW));
    assert!(world.store.access_token(&app(), token_id(1)).await.unwrap().revoked);
}

#[tokio::test]
async fn a_store_dropped_without_a_close_has_lost_nothing() {
    let world = World::new().await;
    let path = world.path();
    let dropped = Store::open(&path, &Options::default()).unwrap();
    for number in 1..=100 {
        assert_eq!(dropped.commit(redeem(grant(number))).await, Ok(Committed::Applied));
    }
    drop(dropped);
    for number in 1..=100 {
        assert!(world.grant(number).await.is_some());
    }
}

#[tokio::test]
async fn closing_writes_what_is_queued_and_empties_the_log() {
    let world = World::new().await;
    let store = world.second_handle().await;
    let clone = store.clone();
    let writes: Vec<_> = (1..=50)
        .map(|number| {
            tokio::spawn({
                let store = store.clone();
                async move { store.commit(redeem(grant(number))).await }
            })
        })
        .collect();
    for write in writes {
        assert_eq!(write.await.unwrap(), Ok(Committed::Applied));
    }
    store.close().await;
    assert_eq!(clone.commit(redeem(grant(99))).await, Err(proofkey_store::Fault::Closed));
    for number in 1..=50 {
        assert!(world.grant(number).await.is_some(), "grant {number} is not in the database");
    }
    let log = std::fs::metadata(world.path().with_extension("db-wal")).unwrap();
    assert_eq!(log.len(), 0);
}
