//! What requests read of clients: one by id, by web origin, and beside the facts of a decision.

use proofkey_oauth::ClientMetadata;
use proofkey_protocol::{ClientId, ClientRecord, ClientStatus};

use super::World;
use super::commits::code;
use crate::support::{
    GRANTS_SESSION, NOW, app, client, grant, grant_id, redeem, secret, session_id, token_id,
};

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
    store.stage_client_secret(&app(), secret(2)).await.unwrap();
    store.confirm_client_secret(&app(), secret(2).hash, NOW + 100).await.unwrap();
    let read = store.client(&app()).await.unwrap().unwrap();
    assert_eq!((read.id, read.metadata, read.disabled), (app(), client("app").metadata, false));
    let secrets: Vec<_> = read.secrets.iter().map(|secret| (secret.hash.0[0], secret.expires_at)).collect();
    assert_eq!(secrets, [(1, Some(NOW + 100)), (2, None)]);
    assert!(store.client(&ClientId::new("")).await.unwrap().is_none());
}

#[tokio::test]
async fn what_is_read_for_a_decision_says_how_its_client_stands() {
    let world = World::new().await;
    let store = &world.store;
    world.applied(redeem(grant(1))).await;
    let check = async |expected: ClientStatus| {
        let row = store.grant(grant_id(1)).await.unwrap().unwrap();
        let session = store.session_with_consent(session_id(GRANTS_SESSION), &app()).await.unwrap().unwrap();
        let token = store.access_token(&app(), token_id(1)).await.unwrap();
        let of_code = store.code(&code(2)).await.unwrap().subject.unwrap();
        let (row_of_token, of_token) =
            store.granted_access_token(grant_id(1), token_id(1)).await.unwrap().unwrap();
        assert_eq!((row_of_token.subject().client, of_token.client), (expected, expected));
        let read = [row.subject().client, session.client, of_code.client, token.client];
        assert_eq!(read, [expected; 4]);
        assert_eq!(store.client_status(&app()).await.unwrap(), expected);
        let other = store
            .session_with_consent(session_id(GRANTS_SESSION), &ClientId::new("other"))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(other.client, ClientStatus::Unregistered, "of another client");
    };
    check(ClientStatus::Unregistered).await;
    let other = world.second_handle().await;
    other.add_client(client("app")).await.unwrap();
    check(ClientStatus::Active).await;
    other.set_client_disabled(&app(), true).await.unwrap();
    check(ClientStatus::Disabled).await;
    other.set_client_disabled(&app(), false).await.unwrap();
    check(ClientStatus::Active).await;
    other.remove_client(&app(), NOW).await.unwrap();
    check(ClientStatus::Unregistered).await;
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
