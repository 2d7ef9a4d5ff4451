//! The servers of a database, and what their sealing keys are good for.

use proofkey_protocol::{Committed, NodeId, NodeRecord, SealingKeyId, SealingKeyRecord};

use super::World;
use crate::support::{NOW, id};

fn node(number: u64) -> NodeRecord {
    NodeRecord {
        id: NodeId(id(number)),
        name: format!("machine-{number}"),
        version: "0.1.0".to_owned(),
        sealing_keys: vec![SealingKeyId([1; 16])],
        started_at: NOW,
        seen_at: NOW + 1,
    }
}

#[tokio::test]
async fn servers_are_there_until_they_stop_or_were_not_seen_for_long() {
    let world = World::new().await;
    let store = &world.store;
    assert_eq!(store.nodes().await.unwrap(), []);
    for number in [2, 1] {
        store.note_node(node(number)).await.unwrap();
    }
    let later = NodeRecord {
        seen_at: NOW + 9,
        sealing_keys: vec![SealingKeyId([2; 16]), SealingKeyId([1; 16])],
        ..node(1)
    };
    store.note_node(later.clone()).await.unwrap();
    assert_eq!(store.nodes().await.unwrap(), [later.clone(), node(2)]);
    store.remove_node(node(2).id).await.unwrap();
    store.remove_node(node(2).id).await.unwrap();
    assert_eq!(store.sweep(NOW + 3_000, 10).await, Ok(0));
    assert_eq!(store.nodes().await.unwrap(), [later]);
    let _ = store.sweep(NOW + 5_000, 10).await.unwrap();
    assert_eq!(store.nodes().await.unwrap(), []);
}

#[tokio::test]
async fn k_16_what_sealing_keys_are_good_for_is_told_to_many_servers_and_never_extended() {
    let world = World::new().await;
    let store = &world.store;
    let key = |number: u8, read_until| SealingKeyRecord { id: SealingKeyId([number; 16]), read_until };
    let version = async || store.directory_versions().await.unwrap();
    let rotate = async |used: u8, before: Vec<SealingKeyRecord>| {
        let version = version().await.keys;
        store.rotate_sealing_key(vec![], version, SealingKeyId([used; 16]), before).await.unwrap()
    };
    let told = async || store.sealing_keys().await.unwrap();
    let before = version().await;
    let stale = store.rotate_sealing_key(vec![], before.keys - 1, SealingKeyId([9; 16]), vec![]).await;
    assert_eq!(stale, Ok(Committed::Conflict));
    assert_eq!(told().await, []);
    assert_eq!(rotate(2, vec![key(1, NOW + 100)]).await, Committed::Applied);
    let after = version().await;
    assert_eq!((after.keys, after.sealing), (before.keys + 1, before.sealing + 1));
    let (writes, revoked) = (SealingKeyRecord::WRITES, SealingKeyRecord::REVOKED);
    let expected = |keys: &[SealingKeyRecord]| if store.is_shared() { keys.to_vec() } else { Vec::new() };
    assert_eq!(told().await, expected(&[key(1, NOW + 100), key(2, writes)]));
    // The next one, with an end that is later for the first than it was.
    assert_eq!(rotate(3, vec![key(1, NOW + 200), key(2, NOW + 200)]).await, Committed::Applied);
    assert_eq!(told().await, expected(&[key(1, NOW + 100), key(2, NOW + 200), key(3, writes)]));
    // A leak ends all of them.
    assert_eq!(rotate(4, vec![key(3, revoked), key(2, revoked)]).await, Committed::Applied);
    assert_eq!(told().await, expected(&[key(1, revoked), key(2, revoked), key(3, revoked), key(4, writes)]));
}
