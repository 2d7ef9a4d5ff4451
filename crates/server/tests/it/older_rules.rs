//! What earlier releases let operators choose, and what new things must be.

use proofkey_oauth::{AuthMethod, ClientMetadata, Secret, Timestamp};
use proofkey_protocol::{ClientId, ClientRecord, ClientSecretRecord, UserId, UserRecord};
use proofkey_server::admin::{AdminRefused, ClientDocument, NewUser};
use proofkey_testkit::{AuthorizeRequest, Browser, Logs, TestClient, TestServer, TestUser, fixtures};
use serde_json::{Map, json};

/// A secret of a release that took eight characters.
const SHORT: &str = "password";

#[tokio::test]
async fn k_20_a_given_secret_has_32_characters_and_a_shorter_one_from_before_goes_on_with_a_warning() {
    let server = TestServer::start().await;
    for (secret, taken) in [("a".repeat(31), false), (SHORT.to_owned(), false), ("a".repeat(32), true)] {
        let metadata =
            json!({"client_secret": secret, "redirect_uris": ["https://a.example/cb"]}).to_string();
        let added = server.admin().add_client(ClientDocument::parse(&metadata).unwrap()).await;
        assert_eq!(added.is_ok(), taken, "{secret}");
    }
    let id = ClientId::new("from-before");
    let metadata: ClientMetadata =
        serde_json::from_value(json!({"redirect_uris": ["https://a.example/cb"]})).unwrap();
    let secret = ClientSecretRecord {
        hash: Secret::new(SHORT.to_owned()).hash(),
        created_at: Timestamp(0),
        expires_at: None,
    };
    let record = ClientRecord {
        id: id.clone(),
        metadata,
        secrets: vec![secret],
        disabled: false,
        created_at: Timestamp(0),
    };
    server.store().add_client(record).await.unwrap();
    let client = TestClient {
        id: id.to_string(),
        secret: Some(SHORT.to_owned()),
        method: AuthMethod::ClientSecretBasic,
        ..fixtures::web()
    };
    let logs = Logs::capture();
    for _ in 0..3 {
        assert_eq!(server.introspect(&client, "x").await.status, 200);
        assert_eq!(server.introspect(&fixtures::web(), "x").await.status, 200);
    }
    let text = logs.text();
    let named = |id: &str| format!("client_id={id}");
    let warnings =
        |id: &str| text.lines().filter(|line| line.contains("guessed") && line.ends_with(&named(id))).count();
    assert_eq!((warnings("from-before"), warnings("web")), (1, 0), "{text}");
}

#[tokio::test]
async fn k_22_a_name_that_looks_like_another_is_refused_and_one_from_before_still_signs_in() {
    let server = TestServer::start().await;
    let name = "ada\u{200b}";
    let add = NewUser { username: name.to_owned(), password: None, claims: Map::new() };
    assert!(matches!(server.admin().add_user(add).await, Err(AdminRefused::Username)));
    let record = UserRecord {
        id: UserId::from_random([7; 10]),
        username: name.to_owned(),
        username_key: name.to_owned(),
        password: None,
        claims: Map::new(),
        disabled: false,
        valid_from: Timestamp(0),
        created_at: Timestamp(0),
        updated_at: Timestamp(0),
    };
    server.store().add_user(record).await.unwrap();
    let user = TestUser { username: name.to_owned(), password: "a-password-of-long-ago".to_owned() };
    server.set_password(name, &user.password).await;
    let mut browser = Browser::signed_in(&server, &user).await;
    assert!(browser.authorize(&AuthorizeRequest::new(&fixtures::web())).await.page().is_consent());
    server.disable_user(&user, true).await;
}
