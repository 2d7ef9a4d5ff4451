//! What operators have: keys, lists, the files themselves.

use proofkey_oauth::Timestamp;
use proofkey_testkit::{AuthorizeRequest, Browser, Museum, Tokens, decode};
use serde_json::json;

use super::{DAY_SECONDS, assert_verifies, authenticates, is_live, key_set};

#[tokio::test]
async fn waiting_keys_take_over_on_their_day_and_none_is_lost() {
    for museum in Museum::all() {
        let mut server = museum.builder().start().await;
        let signer = |tokens: &Tokens| decode(&tokens.access_token).header["kid"].clone();
        let kid_in = |state: &str| {
            let mut keys = museum.list("keys").iter();
            keys.find(|key| key["state"] == state && key["algorithm"] == "ES256").unwrap()["kid"].clone()
        };
        let grant = museum.list("grants").iter().find(|grant| is_live(grant)).unwrap();
        let client = museum.client(&grant["client_id"]);
        let first = Tokens::of(&server.refresh(&client, grant["refresh_token"].as_str().unwrap()).await);
        assert_eq!(signer(&first), kid_in("active"));
        server.advance(DAY_SECONDS);
        server.restart().await;
        let second = Tokens::of(&server.refresh(&client, &first.refresh_token).await);
        assert_eq!(signer(&second), kid_in("next"));
        let keys = key_set(&server).await;
        for tokens in [&first, &second] {
            assert_verifies(&keys, &tokens.access_token);
        }
    }
}

#[tokio::test]
async fn administration_finds_everything_and_can_change_it() {
    for museum in Museum::all() {
        let server = museum.builder().start().await;
        let (store, now) = (server.store(), museum.manifest["made_at"].as_i64().map(Timestamp).unwrap());
        assert_eq!(server.now(), now);
        let kids: Vec<String> = store.keys().await.unwrap().into_iter().map(|key| key.kid).collect();
        let listed: Vec<&str> = museum.list("keys").iter().map(|key| key["kid"].as_str().unwrap()).collect();
        assert_eq!(kids, listed);
        let users = store.list_users(100).await.unwrap();
        assert_eq!(users.len(), museum.list("users").len());
        assert!(
            users
                .iter()
                .all(|user| museum.list("users").iter().any(|known| known["sub"] == user.id.as_str()))
        );
        assert_eq!(store.clients().await.unwrap().len(), museum.list("clients").len());
        assert_eq!(store.apis().await.unwrap().len(), museum.list("apis").len());

        let (ada, web) = (museum.user(&json!("ada")), museum.client(&json!("web")));
        server.withdraw_consent(&ada, &web.id).await;
        let mut browser = Browser::signed_in(&server, &ada).await;
        assert!(
            browser.authorize(&AuthorizeRequest::new(&web)).await.page().is_consent(),
            "it is asked again"
        );
        server.set_password("carol", "another-password-of-carol").await;
        server.disable_user(&museum.user(&json!("carol")), false).await;
        server.disable_client("web-b", false).await;
        assert!(authenticates(&server, &museum.client(&json!("web-b"))).await);
        assert!(server.client(&json!({"redirect_uris": ["https://new.example/callback"]})).await.is_some());
    }
}

#[tokio::test]
async fn k_10_clients_grants_and_consents_name_the_apis_that_they_had() {
    for museum in Museum::all() {
        let server = museum.builder().start().await;
        let (files, notes) = ("https://files.example/api", "https://notes.example/api");
        for client in server.store().clients().await.unwrap() {
            let resources = client.metadata.resources.unwrap();
            let mut names: Vec<&str> = resources.iter().map(proofkey_oauth::ResourceUri::as_str).collect();
            names.sort_unstable();
            let expected = if client.id.as_str() == "service" { vec![notes] } else { vec![files, notes] };
            assert_eq!(names, expected, "{}", client.id);
        }
        let consents = server.admin().consents(Some("ada"), None).await.unwrap();
        for listed in museum.list("consents") {
            let of_client =
                consents.iter().filter(|consent| listed["client_id"] == consent.client_id.as_str());
            let allowed: Vec<&str> = of_client.flat_map(|consent| consent.scope.split(' ')).collect();
            for scope in listed["scope"].as_str().unwrap().split(' ') {
                assert!(allowed.contains(&scope), "{listed}: {scope}");
            }
        }
        // An API that is added later under the scope of one of them is open to none of these clients.
        let _ = server.api("https://later.example", &["notes:read"], false).await;
        let web = museum.client(&json!("web"));
        let tokens = server.tokens(&web, "openid notes:read").await;
        assert_eq!(decode(&tokens.access_token).claims["aud"][0], notes);
    }
}

#[tokio::test]
async fn the_database_is_sound_after_it_was_opened_and_the_configuration_is_still_read() {
    for museum in Museum::all() {
        let mut server = museum.builder().start().await;
        server.restart().await;
        let _ = server.tokens(&museum.client(&json!("web")), "openid").await;
        server.stop().await;
        let database = rusqlite::Connection::open(server.data().join("proofkey.db")).unwrap();
        let found: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(found, "ok");
        let mut check = database.prepare("PRAGMA foreign_key_check").unwrap();
        assert!(check.query([]).unwrap().next().unwrap().is_none(), "no row points at nothing");
        assert_eq!(museum.config().issuer.as_str(), museum.manifest["issuer"]);
    }
}
