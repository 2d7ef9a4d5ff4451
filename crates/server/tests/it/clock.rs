//! Clocks that run ahead or go back: nothing that was spent revives, and what a wrong clock made is refused.

use proofkey_testkit::{AuthorizeRequest, Browser, Navigated, TestServer, Tokens, fixtures};

use crate::support::consented;

const SCOPE: &str = "openid offline_access notes:read";
/// Two and a half hours.
const AHEAD_SECONDS: i64 = 9_000;

#[tokio::test]
async fn k_15_what_a_clock_made_that_ran_ahead_is_refused_once_it_is_right() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    let request = AuthorizeRequest::new(&web).set("scope", SCOPE);
    let mut honest = consented(&server, &web).await;
    server.clock.set_by(AHEAD_SECONDS);
    let mut browser = Browser::signed_in(&server, &fixtures::ada()).await;
    let code = server.code_by(&mut browser, &request, &fixtures::ada()).await;
    let spent = server.code_by(&mut browser, &request, &fixtures::ada()).await;
    let tokens = Tokens::of(&server.redeem(&web, &spent).await);
    let service = Tokens::of(&server.client_credentials(&fixtures::service(), &[]).await).access_token;
    let mut stranger = Browser::new(&server);
    let page = stranger.authorize(&request).await.page();
    server.clock.set_by(-AHEAD_SECONDS);

    let refused = (400, "invalid_grant".to_owned());
    assert_eq!(server.redeem(&web, &code).await.refusal(), refused, "a code");
    assert_eq!(server.redeem(&web, &spent).await.refusal(), refused, "a spent code");
    assert_eq!(server.refresh(&web, &tokens.refresh_token).await.refusal(), refused, "a refresh token");
    assert_eq!(server.userinfo(&tokens.access_token).await.status, 401, "an access token");
    assert!(
        !server.is_active(&web, &tokens.access_token).await
            && !server.is_active(&web, &tokens.refresh_token).await
    );
    assert!(!server.is_active(&fixtures::service(), &service).await, "a client's own token");
    assert!(browser.authorize(&request).await.page().is_sign_in(), "a session");
    let next = stranger.sign_in(&page, &fixtures::ada()).await;
    assert!(
        !matches!(next, proofkey_testkit::Navigated::Redirect(departure) if !departure.param("code").is_empty()),
        "a page"
    );

    assert_ne!(honest.authorize(&request).await.redirect().param("code"), "", "a session from before stands");
    let _ = server.tokens(&web, SCOPE).await;
}

#[tokio::test]
async fn k_15_a_consent_of_a_clock_that_ran_ahead_is_asked_for_again_and_stands_since_then() {
    for client in fixtures::user_clients() {
        let server = TestServer::start().await;
        server.clock.set_by(AHEAD_SECONDS);
        let _ahead = consented(&server, &client).await;
        server.clock.set_by(-AHEAD_SECONDS);
        let mut browser = Browser::signed_in(&server, &fixtures::ada()).await;
        let request = AuthorizeRequest::new(&client).set("scope", SCOPE);
        for asked in [true, client.redirect_uri.starts_with("http://127")] {
            let departure = match browser.authorize(&request).await {
                Navigated::Page(page) if asked => browser.allow(&page).await.redirect(),
                other => other.redirect(),
            };
            assert_ne!(departure.param("code"), "", "{}", client.id);
        }
        let code = server.code_by(&mut browser, &request, &fixtures::ada()).await;
        let tokens = Tokens::of(&server.redeem(&client, &code).await);
        let _ = Tokens::of(&server.refresh(&client, &tokens.refresh_token).await);
    }
}

#[tokio::test]
async fn k_15_nodes_may_stand_two_minutes_apart() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    server.clock.set_by(120);
    let code = server.code(&web, SCOPE).await;
    server.clock.set_by(-120);
    let tokens = Tokens::of(&server.redeem(&web, &code).await);
    let _ = Tokens::of(&server.refresh(&web, &tokens.refresh_token).await);
    assert!(server.is_active(&web, &tokens.access_token).await);
}
