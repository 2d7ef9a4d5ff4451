//! What requests read of clients: one by id, and whether one has a web origin.

use proofkey_oauth::ClientMetadata;
use proofkey_protocol::{ClientId, ClientRecord};

use super::World;
use crate::support::{NOW, app, client, secret};

fn with_origins(id: &str, origins: &[&str]) -> ClientRecord {
    let redirect_uris = origins.iter().map(|origin| format!("{origin}/callback")).collect();
    ClientRecord { metadata: ClientMetadata { redirect_uris, ..ClientMetadata::default() }, ..client(id) }
}

#[tokio::test]
async fn a_client_is_read_by_id_with_every_secret() {
    let world = World::new().await;
    let store = &world.store;
    assert!(store.client(&app()).await.unwrap().is_none());
    for id in ["app", "apple", "ap"] {
        store.add_client(client(id)).await.unwrap();
    }
    store.add_client_secret(&app(), secret(2), NOW + 100).await.unwrap();
    let read = store.client(&app()).await.unwrap().unwrap();
    assert_eq!((read.id, read.metadata, read.disabled), (app(), client("app").metadata, false));
    let secrets: Vec<_> = read.secrets.iter().map(|secret| (secret.hash.0[0], secret.expires_at)).collect();
    assert_eq!(secrets, [(1, Some(NOW + 100)), (2, None)]);
    assert!(store.client(&ClientId::new("")).await.unwrap().is_none());
}

#[tokio::test]
async fn tk_19_an_origin_is_known_while_a_client_that_is_not_disabled_has_it() {
    let world = World::new().await;
    let store = &world.store;
    let (one, two) = ("https://one.example", "https://two.example:8443");
    let known = async || (store.knows_origin(one).await.unwrap(), store.knows_origin(two).await.unwrap());
    assert_eq!(known().await, (false, false));
    store.add_client(with_origins("app", &[one, one, "com.example.app:"])).await.unwrap();
    assert_eq!(known().await, (true, false));
    store.update_client(&app(), &with_origins("app", &[two]).metadata).await.unwrap();
    assert_eq!(known().await, (false, true));
    store.add_client(ClientRecord { disabled: true, ..with_origins("closed", &[one]) }).await.unwrap();
    assert_eq!(known().await, (false, true), "closed from the beginning");
    store.set_client_disabled(&ClientId::new("closed"), false).await.unwrap();
    assert_eq!(known().await, (true, true));
    store.set_client_disabled(&ClientId::new("closed"), true).await.unwrap();
    store
        .update_client(&ClientId::new("closed"), &with_origins("closed", &[one, two]).metadata)
        .await
        .unwrap();
    assert_eq!(known().await, (false, true), "an update opens nothing");
    store.remove_client(&app(), NOW).await.unwrap();
    assert_eq!(known().await, (false, false));
    store.remove_client(&ClientId::new("closed"), NOW).await.unwrap();
    for unknown in ["", "null", "https://one.example/", "HTTPS://ONE.EXAMPLE", "com.example.app:"] {
        assert!(!store.knows_origin(unknown).await.unwrap(), "{unknown}");
    }
}
