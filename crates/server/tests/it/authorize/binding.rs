//! What a code is bound to, and for how long.

use std::collections::HashSet;

use proofkey_testkit::{AuthorizeRequest, TestServer, Tokens, decode, fixtures};
use serde_json::json;

use crate::support::consented;

#[tokio::test]
async fn az_21_a_code_lives_for_sixty_seconds() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    for (seconds, status) in [(0, 200), (59, 200), (60, 400), (600, 400)] {
        let code = server.code(&web, "openid").await;
        server.advance(seconds);
        let answer = server.redeem(&web, &code).await;
        assert_eq!(answer.status, status, "after {seconds} s: {answer:?}");
        assert!(status == 200 || answer.error() == "invalid_grant");
    }
}

#[tokio::test]
async fn az_21_a_clients_own_life_of_codes_can_only_be_shorter() {
    let server = TestServer::start().await;
    for (id, seconds) in [("brief", 5), ("long", 600)] {
        let metadata = json!({
            "client_id": id, "token_endpoint_auth_method": "none", "redirect_uris": ["https://brief.example/cb"],
            "code_seconds": seconds,
        });
        let _ = server.client(&metadata).await;
        let client = proofkey_testkit::TestClient {
            id: id.into(),
            redirect_uri: "https://brief.example/cb".into(),
            ..fixtures::spa()
        };
        let code = server.code(&client, "openid").await;
        server.advance(seconds.min(60) - 1);
        assert_eq!(server.redeem(&client, &code).await.status, 200, "{id}");
        let code = server.code(&client, "openid").await;
        server.advance(seconds.min(60));
        assert_eq!(server.redeem(&client, &code).await.refusal(), (400, "invalid_grant".into()), "{id}");
    }
}

/// Codes of one request share no text beyond the prefix that names their kind.
#[tokio::test]
async fn az_21_codes_are_unguessable() {
    let server = TestServer::start().await;
    let mut browser = consented(&server, &fixtures::web()).await;
    let request = AuthorizeRequest::new(&fixtures::web());
    let mut seen = HashSet::new();
    for _ in 0..50 {
        let code = browser.authorize(&request).await.redirect().param("code");
        let random = code.strip_prefix("pkc_").unwrap().to_owned();
        assert!(random.len() >= 27, "160 bits are 27 characters: {code}");
        for at in 0..random.len() - 12 {
            assert!(seen.insert(random[at..at + 12].to_owned()), "codes share {}", &random[at..at + 12]);
        }
    }
}

#[tokio::test]
async fn az_22_a_code_carries_what_was_asked_decided_and_proved() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    let mut browser = consented(&server, &web).await;
    let web_b = fixtures::web_b();
    let signed_in_at = server.now().seconds();
    server.advance(50);
    let request = AuthorizeRequest::new(&web)
        .set("scope", "openid notes:read offline_access")
        .set("resource", fixtures::NOTES);
    let code = server.code_by(&mut browser, &request, &fixtures::ada()).await;
    let other = server.code_by(&mut browser, &AuthorizeRequest::new(&web), &fixtures::ada()).await;
    let redeem = async |client, uri: &str, verifier: &str| {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.code.as_str()),
            ("redirect_uri", uri),
            ("code_verifier", verifier),
        ];
        server.token(client, &form).await
    };
    let refused = (400, "invalid_grant".to_owned());
    assert_eq!(redeem(&web_b, &code.redirect_uri, &code.verifier).await.refusal(), refused, "client");
    assert_eq!(
        redeem(&web, "https://web.example/other", &code.verifier).await.refusal(),
        refused,
        "redirect URI"
    );
    assert_eq!(redeem(&web, &code.redirect_uri, &other.verifier).await.refusal(), refused, "challenge");
    let tokens = Tokens::of(&redeem(&web, &code.redirect_uri, &code.verifier).await);
    let (id, access) = (decode(&tokens.id_token).claims, decode(&tokens.access_token).claims);
    assert_eq!(id["nonce"], request.get("nonce"));
    assert_eq!((&id["auth_time"], &access["auth_time"]), (&json!(signed_in_at), &json!(signed_in_at)));
    assert_eq!((&id["amr"], &id["acr"]), (&json!(["pwd"]), &json!(null)), "how the person signed in");
    assert_eq!(id["sub"], access["sub"]);
    assert_eq!(access["aud"], json!(fixtures::NOTES), "the resource, and nothing else");
    assert_eq!(tokens.body["scope"], "notes:read");
    let of_session = id["sid"].as_str().unwrap();
    let cookie = browser.jar.find("sid").unwrap();
    assert!(
        !of_session.is_empty() && !of_session.contains(&cookie.value),
        "sid names the session, it does not open it"
    );
}

/// The session that proved who was there ends before the code is used.
#[tokio::test]
async fn az_22_a_code_ends_with_its_session() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    let mut browser = consented(&server, &web).await;
    let code = server.code_by(&mut browser, &AuthorizeRequest::new(&web), &fixtures::ada()).await;
    let page = browser.open("/end-session").await.page();
    let _ = browser.submit(&page, &[], "sign_out").await;
    assert_eq!(server.redeem(&web, &code).await.refusal(), (400, "invalid_grant".into()));
}
