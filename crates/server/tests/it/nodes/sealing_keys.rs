//! A sealing key is replaced on nodes that each have a file of their own: all of them read the new one before it writes.

use std::time::Duration;

use proofkey_server::admin::{AdminRefused, SealingKeyRotation};
use proofkey_testkit::{TestServer, Tokens, fixtures};

use super::Nodes;

const SCOPE: &str = "openid offline_access notes:read";

pub(super) async fn nodes() -> Nodes {
    Nodes::of(|| TestServer::builder().sealing_key_in_file().set("limits.factor", 1_000)).await
}

pub(super) async fn prepared(server: &TestServer) -> String {
    match server.admin().rotate_sealing_key(false).await.unwrap() {
        SealingKeyRotation::Prepared { id, .. } => id.to_string(),
        SealingKeyRotation::Rotated(rotated) => panic!("in one step: {rotated:?}"),
    }
}

/// Uses the next key once every server has said that it holds it.
pub(super) async fn used(server: &TestServer, revoke_old: bool) {
    for _ in 0..500 {
        match server.admin().rotate_sealing_key(revoke_old).await {
            Ok(SealingKeyRotation::Rotated(_)) => return,
            Err(AdminRefused::SealingKeyNotHeld { .. }) => {
                tokio::time::sleep(Duration::from_millis(20)).await
            }
            other => panic!("{other:?}"),
        }
    }
    panic!("the servers do not read their files again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k_16_f_19_a_sealing_key_is_used_when_every_node_holds_it_and_named_is_who_does_not() {
    let nodes = nodes().await;
    let web = fixtures::web();
    let before = nodes.other.tokens(&web, SCOPE).await.refresh_token;
    let id = prepared(&nodes.one).await;
    let listed = nodes.one.store().nodes().await.unwrap();
    assert_eq!(listed.len(), 2, "{listed:?}");
    // The first node reads its file within seconds, and the other never does.
    let mut refused = String::new();
    for _ in 0..500 {
        match nodes.one.admin().rotate_sealing_key(false).await {
            Err(error @ AdminRefused::SealingKeyNotHeld { .. }) => refused = error.to_string(),
            other => panic!("{other:?}"),
        }
        if refused.matches("seen ").count() == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let without = |id: &str| {
        listed.iter().filter(|node| refused.contains(&node.id.to_string())).count() == 1
            && refused.contains(id)
    };
    assert!(without(&id) && refused.contains("seen "), "{refused}");
    nodes.other.write_sealing_key_file(&nodes.one.sealing_key_file());
    used(&nodes.one, false).await;
    assert!(nodes.one.sealing_key_file().lines().nth(1).unwrap().starts_with("old "));
    assert!(nodes.other.sealing_key_file().contains("next "), "its file is as it was");
    // What each makes from now on the other reads at once, and what was made before is good at both.
    for round in 0..4 {
        let (from, to) = (nodes.nth(round), nodes.nth(round + 1));
        let code = from.code(&web, SCOPE).await;
        let tokens = Tokens::of(&to.redeem(&web, &code).await);
        let _ = Tokens::of(&from.refresh(&web, &tokens.refresh_token).await);
    }
    let _ = Tokens::of(&nodes.one.refresh(&web, &before).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k_16_f_19_a_node_whose_file_is_from_before_the_rotation_starts_again_and_one_without_the_key_does_not()
 {
    let mut nodes = nodes().await;
    let web = fixtures::web();
    let without = nodes.other.sealing_key_file();
    let id = prepared(&nodes.one).await;
    nodes.other.write_sealing_key_file(&nodes.one.sealing_key_file());
    used(&nodes.one, false).await;
    let other = std::sync::Arc::get_mut(&mut nodes.other).unwrap();
    other.restart().await;
    let tokens = nodes.other.tokens(&web, SCOPE).await;
    let _ = Tokens::of(&nodes.one.refresh(&web, &tokens.refresh_token).await);
    let other = std::sync::Arc::get_mut(&mut nodes.other).unwrap();
    other.write_sealing_key_file(&without);
    let refused = other.refusal_to_start("server.drain_seconds", "2").await;
    assert!(refused.contains(&format!("the sealing key {id} writes by now")), "{refused}");
    let listed = nodes.one.store().nodes().await.unwrap();
    assert_eq!(listed.len(), 1, "who has stopped is not listed: {listed:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k_16_f_19_a_node_that_starts_with_a_key_which_the_others_lack_shuts_none_of_them_out() {
    let mut nodes = nodes().await;
    let web = fixtures::web();
    let one = nodes.one.sealing_key_file();
    let new = format!("{}A", "b".repeat(42));
    let other = std::sync::Arc::get_mut(&mut nodes.other).unwrap();
    other.write_sealing_key_file(&format!("{new}\nold {}\n", one.trim()));
    let refused = other.refusal_to_start("server.drain_seconds", "2").await;
    assert!(
        refused.contains("is new, and would write at once; not on every server yet: server "),
        "{refused}"
    );
    let _ = nodes.one.tokens(&web, SCOPE).await;
    nodes.one.write_sealing_key_file(&format!("{}\nnext {new}\n", one.trim()));
    for _ in 0..500 {
        let listed = nodes.one.store().nodes().await.unwrap();
        if listed.iter().all(|node| node.sealing_keys.len() == 2) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let other = std::sync::Arc::get_mut(&mut nodes.other).unwrap();
    other.restart().await;
    let tokens = nodes.other.tokens(&web, SCOPE).await;
    let _ = Tokens::of(&nodes.one.refresh(&web, &tokens.refresh_token).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k_16_a_sealing_key_that_leaked_ends_on_every_node_with_the_second_step() {
    let nodes = nodes().await;
    let web = fixtures::web();
    let before = nodes.other.tokens(&web, SCOPE).await;
    let code = nodes.other.code(&web, SCOPE).await;
    let _ = prepared(&nodes.one).await;
    nodes.other.write_sealing_key_file(&nodes.one.sealing_key_file());
    used(&nodes.one, true).await;
    for node in [&nodes.other, &nodes.one] {
        assert_eq!(node.refresh(&web, &before.refresh_token).await.refusal(), (400, "invalid_grant".into()));
        assert_eq!(node.redeem(&web, &code).await.refusal(), (400, "invalid_grant".into()));
    }
    let after = nodes.other.tokens(&web, SCOPE).await;
    let _ = Tokens::of(&nodes.one.refresh(&web, &after.refresh_token).await);
    assert_eq!(nodes.one.sealing_key_file().lines().count(), 1, "nothing of the one that leaked is left");
    // A file from before does not bring it back.
    let mut nodes = nodes;
    let other = std::sync::Arc::get_mut(&mut nodes.other).unwrap();
    other.restart().await;
    assert_eq!(other.refresh(&web, &before.refresh_token).await.status, 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k_16_a_server_that_died_keeps_a_rotation_waiting_for_seconds_and_no_longer() {
    let nodes = nodes().await;
    let sibling = nodes.one.sibling().await;
    let died = |seen_at: i64| {
        format!(
            "INSERT INTO nodes (id, name, version, sealing_keys, started_at, seen_at)
             VALUES ('\\x00112233445566778899aabbccddeeff', 'gone', '0', '', 1, {seen_at})
             ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at"
        )
    };
    let now = nodes.one.now().seconds();
    sibling.execute(&died(now)).await;
    let _ = prepared(&nodes.one).await;
    nodes.other.write_sealing_key_file(&nodes.one.sealing_key_file());
    let refused = nodes.one.admin().rotate_sealing_key(false).await.unwrap_err().to_string();
    assert!(refused.contains("\"gone\""), "{refused}");
    sibling.execute(&died(now - 30)).await;
    used(&nodes.one, false).await;
    nodes.one.store().sweep(nodes.one.now() + 10_000, 100).await.unwrap();
    assert!(nodes.one.store().nodes().await.unwrap().iter().all(|node| node.name != "gone"));
}
