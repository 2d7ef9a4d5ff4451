//! What requests read of clients: one by id, by web origin, and beside the facts of a decision.

use proofkey_oauth::{ClientMetadata, Timestamp};
use proofkey_protocol::{ClientId, ClientRecord, ClientStatus, Committed};
use proofkey_store::AdminFault;

use super::World;
use crate::support::{
    GRANTS_SESSION, NOW, app, client, code, consent, grant, grant_id, redeem, secret, session_id, token_id,
};

fn with_origins(id: &str, origins: &[&str]) -> ClientRecord {
    let redirect_uris = origins.iter().map(|origin| format!("{origin}/callback")).collect();
    ClientRecord { metadata: ClientMetadata { redirect_uris, ..ClientMetadata::default() }, ..client(id) }
}

#[tokio::test]
async fn a_client_is_read_by_id_with_every_secret() {
    let world = World::new().await;
    let store = &world.store;
    assert!(store.client(&ClientId::new("apple")).await.unwrap().is_none());
    for id in ["apple", "ap"] {
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
        assert_eq!(store.client_facts(&app()).await.unwrap().status, expected);
        let other = store
            .session_with_consent(session_id(GRANTS_SESSION), &ClientId::new("other"))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(other.client, ClientStatus::Unregistered, "of another client");
    };
    let other = world.second_handle().await;
    check(ClientStatus::Active).await;
    other.set_client_disabled(&app(), true).await.unwrap();
    // As long as a command waits.
    tokio::time::sleep(proofkey_store::REMEMBERED_FOR).await;
    check(ClientStatus::Disabled).await;
    other.set_client_disabled(&app(), false).await.unwrap();
    tokio::time::sleep(proofkey_store::REMEMBERED_FOR).await;
    check(ClientStatus::Active).await;
    other.remove_client(&app(), || NOW).await.unwrap();
    tokio::time::sleep(proofkey_store::REMEMBERED_FOR).await;
    check(ClientStatus::Unregistered).await;
}

#[tokio::test]
async fn tk_19_an_origin_is_known_while_a_client_that_is_not_disabled_has_it() {
    let world = World::new().await;
    let store = &world.store;
    let (one, two) = ("https://one.example", "https://two.example:8443");
    let known = async || (store.knows_origin(one).await.unwrap(), store.knows_origin(two).await.unwrap());
    assert_eq!(known().await, (false, false));
    world.register(&app(), &with_origins("app", &[one, one, "com.example.app:"]).metadata).await;
    assert_eq!(known().await, (true, false));
    world.register(&app(), &with_origins("app", &[two]).metadata).await;
    assert_eq!(known().await, (false, true));
    store.add_client(ClientRecord { disabled: true, ..with_origins("closed", &[one]) }).await.unwrap();
    assert_eq!(known().await, (false, true), "closed from the beginning");
    store.set_client_disabled(&ClientId::new("closed"), false).await.unwrap();
    assert_eq!(known().await, (true, true));
    store.set_client_disabled(&ClientId::new("closed"), true).await.unwrap();
    world.register(&ClientId::new("closed"), &with_origins("closed", &[one, two]).metadata).await;
    assert_eq!(known().await, (false, true), "an update opens nothing");
    store.remove_client(&app(), || NOW).await.unwrap();
    assert_eq!(known().await, (false, false));
    store.remove_client(&ClientId::new("closed"), || NOW).await.unwrap();
    for unknown in ["", "null", "https://one.example/", "HTTPS://ONE.EXAMPLE", "com.example.app:"] {
        assert!(!store.knows_origin(unknown).await.unwrap(), "{unknown}");
    }
}

#[tokio::test]
async fn k_16_of_two_changes_of_a_registration_that_read_the_same_one_is_a_conflict() {
    let world = World::new().await;
    let store = &world.store;
    let named =
        |name: &str| ClientMetadata { client_name: Some(name.to_owned()), ..ClientMetadata::default() };
    let version = store.directory_versions().await.unwrap().clients;
    store.update_client(&app(), &named("First"), version).await.unwrap();
    assert_eq!(store.update_client(&app(), &named("Second"), version).await, Err(AdminFault::Conflict));
    assert_eq!(store.client(&app()).await.unwrap().unwrap().metadata, named("First"));
    assert_eq!(store.directory_versions().await.unwrap().clients, version + 1, "a conflict moves nothing");
}

#[tokio::test]
async fn k_16_what_a_request_writes_late_leaves_nothing_for_a_client_that_is_gone() {
    let world = World::new().await;
    let store = &world.store;
    let late = || [("a consent", consent("openid", None, NOW)), ("a grant", redeem(grant(1)))];
    let nothing = async |why: &str| {
        for (name, commit) in late() {
            assert_eq!(world.commit(commit).await, Committed::Conflict, "{name}: {why}");
        }
        assert!(
            store.consents(None, None).await.unwrap().is_empty() && world.grant(1).await.is_none(),
            "{why}"
        );
    };
    store.set_client_disabled(&app(), true).await.unwrap();
    nothing("disabled").await;
    store.remove_client(&app(), || NOW).await.unwrap();
    nothing("removed").await;
    store.add_client(client("app")).await.unwrap();
    store.set_user_disabled("ada", true, || NOW).await.unwrap();
    nothing("of a user who is disabled").await;
}

#[tokio::test]
async fn k_16_a_client_that_is_added_again_begins_where_the_one_before_it_ended() {
    let world = World::new().await;
    let store = &world.store;
    let begins = async || store.client_facts(&app()).await.unwrap().valid_from;
    assert_eq!(begins().await, Timestamp(0), "an id that nobody had");
    let again = async |at: Timestamp| {
        store.remove_client(&app(), move || at).await.unwrap();
        store.add_client(client("app")).await.unwrap();
    };
    // Within the same second, and with a clock that was set back, it is later all the same.
    for (at, expected) in [(NOW, NOW), (NOW, NOW + 1), (NOW + -9, NOW + 2), (NOW + 50, NOW + 50)] {
        again(at).await;
        assert_eq!(begins().await, expected);
    }
    store.end_grants_of_client(&app(), || NOW + 60).await.unwrap();
    again(NOW + 60).await;
    assert_eq!(begins().await, NOW + 61);
    // What is noted of a client that stays away goes when nothing of it can live any more.
    store.remove_client(&app(), || NOW + 70).await.unwrap();
    let week = 7 * 24 * 3600 + 3_700;
    assert_eq!(store.sweep(NOW + 70 + week, 100).await, Ok(1), "the session of these tests");
    assert_eq!(store.sweep(NOW + 71 + week, 100).await, Ok(1));
    store.add_client(client("app")).await.unwrap();
    assert_eq!(begins().await, Timestamp(0));
}
