//! What operators change, and that nodes notice.

use proofkey_oauth::{ClientMetadata, ResourceUri, SecretHash, Timestamp};
use proofkey_protocol::{
    ApiRecord, ApiScope, ClientId, ClientSecretRecord, Commit, ConsentFacts, SessionFacts, UserId,
};
use proofkey_store::{AdminFault, Versions};

use super::World;
use crate::support::same::{assert_same_api, assert_same_user};
use crate::support::{
    GRANTS_SESSION, NOW, ada, app, client, consent, failure, grant, redeem, secret, session, session_id,
    sign_in, user,
};

async fn versions(world: &World) -> Versions {
    world.store.directory_versions().await.unwrap()
}

fn hashes(client: &proofkey_protocol::ClientRecord) -> Vec<(u8, Option<i64>)> {
    client.secrets.iter().map(|secret| (secret.hash.0[0], secret.expires_at.map(|end| end - NOW))).collect()
}

#[tokio::test]
async fn clients_are_added_changed_and_removed() {
    let world = World::new().await;
    let before = versions(&world).await;
    let store = &world.store;
    store.add_client(client("bare")).await.unwrap();
    assert_eq!(store.add_client(client("app")).await, Err(AdminFault::Exists));
    let metadata = ClientMetadata { client_name: Some("Renamed".to_owned()), ..ClientMetadata::default() };
    world.register(&app(), &metadata).await;
    store.set_client_disabled(&app(), true).await.unwrap();
    let all = store.clients().await.unwrap();
    assert_eq!(all.iter().map(|client| client.id.as_str()).collect::<Vec<_>>(), ["app", "bare"]);
    assert_eq!((&all[0].metadata, all[0].disabled, all[1].disabled), (&metadata, true, false));
    assert_eq!(hashes(&all[1]), [(1, None)]);
    assert_eq!(
        versions(&world).await,
        Versions { clients: before.clients + 2, ..before },
        "an update and a disabling move it; neither an addition nor a refusal does"
    );
    let nobody = ClientId::new("nobody");
    let clients = versions(&world).await.clients;
    assert_eq!(store.update_client(&nobody, &metadata, clients).await, Err(AdminFault::Missing));
    assert_eq!(store.set_client_disabled(&nobody, true).await, Err(AdminFault::Missing));
    assert_eq!(store.remove_client(&nobody, || NOW).await, Err(AdminFault::Missing));
    assert_eq!(store.stage_client_secret(&nobody, secret(2)).await, Err(AdminFault::Missing));
}

#[tokio::test]
async fn a_removed_client_takes_its_consents_and_grants_along() {
    let world = World::new().await;
    world.applied(redeem(grant(1))).await;
    world.applied(consent("openid", None, NOW)).await;
    world.store.remove_client(&app(), || NOW + 7).await.unwrap();
    world.store.add_client(client("app")).await.unwrap();
    assert_eq!(world.grant(1).await.unwrap().revoked_at, Some(NOW + 7), "the id's old tokens stay dead");
    assert!(world.store.consents(None, None).await.unwrap().is_empty());
}

#[tokio::test]
async fn k_44_at_most_two_secrets_of_a_client_live_and_one_that_was_not_confirmed_ends_none() {
    let world = World::new().await;
    let store = &world.store;
    let of_app = async || hashes(&store.clients().await.unwrap()[0]);
    let staged = |number| ClientSecretRecord { expires_at: Some(NOW + 60), ..secret(number) };
    let confirm =
        async |number, end| store.confirm_client_secret(&app(), secret(number).hash, NOW + end).await;
    store.stage_client_secret(&app(), staged(2)).await.unwrap();
    assert_eq!(of_app().await, [(1, None), (2, Some(60))]);
    confirm(2, 100).await.unwrap();
    assert_eq!(of_app().await, [(1, Some(100)), (2, None)]);
    store.stage_client_secret(&app(), staged(3)).await.unwrap();
    store.stage_client_secret(&app(), staged(4)).await.unwrap();
    assert_eq!(of_app().await, [(1, Some(100)), (2, None), (3, Some(60)), (4, Some(60))], "all as before");
    assert_eq!(store.stage_client_secret(&app(), staged(4)).await, Err(AdminFault::Exists));
    assert_eq!(confirm(5, 200).await, Err(AdminFault::Missing));
    confirm(4, 200).await.unwrap();
    assert_eq!(of_app().await, [(2, Some(200)), (4, None)], "the one in use lives on, not the one made last");
}

#[tokio::test]
async fn apis_are_added_and_removed() {
    let world = World::new().await;
    let before = versions(&world).await;
    let api = ApiRecord {
        resource: ResourceUri::parse("https://api.example/notes").unwrap(),
        name: Some("Notes".to_owned()),
        scopes: vec![ApiScope { name: "read".to_owned(), description: Some("Read notes".to_owned()) }],
        access_token_seconds: Some(300),
        algorithm: None,
        introspection: Some(SecretHash([6; 32])),
    };
    world.store.add_api(api.clone()).await.unwrap();
    assert_eq!(world.store.add_api(api.clone()).await, Err(AdminFault::Exists));
    let read = world.store.apis().await.unwrap().remove(0);
    assert_same_api(&read.record, &api);
    world.store.remove_api(&api.resource).await.unwrap();
    assert_eq!(world.store.remove_api(&api.resource).await, Err(AdminFault::Missing));
    assert_eq!(versions(&world).await, Versions { apis: before.apis + 2, ..before });
}

#[tokio::test]
async fn pk_09_an_api_is_changed_under_its_id_while_no_other_change_came_between() {
    let world = World::new().await;
    let store = &world.store;
    store.add_api(crate::support::api("https://a.example")).await.unwrap();
    let before = store.apis().await.unwrap().remove(0);
    let version = versions(&world).await.apis;
    let changed = ApiRecord {
        name: Some("Notes".to_owned()),
        scopes: vec![ApiScope { name: "write".to_owned(), description: Some("Write".to_owned()) }],
        access_token_seconds: Some(60),
        algorithm: Some(proofkey_protocol::Algorithm::EdDsa),
        introspection: Some(SecretHash([6; 32])),
        ..before.record.clone()
    };
    store.update_api(changed.clone(), version).await.unwrap();
    let after = world.second_handle().await.apis().await.unwrap().remove(0);
    assert_same_api(&after.record, &changed);
    assert_eq!((after.id, versions(&world).await.apis), (before.id, version + 1));
    assert_eq!(store.update_api(before.record.clone(), version).await, Err(AdminFault::Conflict));
    assert_same_api(&store.apis().await.unwrap().remove(0).record, &changed);
    store.remove_api(&changed.resource).await.unwrap();
    let version = versions(&world).await.apis;
    assert_eq!(store.update_api(changed, version).await, Err(AdminFault::Missing));
}

#[tokio::test]
async fn k_10_the_id_of_an_api_is_never_given_again() {
    let world = World::new().await;
    let mut given = Vec::new();
    for resource in ["https://a.example", "https://b.example", "https://a.example", "https://a.example"] {
        world.store.add_api(crate::support::api(resource)).await.unwrap();
        assert_eq!(world.store.add_api(crate::support::api(resource)).await, Err(AdminFault::Exists));
        let apis = world.store.apis().await.unwrap();
        given.push(apis.iter().find(|api| api.resource() == resource).unwrap().id.0);
        if resource == "https://a.example" {
            world.store.remove_api(&ResourceUri::parse(resource).unwrap()).await.unwrap();
        }
    }
    assert!(given.is_sorted_by(|before, after| before < after) && given[0] > 0, "{given:?}");
}

#[tokio::test]
async fn users_are_added_found_and_changed() {
    let world = World::new().await;
    let store = &world.store;
    let mut grace = user("Grace");
    grace.claims.remove("name");
    store.add_user(grace.clone()).await.unwrap();
    assert_eq!(store.add_user(grace.clone()).await, Err(AdminFault::Exists));
    let read = store.user_by_name("grace").await.unwrap().unwrap();
    assert_same_user(&read, &grace);
    let names: Vec<String> =
        store.list_users(10).await.unwrap().into_iter().map(|user| user.username_key).collect();
    assert_eq!(names, ["ada", "grace"]);
    assert_eq!(store.list_users(1).await.unwrap().len(), 1);
    assert!(store.user_by_name("nobody").await.unwrap().is_none());
    let credentials = store.credentials("grace").await.unwrap().unwrap();
    assert_eq!((&credentials.user.id, &credentials.password), (&grace.id, &grace.password));
    assert!(store.credentials("nobody").await.unwrap().is_none());
    let shown = async |name: &str| store.credentials(name).await.unwrap().unwrap().user.display_name;
    assert_eq!(shown("grace").await, "Grace", "without a name claim, the name to sign in with");
    assert_eq!(shown("ada").await, "Ada Lovelace");
    for missing in [
        store.set_user_disabled("nobody", true, || NOW).await,
        store.set_user_password("nobody", "phc", || NOW, &[0; 32]).await,
        store.revoke_consent(&ada(), &app()).await,
    ] {
        assert_eq!(missing, Err(AdminFault::Missing));
    }
}

#[tokio::test]
async fn a_new_password_ends_what_began_before_and_forgets_failures() {
    let world = World::new().await;
    world.applied(sign_in(session(1))).await;
    world.applied(failure([5; 32], NOW)).await;
    world.applied(redeem(grant(1))).await;
    world.store.set_user_password("ada", "$argon2id$new", || NOW + 50, &[5; 32]).await.unwrap();
    assert!(world.store.session(session_id(1)).await.unwrap().is_none());
    let row = world.store.grant(crate::support::grant_id(1)).await.unwrap().unwrap();
    let subject = row.subject().clone();
    assert_eq!(subject.user.valid_from, NOW + 50);
    assert_eq!(world.store.sign_in_failures(&[5; 32]).await.unwrap().failures, 0);
    let read = world.store.user(&ada()).await.unwrap().unwrap();
    assert_eq!((read.password.as_deref(), read.updated_at), (Some("$argon2id$new"), NOW + 50));
}

#[tokio::test]
async fn lg_14_a_disabled_account_is_seen_at_once_and_enabling_revives_nothing() {
    let world = World::new().await;
    world.applied(redeem(grant(1))).await;
    for (disabled, at) in [(true, NOW + 5), (false, NOW + 9)] {
        world.store.set_user_disabled("ada", disabled, move || at).await.unwrap();
        let row = world.store.grant(crate::support::grant_id(1)).await.unwrap().unwrap();
        let subject = row.subject().clone();
        assert_eq!((subject.user.disabled, subject.user.valid_from), (disabled, NOW + 5));
    }
}

#[tokio::test]
async fn k_16_what_ends_is_an_instant_that_moves_on_and_touches_no_grant() {
    let world = World::new().await;
    let store = &world.store;
    world.applied(redeem(grant(1))).await;
    let instants = async || {
        let row = store.grant(crate::support::grant_id(1)).await.unwrap().unwrap();
        assert_eq!(row.grant().revoked_at, None);
        let token = store.access_token(&app(), crate::support::token_id(1)).await.unwrap();
        assert_eq!(token.client_valid_from, row.subject().client_valid_from);
        let own = store.client_facts(&app()).await.unwrap();
        assert_eq!(own.valid_from, token.client_valid_from);
        (row.subject().user.valid_from, row.subject().client_valid_from)
    };
    assert_eq!(instants().await, (NOW, Timestamp(0)));
    // In the same second, and with a clock that was set back, it is later all the same.
    for (at, expected) in [(NOW + 5, NOW + 5), (NOW + 5, NOW + 6), (NOW + -9, NOW + 7), (NOW + 50, NOW + 50)]
    {
        store.end_grants_of_user("ada", move || at).await.unwrap();
        store.end_grants_of_client(&app(), move || at).await.unwrap();
        assert_eq!(instants().await, (expected, expected));
    }
    assert!(store.session(crate::support::session_id(GRANTS_SESSION)).await.unwrap().is_none());
}

#[tokio::test]
async fn k_16_sessions_end_and_failures_are_forgotten_for_one_user_alone() {
    let world = World::new().await;
    let store = &world.store;
    store.add_user(user("bob")).await.unwrap();
    let of_bob = SessionFacts { user_id: UserId::new("u-bob"), ..session(2) };
    for begun in [session(1), of_bob] {
        world.applied(sign_in(begun)).await;
    }
    world.applied(failure([5; 32], NOW)).await;
    world.applied(failure([6; 32], NOW)).await;
    store.end_sessions_of_user("ada").await.unwrap();
    store.unlock_user("ada", &[5; 32]).await.unwrap();
    let live = async |number| store.session(session_id(number)).await.unwrap().is_some();
    assert_eq!((live(1).await, live(2).await), (false, true));
    let failures = async |account: u8| store.sign_in_failures(&[account; 32]).await.unwrap().failures;
    assert_eq!((failures(5).await, failures(6).await), (0, 1));
    for missing in [
        store.end_sessions_of_user("nobody").await,
        store.end_grants_of_user("nobody", || NOW).await,
        store.unlock_user("nobody", &[5; 32]).await,
        store.end_grants_of_client(&ClientId::new("none"), || NOW).await,
    ] {
        assert_eq!(missing, Err(AdminFault::Missing));
    }
}

#[tokio::test]
async fn consents_are_listed_by_user_and_by_client() {
    let world = World::new().await;
    world.store.add_user(user("bob")).await.unwrap();
    world.store.add_client(client("other")).await.unwrap();
    let bob = UserId::new("u-bob");
    for (who, client) in [(ada(), "app"), (ada(), "other"), (bob.clone(), "app")] {
        let after = ConsentFacts::parse("0 1 openid").unwrap();
        let client = ClientId::new(client);
        world.applied(Commit::GiveConsent { user: who, client, before: None, after }).await;
    }
    for (user, client, expected) in [
        (None, None, 3),
        (Some(ada()), None, 2),
        (None, Some(app()), 2),
        (Some(bob), Some(app()), 1),
        (Some(UserId::new("u-nobody")), None, 0),
    ] {
        let found = world.store.consents(user.as_ref(), client.as_ref()).await.unwrap();
        assert_eq!(found.len(), expected, "{user:?} {client:?}");
    }
}
