//! Grants that end, and the refresh tokens of those that stand: `grant.rs` and `refresh.rs` of the table.

use proofkey_oauth::AuthMethod;
use proofkey_protocol::{Named, Refusal};
use proofkey_testkit::{AuthorizeRequest, Browser, Code, TestClient, TestServer, Tokens, fixtures};
use serde_json::json;

use super::Reached;
use crate::support::registered_elsewhere;

const SCOPE: &str = "openid notes:read offline_access";
/// For so long a used refresh token is forgiven.
const OVERLAP_SECONDS: i64 = 60;
/// Longer than a grant lives, however often it is refreshed.
const YEAR_SECONDS: i64 = 365 * 86_400;

/// A clock that is set back by so much finds what was made before to be made ahead.
const AHEAD_SECONDS: i64 = 181;

pub(super) async fn reach(server: &TestServer, reached: &mut Reached) {
    let web = fixtures::web();
    user(server, reached).await;

    let code = server.code(&web, SCOPE).await;
    server.withdraw_consent(&fixtures::ada(), &web.id).await;
    reached.in_json(Refusal::ConsentWithdrawn, &server.redeem(&web, &code).await);

    apis(server, reached).await;
    refresh_tokens(server, reached).await;
    algorithm(reached).await;
}

/// A server whose list leaves out the algorithm that a client is registered for at another one.
async fn algorithm(reached: &mut Reached) {
    let server = TestServer::builder().set("keys.algorithms", "ES256, RS256").start().await;
    let client = registered_elsewhere(&server, "ed", "EdDSA").await;
    let code = server.code(&client, "openid").await;
    let answer = server.redeem(&client, &code).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, "2"), "another server may have the key");
    reached.in_json(Refusal::AlgorithmOff(Named::ours("EdDSA")), &answer);
}

/// An API that is removed after the person allowed it, and more than can be remembered of what one person allows one client.
async fn apis(server: &TestServer, reached: &mut Reached) {
    const RESOURCE: &str = "https://large.example";
    let names: Vec<String> = (0..9).map(|n| n.to_string().repeat(4000)).collect();
    let scopes: Vec<&str> = names.iter().map(String::as_str).collect();
    server.api(RESOURCE, &scopes, false).await;
    let metadata = |scope: &str| {
        json!({"client_id": "large", "redirect_uris": ["https://large.example/cb"], "scope": scope,
                           "token_endpoint_auth_method": "none"})
    };
    server.client(&metadata(scopes[0])).await;
    let client = TestClient {
        id: "large".into(),
        secret: None,
        method: AuthMethod::None,
        redirect_uri: "https://large.example/cb".into(),
        scope: String::new(),
    };
    let mut browser = Browser::signed_in(server, &fixtures::ada()).await;
    let mut last = None;
    for (count, scope) in scopes.iter().enumerate() {
        server.update_client("large", &metadata(scope)).await;
        let request = AuthorizeRequest::new(&client).set("scope", scope);
        if count < 8 {
            last = Some(server.code_by(&mut browser, &request, &fixtures::ada()).await);
        } else {
            let departure = browser.authorize(&request).await.redirect();
            reached.in_redirect(Refusal::ConsentTooLarge, &departure);
        }
    }
    server.remove_api(RESOURCE).await;
    reached.in_json(Refusal::ApiRemoved, &server.redeem(&client, &last.unwrap()).await);
}

/// A code whose user is disabled before it is redeemed; to enable the account again brings no session back.
async fn user(server: &TestServer, reached: &mut Reached) {
    let (web, bob) = (fixtures::web(), fixtures::bob());
    let request = AuthorizeRequest::new(&web).set("scope", SCOPE);
    let code: Code = server.code_by(&mut Browser::new(server), &request, &bob).await;
    for (disabled, refusal) in [(true, Refusal::UserDisabled), (false, Refusal::SessionEnded)] {
        server.disable_user(&bob, disabled).await;
        reached.in_json(refusal, &server.redeem(&web, &code).await);
    }
}

async fn refresh_tokens(server: &TestServer, reached: &mut Reached) {
    let (web, other) = (fixtures::web(), fixtures::web_post());
    let first = server.tokens(&web, SCOPE).await.refresh_token;
    reached.in_json(Refusal::RefreshTokenInvalid, &server.refresh(&web, "changed").await);
    reached.in_json(Refusal::RefreshTokenOfAnotherClient, &server.refresh(&other, &first).await);
    let wider = [("grant_type", "refresh_token"), ("refresh_token", first.as_str()), ("scope", "files:read")];
    reached.in_json(Refusal::ScopeBeyondGrant(Named::of("files:read")), &server.token(&web, &wider).await);

    let second = Tokens::of(&server.refresh(&web, &first).await).refresh_token;
    let _ = Tokens::of(&server.refresh(&web, &second).await);
    server.advance(OVERLAP_SECONDS);
    reached.in_json(Refusal::RefreshTokenRetired, &server.refresh(&web, &first).await);
    reached.in_json(Refusal::GrantRevoked, &server.refresh(&web, &second).await);

    shared(server, reached).await;
    behind(server, reached).await;

    let kept = server.tokens(&web, SCOPE).await.refresh_token;
    server.advance(-AHEAD_SECONDS);
    reached.in_json(Refusal::GrantAhead, &server.refresh(&web, &kept).await);
    server.advance(AHEAD_SECONDS);
    server.advance(YEAR_SECONDS);
    reached.in_json(Refusal::RefreshTokenExpired, &server.refresh(&web, &kept).await);
}

/// A client whose processes share a sign-in.
async fn shared(server: &TestServer, reached: &mut Reached) {
    let client = crate::support::registered(server, "shared", &json!({"refresh_shared": true})).await;
    let first = server.tokens(&client, SCOPE).await.refresh_token;
    let second = Tokens::of(&server.refresh(&client, &first).await).refresh_token;
    let _ = Tokens::of(&server.refresh(&client, &second).await);
    server.advance(OVERLAP_SECONDS * 10);
    reached.in_json(Refusal::RefreshTokenStale, &server.refresh(&client, &first).await);
}

/// A database that went back.
async fn behind(server: &TestServer, reached: &mut Reached) {
    let web = fixtures::web();
    let first = server.tokens(&web, SCOPE).await.refresh_token;
    let second = Tokens::of(&server.refresh(&web, &first).await).refresh_token;
    crate::support::take_back(server).await;
    reached.in_json(Refusal::RefreshTokenAhead, &server.refresh(&web, &second).await);
}
