//! Clients that change while the server runs, by another process that tells the server nothing.
//!
//! What a change gives is there for the first request that names the client; what it takes away is refused from the next
//! request on. Only changes of what a server remembers wait for its next look at the versions.

use proofkey_oauth::{ClientMetadata, Secret};
use proofkey_protocol::{ClientId, ClientRecord, ClientSecretRecord};
use proofkey_store::Store;
use proofkey_testkit::{AuthorizeRequest, Browser, TestClient, TestServer, fixtures};
use serde_json::json;

use crate::support::consented;

async fn update(store: &Store, id: &ClientId, metadata: &ClientMetadata) {
    let version = store.directory_versions().await.unwrap().clients;
    store.update_client(id, metadata, version).await.unwrap();
}

fn id(client: &TestClient) -> ClientId {
    ClientId::new(client.id.clone())
}

/// A new service with its registration.
fn service(server: &TestServer, name: &str) -> (TestClient, ClientRecord) {
    let secret = "a secret of some length";
    let metadata = json!({"grant_types": ["client_credentials"], "scope": "notes:read", "redirect_uris": [],
                          "resources": [fixtures::NOTES]});
    let hash = Secret::new(secret.to_owned()).hash();
    let record = ClientRecord {
        id: ClientId::new(name),
        metadata: serde_json::from_value(metadata).unwrap(),
        secrets: vec![ClientSecretRecord { hash, created_at: server.now(), expires_at: None }],
        disabled: false,
        created_at: server.now(),
    };
    (TestClient { id: name.to_owned(), secret: Some(secret.to_owned()), ..fixtures::service() }, record)
}

async fn preflight(server: &TestServer, origin: &str) -> bool {
    let headers = [("origin", origin), ("access-control-request-method", "POST")];
    let answer = server.send("OPTIONS", "/token", &headers, String::new()).await;
    assert_eq!(answer.status, 204);
    answer.header("access-control-allow-origin") == origin
}

#[tokio::test]
async fn k_43_a_client_is_found_by_the_first_request_that_names_it_though_it_was_unknown_a_moment_ago() {
    let server = TestServer::start().await;
    let store = server.store_beside().await;
    for name in ["late-1", "late-2", "late-3"] {
        let (late, record) = service(&server, name);
        let unknown = server.client_credentials(&late, &[]).await;
        assert_eq!(unknown.refusal(), (401, "invalid_client".into()));
        store.add_client(record).await.unwrap();
        assert_eq!(server.client_credentials(&late, &[]).await.status, 200, "{name}");
    }
    let (_, record) = service(&server, "page");
    let metadata =
        json!({"token_endpoint_auth_method": "none", "redirect_uris": ["https://page.example/cb"]});
    let metadata: ClientMetadata = serde_json::from_value(metadata).unwrap();
    store.add_client(ClientRecord { metadata, secrets: vec![], ..record }).await.unwrap();
    let request = AuthorizeRequest::new(&fixtures::spa())
        .set("client_id", "page")
        .set("redirect_uri", "https://page.example/cb")
        .set("scope", "openid");
    let page = Browser::new(&server).authorize(&request).await.page();
    assert!(page.html.contains("page.example"), "{page:?}");
    let browser_app = server.post(
        "/token",
        &[("grant_type", "x"), ("client_id", "page")],
        &[("origin", "https://page.example")],
    );
    assert_eq!(browser_app.await.header("access-control-allow-origin"), "https://page.example");
}

#[tokio::test]
async fn tk_20_a_client_that_is_disabled_or_removed_is_refused_by_the_very_next_request() {
    for removed in [false, true] {
        let server = TestServer::start().await;
        let (store, web) = (server.store_beside().await, fixtures::web());
        let browser = consented(&server, &web).await;
        let request = AuthorizeRequest::new(&web).set("scope", "openid");
        let tokens = server.tokens(&web, "openid offline_access").await;
        let code = server.code(&web, "openid").await;
        let service = fixtures::service();
        let own = server.client_credentials(&service, &[]).await.json()["access_token"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_eq!(server.userinfo(&tokens.access_token).await.status, 200);
        for client in [&web, &service] {
            if removed {
                let now = server.now();
                store.remove_client(&id(client), move || now).await.unwrap();
            } else {
                store.set_client_disabled(&id(client), true).await.unwrap();
            }
        }
        // As long as a command waits before it returns.
        tokio::time::sleep(proofkey_store::REMEMBERED_FOR).await;
        assert_eq!(server.userinfo(&tokens.access_token).await.status, 401);
        let invalid = (401, "invalid_client".to_owned());
        assert_eq!(server.refresh(&web, &tokens.refresh_token).await.refusal(), invalid);
        assert_eq!(server.redeem(&web, &code).await.refusal(), invalid);
        for (client, token) in [(&web, &tokens.access_token), (&web, &tokens.refresh_token), (&service, &own)]
        {
            let answer = server.introspect(client, token).await;
            assert!(answer.status == 401 || answer.json()["active"] == false, "{answer:?}");
        }
        let page = browser.clone().authorize(&request).await.page();
        assert_eq!(page.status, 400, "no code, and nothing that leaves for the client");
        // Its own token loads no facts: it may come for another tenth of a second.
        let mut asked = 0;
        while server.client_credentials(&service, &[]).await.status == 200 {
            asked += 1;
            assert!(asked < 10_000, "a service that was disabled goes on getting tokens");
        }
        assert_eq!(server.client_credentials(&service, &[]).await.refusal(), invalid);
    }
}

#[tokio::test]
async fn in_02_an_api_hears_at_once_that_a_clients_own_token_is_worth_nothing() {
    let server = TestServer::start().await;
    let api = server.api("https://tasks.example/api", &["tasks:read"], true).await;
    let (worker, mut record) = service(&server, "worker");
    record.metadata.scope = Some(proofkey_oauth::Scope::parse("tasks:read").unwrap());
    record.metadata.resources = Some(vec![proofkey_oauth::ResourceUri::parse(&api.resource).unwrap()]);
    let store = server.store_beside().await;
    store.add_client(record).await.unwrap();
    let token = server.client_credentials(&worker, &[]).await.json()["access_token"].clone();
    let api = TestClient { id: api.resource, secret: api.secret, ..fixtures::service() };
    let told = async || {
        let told = server.introspect(&api, token.as_str().unwrap()).await;
        (told.status, told.json()["active"].clone())
    };
    assert_eq!(told().await, (200, json!(true)));
    store.set_client_disabled(&id(&worker), true).await.unwrap();
    assert_eq!(told().await, (200, json!(false)));
    store.set_client_disabled(&id(&worker), false).await.unwrap();
    // What is remembered may be that it was disabled.
    server.refresh_directory().await;
    assert_eq!(told().await, (200, json!(true)));
}

#[tokio::test]
async fn tk_19_a_preflight_follows_the_registrations_at_once() {
    let server = TestServer::start().await;
    let store = server.store_beside().await;
    let (_, record) = service(&server, "app");
    let app = record.id.clone();
    let at = |origins: &[&str]| ClientMetadata {
        redirect_uris: origins.iter().map(|origin| format!("{origin}/cb")).collect(),
        ..record.metadata.clone()
    };
    let (one, two, shared) = ("https://one.example", "https://two.example", "https://app.example");
    let seen = async || {
        (preflight(&server, one).await, preflight(&server, two).await, preflight(&server, shared).await)
    };
    assert_eq!(seen().await, (false, false, true), "of another client");
    store.add_client(ClientRecord { metadata: at(&[one, shared]), ..record.clone() }).await.unwrap();
    assert_eq!(seen().await, (true, false, true));
    update(&store, &app, &at(&[two, shared])).await;
    assert_eq!(seen().await, (false, true, true));
    store.set_client_disabled(&app, true).await.unwrap();
    assert_eq!(seen().await, (false, false, true));
    update(&store, &app, &at(&[one])).await;
    assert_eq!(seen().await, (false, false, true), "what is disabled stays so");
    store.set_client_disabled(&app, false).await.unwrap();
    assert_eq!(seen().await, (true, false, true));
    let now = server.now();
    store.remove_client(&app, move || now).await.unwrap();
    assert_eq!(seen().await, (false, false, true));
}

#[tokio::test]
async fn what_is_remembered_of_a_client_follows_at_the_next_look_at_the_versions() {
    let server = TestServer::start().await;
    let (store, spa) = (server.store_beside().await, fixtures::spa());
    let wide = server.tokens(&spa, "openid email offline_access").await;
    let mut metadata = store.client(&id(&spa)).await.unwrap().unwrap().metadata;
    metadata.scope = Some(proofkey_oauth::Scope::parse("openid offline_access").unwrap());
    metadata.redirect_uris.push("https://moved.example/cb".to_owned());
    update(&store, &id(&spa), &metadata).await;
    server.refresh_directory().await;
    assert_eq!(server.refresh(&spa, &wide.refresh_token).await.refusal().0, 400, "a scope was taken away");
    let moved =
        AuthorizeRequest::new(&spa).set("redirect_uri", "https://moved.example/cb").set("scope", "openid");
    assert_eq!(Browser::new(&server).authorize(&moved).await.page().status, 200);
    store.set_client_disabled(&id(&spa), true).await.unwrap();
    server.refresh_directory().await;
    assert_eq!(server.refresh(&spa, &wide.refresh_token).await.refusal(), (401, "invalid_client".into()));
    store.set_client_disabled(&id(&spa), false).await.unwrap();
    server.refresh_directory().await;
    assert_eq!(Browser::new(&server).authorize(&moved).await.page().status, 200, "open again");
}
