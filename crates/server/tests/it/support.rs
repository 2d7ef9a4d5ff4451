//! What several modules of tests share.

use std::time::Duration;

use proofkey_protocol::{ClientId, ClientRecord};
use proofkey_server::admin::{AdminRefused, RotatedSealingKey, SealingKeyRotation};
use proofkey_testkit::{AuthorizeRequest, Browser, Departure, TestClient, TestServer, TestUser, fixtures};
use serde_json::{Value, json};

/// What an authorization request may carry.
pub(crate) const AUTHORIZE_PARAMETERS: [&str; 20] = [
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "prompt",
    "response_type",
    "resource",
    "ui_locales",
    "code_challenge",
    "code_challenge_method",
    "login_hint",
    "id_token_hint",
    "max_age",
    "acr_values",
    "response_mode",
    "display",
    "claims",
    "request",
    "request_uri",
];

/// What a token request may carry, and what it carried once.
pub(crate) const TOKEN_PARAMETERS: [&str; 13] = [
    "client_id",
    "client_secret",
    "grant_type",
    "code",
    "redirect_uri",
    "refresh_token",
    "scope",
    "resource",
    "code_verifier",
    "client_assertion",
    "client_assertion_type",
    "username",
    "password",
];

/// A native app of its own, whose registration says this too.
pub(crate) async fn registered(server: &TestServer, id: &str, more: &Value) -> TestClient {
    let client = TestClient { id: id.to_owned(), ..fixtures::native() };
    let mut metadata = json!({
        "client_id": client.id, "token_endpoint_auth_method": "none", "redirect_uris": [client.redirect_uri],
        "grant_types": ["authorization_code", "refresh_token"], "scope": client.scope,
    });
    metadata.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let _ = server.client(&metadata).await;
    client
}

/// A client whose ID tokens want an algorithm that is off here: another server of the database, which has it on, registered it.
pub(crate) async fn registered_elsewhere(server: &TestServer, id: &str, algorithm: &str) -> TestClient {
    let redirect_uri = format!("https://{id}.example/cb");
    let metadata = json!({
        "token_endpoint_auth_method": "none", "redirect_uris": [redirect_uri], "scope": "openid",
        "id_token_signed_response_alg": algorithm,
    });
    let record = ClientRecord {
        id: ClientId::new(id),
        metadata: serde_json::from_value(metadata).unwrap(),
        secrets: vec![],
        disabled: false,
        created_at: server.now(),
    };
    server.store().add_client(record).await.unwrap();
    TestClient { id: id.into(), redirect_uri, scope: "openid".into(), ..fixtures::spa() }
}

/// Takes every grant back to when none of its refresh tokens was used, as a backup would.
pub(crate) async fn take_back(server: &TestServer) {
    let text = "UPDATE grants SET generation = 0, used = NULL, used_at = NULL, recent = NULL";
    assert!(server.sibling().await.change(text).await > 0);
}

/// Gives a server another sealing key, in as many steps as its database wants.
pub(crate) async fn rotate_sealing_key(
    server: &TestServer,
    revoke_old: bool,
) -> Result<RotatedSealingKey, AdminRefused> {
    for _ in 0..1_000 {
        match server.admin().rotate_sealing_key(revoke_old).await {
            Ok(SealingKeyRotation::Rotated(rotated)) => return Ok(rotated),
            Ok(SealingKeyRotation::Prepared { .. }) => {}
            // The server reads its file every other second.
            Err(AdminRefused::SealingKeyNotHeld { .. }) => {
                tokio::time::sleep(Duration::from_millis(20)).await
            }
            Err(refused) => return Err(refused),
        }
    }
    panic!("the server does not read its sealing key again")
}

/// A browser in which ada is signed in and has allowed this client everything.
pub(crate) async fn consented(server: &TestServer, client: &TestClient) -> Browser {
    consented_as(server, client, &fixtures::ada()).await
}

/// The same for another user.
pub(crate) async fn consented_as(server: &TestServer, client: &TestClient, user: &TestUser) -> Browser {
    let mut browser = Browser::new(server);
    let _ = browser.complete(&AuthorizeRequest::new(client).set("scope", &client.scope), user).await;
    browser
}

/// The error that a request is answered with at the client, with everything that every answer must have.
pub(crate) async fn refused(server: &TestServer, browser: &Browser, request: &AuthorizeRequest) -> String {
    let departure = browser.clone().authorize(request).await.redirect();
    check_answer(server, request, &departure);
    assert_eq!(departure.param("code"), "", "{}", departure.location);
    assert!(is_wire_text(&departure.param("error_description")), "{}", departure.location);
    departure.param("error")
}

/// What success and error have in common (RFC 9207 §2, OAuth 2.1 §4.1.2).
pub(crate) fn check_answer(server: &TestServer, request: &AuthorizeRequest, departure: &Departure) {
    assert_eq!(departure.param("iss"), server.issuer, "{}", departure.location);
    assert_eq!(departure.param("state"), request.get("state"), "{}", departure.location);
    assert_eq!(departure.answer.header("cache-control"), "no-store");
    assert!([200, 303].contains(&departure.answer.status), "{}", departure.answer.status);
    assert!(!departure.location.contains('#'), "nothing is answered in a fragment");
    for token in ["access_token", "id_token", "token_type"] {
        assert!(!departure.params().contains(token), "{}", departure.location);
    }
}

/// %x20-21 / %x23-5B / %x5D-7E (OAuth 2.1 §4.1.2.1).
pub(crate) fn is_wire_text(text: &str) -> bool {
    text.bytes().all(|byte| (0x20..=0x7e).contains(&byte) && byte != b'"' && byte != b'\\')
}
