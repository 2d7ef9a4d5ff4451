//! Signing keys: added, retired, revoked, sealed anew; and what reads of facts say of them.

use proofkey_oauth::Timestamp;
use proofkey_protocol::{Algorithm, Committed, KeyRecord};
use proofkey_store::{NotedTime, Versions};

use super::World;
use crate::support::same::assert_same_key;
use crate::support::{
    GRANTS_SESSION, NOW, api, app, code, grant, grant_id, key, redeem, session_id, token_id,
};

async fn versions(world: &World) -> Versions {
    world.store.directory_versions().await.unwrap()
}

fn kids(of: &[&str]) -> Vec<String> {
    of.iter().map(|kid| (*kid).to_owned()).collect()
}

async fn stored(world: &World) -> Vec<String> {
    world.store.keys().await.unwrap().into_iter().map(|key| key.kid).collect()
}

async fn retired(world: &World, now: Timestamp) -> Vec<String> {
    world.store.retired_keys(now).await.unwrap().into_iter().map(|(kid, _)| kid).collect()
}

#[tokio::test]
async fn of_two_nodes_that_rotate_at_once_one_inserts_the_key() {
    let world = World::new().await;
    let before = versions(&world).await;
    let insert = async |key| world.store.replace_keys(vec![key], &[], before.sealing).await.unwrap();
    assert_eq!(insert(key("b", 2)).await, Committed::Applied);
    assert_eq!(insert(key("a", 1)).await, Committed::Applied);
    assert_eq!(insert(key("c", 1)).await, Committed::Conflict);
    assert_eq!(insert(key("a", 9)).await, Committed::Conflict);
    let all = world.store.keys().await.unwrap();
    assert_eq!(all.len(), 2);
    for (read, written) in all.iter().zip([key("a", 1), key("b", 2)]) {
        assert_same_key(read, &written);
    }
    assert_eq!(versions(&world).await, Versions { keys: before.keys + 2, ..before });
}

#[tokio::test]
async fn pk_14_the_keys_of_an_algorithm_are_closed_once_and_opened_again() {
    let world = World::new().await;
    let sealing = versions(&world).await.sealing;
    let other = KeyRecord { algorithm: Algorithm::EdDsa, ..key("other", 1) };
    let added = vec![key("a", 1), other];
    assert_eq!(world.store.replace_keys(added, &[], sealing).await.unwrap(), Committed::Applied);
    let closed = async || {
        let keys = world.store.keys().await.unwrap();
        keys.into_iter().map(|key| (key.kid, key.closed_at)).collect::<Vec<_>>()
    };
    let of = |kid: &str, at: Option<Timestamp>| (kid.to_owned(), at);
    world.store.close_ring(Algorithm::Es256, NOW + 5).await.unwrap();
    world.store.close_ring(Algorithm::Es256, NOW + 9).await.unwrap();
    // The algorithms are in the order of their names.
    assert_eq!(closed().await, [of("a", Some(NOW + 5)), of("other", None)], "the first instant stays");
    let later = vec![key("b", 2)];
    assert_eq!(world.store.replace_keys(later, &[], sealing).await.unwrap(), Committed::Applied);
    world.store.close_ring(Algorithm::Es256, NOW + 20).await.unwrap();
    assert_eq!(
        closed().await,
        [of("a", Some(NOW + 5)), of("b", Some(NOW + 20)), of("other", None)],
        "a server that still had it on made another key"
    );
    world.store.open_ring(Algorithm::Es256).await.unwrap();
    world.store.open_ring(Algorithm::EdDsa).await.unwrap();
    assert_eq!(closed().await, [of("a", None), of("b", None), of("other", None)]);
}

#[tokio::test]
async fn k_17_a_retired_key_leaves_its_public_half_for_a_while_and_a_revoked_one_nothing() {
    let world = World::new().await;
    let sealing = versions(&world).await.sealing;
    let all = ["a", "b", "c"].iter().zip(1..).map(|(kid, sequence)| key(kid, sequence)).collect();
    assert_eq!(world.store.replace_keys(all, &[], sealing).await, Ok(Committed::Applied));
    world.store.retire_keys(&kids(&["a", "b", "gone"]), NOW + 100).await.unwrap();
    assert_eq!((stored(&world).await, retired(&world, NOW + 99).await), (kids(&["c"]), kids(&["a", "b"])));
    assert_eq!(world.store.retired_keys(NOW).await.unwrap()[0].1, key("a", 1).public_jwk);
    assert_eq!(retired(&world, NOW + 100).await, kids(&[]));
    let before = versions(&world).await;
    let revoked = world.store.replace_keys(vec![key("d", 4)], &kids(&["a", "c", "gone"]), sealing).await;
    assert_eq!(revoked, Ok(Committed::Applied));
    assert_eq!((stored(&world).await, retired(&world, NOW).await), (kids(&["d"]), kids(&["b"])));
    assert_eq!(versions(&world).await, Versions { keys: before.keys + 1, ..before }, "one change");
    let taken = world.store.replace_keys(vec![key("e", 4)], &kids(&["b", "d"]), sealing).await;
    assert_eq!(taken, Ok(Committed::Conflict));
    assert_eq!((stored(&world).await, retired(&world, NOW).await), (kids(&["d"]), kids(&["b"])), "undone");
    while world.store.sweep(NOW + 100_000, 10).await.unwrap() > 0 {}
    assert_eq!(retired(&world, NOW).await, kids(&[]));
}

#[tokio::test]
async fn k_16_keys_are_sealed_anew_together_and_none_is_added_under_the_sealing_key_before() {
    let world = World::new().await;
    let sealing = versions(&world).await.sealing;
    let all = vec![key("a", 1), key("b", 2)];
    assert_eq!(world.store.replace_keys(all, &[], sealing).await, Ok(Committed::Applied));
    let read_at = versions(&world).await.keys;
    let resealed = |byte: u8| vec![("a".to_owned(), vec![byte]), ("b".to_owned(), vec![byte])];
    assert_eq!(world.store.replace_keys(vec![key("c", 3)], &[], sealing).await, Ok(Committed::Applied));
    assert_eq!(
        world.store.reseal_keys(resealed(7), read_at).await,
        Ok(Committed::Conflict),
        "c is not among them"
    );
    let read_at = versions(&world).await.keys;
    let with_none = vec![("a".to_owned(), vec![7]), ("none".to_owned(), vec![7])];
    assert_eq!(world.store.reseal_keys(with_none, read_at).await, Ok(Committed::Conflict));
    assert_eq!(world.store.reseal_keys(resealed(7), read_at).await, Ok(Committed::Applied));
    let sealed: Vec<_> = world.store.keys().await.unwrap().into_iter().map(|key| key.sealed).collect();
    assert_eq!(sealed, [vec![7], vec![7], vec![1, 2, 3]]);
    let after = versions(&world).await;
    assert_eq!((after.keys, after.sealing), (read_at + 1, sealing + 1));
    assert_eq!(world.store.replace_keys(vec![key("d", 4)], &[], sealing).await, Ok(Committed::Conflict));
    assert_eq!(world.store.replace_keys(vec![key("d", 4)], &[], after.sealing).await, Ok(Committed::Applied));
}

#[tokio::test]
async fn k_16_every_read_of_facts_tells_that_keys_or_apis_have_changed() {
    let world = World::new().await;
    world.applied(redeem(grant(1))).await;
    let store = &world.store;
    let (session, grant) = (session_id(GRANTS_SESSION), grant_id(1));
    for (door, sequence) in (0..8).zip(1..) {
        let seen = (store.keys_version_seen(), store.apis_version_seen());
        let kid = format!("key-{sequence}");
        assert_eq!(store.replace_keys(vec![key(&kid, sequence)], &[], 1).await, Ok(Committed::Applied));
        store.add_api(api(&format!("https://{sequence}.example"))).await.unwrap();
        assert_eq!((store.keys_version_seen(), store.apis_version_seen()), seen, "nothing was read since");
        match door {
            0 => drop(store.grant(grant).await.unwrap().unwrap()),
            1 => drop(store.code(&code(1)).await.unwrap()),
            2 => drop(store.granted_access_token(grant, token_id(1)).await.unwrap().unwrap()),
            3 => drop(store.access_token(&app(), token_id(1)).await.unwrap()),
            4 => drop(store.session(session).await.unwrap().unwrap()),
            5 => drop(store.session_with_consent(session, &app()).await.unwrap().unwrap()),
            6 => drop(store.client_facts(&app()).await.unwrap()),
            _ => store.note_versions().await.unwrap(),
        }
        let versions = versions(&world).await;
        let seen = (store.keys_version_seen(), store.apis_version_seen());
        assert_eq!(seen, (versions.keys, versions.apis), "door {door}");
    }
}

#[tokio::test]
async fn k_15_the_known_time_moves_forward_only_and_outlives_the_process() {
    let world = World::new().await;
    assert_eq!(world.store.known_time().await, Ok(None));
    let noted = |at, ahead| NotedTime { latest: NOW + at, ahead_by: ahead, ahead_millis: 7 * ahead };
    for (at, ahead, known) in [(5, 0, 5), (3, 40, 5), (9, 50, 9)] {
        world.store.note_time(noted(at, ahead)).await.unwrap();
        assert_eq!(world.store.known_time().await, Ok(Some(noted(known, ahead))));
    }
    let world = world.reopened().await;
    assert_eq!(world.store.known_time().await, Ok(Some(noted(9, 50))));
}
