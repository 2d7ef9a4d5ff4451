//! What an operator ends at once holds from the next request, at every endpoint, and what is given afterwards is good.

use proofkey_protocol::ClientId;
use proofkey_testkit::{AuthorizeRequest, Browser, Code, TestClient, TestServer, Tokens, decode, fixtures};

const SCOPE: &str = "openid offline_access notes:read";
const DAY_SECONDS: i64 = 86_400;

/// How each thing that was given before a verb is answered after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) code: u16,
    pub(crate) refresh: u16,
    pub(crate) userinfo: u16,
    pub(crate) introspected: bool,
    /// The browser goes through without a page.
    pub(crate) session: bool,
}

pub(crate) const ALL: Left =
    Left { code: 200, refresh: 200, userinfo: 200, introspected: true, session: true };
pub(crate) const NOTHING: Left =
    Left { code: 400, refresh: 400, userinfo: 401, introspected: false, session: false };

/// Everything that a client may hold of a user, and the user's browser.
pub(crate) struct Held {
    client: TestClient,
    browser: Browser,
    pub(crate) tokens: Tokens,
    code: Code,
}

impl Held {
    pub(crate) async fn new(server: &TestServer, client: TestClient) -> Self {
        let mut browser = Browser::new(server);
        let request = AuthorizeRequest::new(&client).set("scope", SCOPE);
        let code = server.code_by(&mut browser, &request, &fixtures::ada()).await;
        let tokens = Tokens::of(&server.redeem(&client, &code).await);
        let code = server.code_by(&mut browser, &request, &fixtures::ada()).await;
        Self { client, browser, tokens, code }
    }

    pub(crate) async fn left(&self, server: &TestServer) -> Left {
        let Self { client, browser, tokens, code } = self;
        // First of all: what the server had read for it is then as old as the verb.
        let redeemed = server.redeem(client, code).await.status;
        let userinfo = server.userinfo(&tokens.access_token).await.status;
        let introspected = match &client.secret {
            Some(_) => {
                let of_access = server.is_active(client, &tokens.access_token).await;
                assert_eq!(server.is_active(client, &tokens.refresh_token).await, of_access);
                of_access
            }
            // A public client may not ask.
            None => userinfo == 200,
        };
        let request = AuthorizeRequest::new(client).set("prompt", "none");
        let departure = browser.at(server).authorize(&request).await.redirect();
        Left {
            userinfo,
            introspected,
            session: departure.param("error") != "login_required",
            code: redeemed,
            refresh: server.refresh(client, &tokens.refresh_token).await.status,
        }
    }

    /// A whole flow afterwards, in the same browser and in the same second.
    pub(crate) async fn begins_anew(&mut self, server: &TestServer) {
        let request = AuthorizeRequest::new(&self.client).set("scope", SCOPE);
        let code = server.code_by(&mut self.browser, &request, &fixtures::ada()).await;
        let tokens = Tokens::of(&server.redeem(&self.client, &code).await);
        let tokens = Tokens::of(&server.refresh(&self.client, &tokens.refresh_token).await);
        assert_eq!(server.userinfo(&tokens.access_token).await.status, 200);
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Verb {
    SignOut,
    SetPassword,
    DisableAndEnable,
    RevokeGrantsOfUser,
    RevokeGrantsOfClient,
    RevokeGrantsOfOtherClient,
    RevokeGrantsOfOtherUser,
    Unlock,
}

impl Verb {
    pub(crate) async fn run(self, server: &TestServer, client: &TestClient) {
        let admin = server.admin();
        match self {
            Self::SignOut => drop(admin.sign_out_user("ada").await.unwrap()),
            Self::SetPassword => server.set_password("ada", &fixtures::ada().password).await,
            Self::DisableAndEnable => {
                let _user = admin.disable_user("ada").await.unwrap();
                let _user = admin.enable_user("ada").await.unwrap();
            }
            Self::RevokeGrantsOfUser => drop(admin.revoke_grants_of_user("ADA").await.unwrap()),
            Self::RevokeGrantsOfClient => {
                admin.revoke_grants_of_client(&ClientId::new(&*client.id)).await.unwrap();
            }
            Self::RevokeGrantsOfOtherClient => {
                admin.revoke_grants_of_client(&ClientId::new("web-b")).await.unwrap();
            }
            Self::RevokeGrantsOfOtherUser => drop(admin.revoke_grants_of_user("bob").await.unwrap()),
            Self::Unlock => drop(admin.unlock_user("ada").await.unwrap()),
        }
    }
}

#[tokio::test]
async fn k_16_lg_14_what_is_ended_is_refused_everywhere_from_the_next_request_and_nothing_else_is() {
    let without_grants = Left { session: true, ..NOTHING };
    // A browser app's grant is bound to the session, a web app's is not.
    let without_session = Left { session: false, code: 400, ..ALL };
    let cases = [
        (Verb::SignOut, NOTHING, without_session),
        (Verb::SetPassword, NOTHING, NOTHING),
        (Verb::DisableAndEnable, NOTHING, NOTHING),
        (Verb::RevokeGrantsOfUser, NOTHING, NOTHING),
        (Verb::RevokeGrantsOfClient, without_grants, without_grants),
        (Verb::RevokeGrantsOfOtherClient, ALL, ALL),
        (Verb::RevokeGrantsOfOtherUser, ALL, ALL),
        (Verb::Unlock, ALL, ALL),
    ];
    for (verb, of_browser_app, of_web_app) in cases {
        for (client, expected) in [(fixtures::spa(), of_browser_app), (fixtures::web(), of_web_app)] {
            // In the same second as everything before it, and later.
            for later in [0, 5] {
                let server = TestServer::start().await;
                let mut held = Held::new(&server, client.clone()).await;
                server.advance(later);
                verb.run(&server, &client).await;
                assert_eq!(held.left(&server).await, expected, "{verb:?} {} {later}", client.id);
                held.begins_anew(&server).await;
                // Once more in the same second: what was given in between ends too.
                let mut held = Held::new(&server, client.clone()).await;
                verb.run(&server, &client).await;
                assert_eq!(held.left(&server).await, expected, "{verb:?} {} {later}, again", client.id);
                held.begins_anew(&server).await;
            }
        }
    }
}

#[tokio::test]
async fn k_16_a_client_loses_the_tokens_that_it_got_for_itself() {
    let (server, service) = (TestServer::start().await, fixtures::service());
    let token = async || Tokens::of(&server.client_credentials(&service, &[]).await).access_token;
    let before = token().await;
    assert!(server.is_active(&service, &before).await);
    server.admin().revoke_grants_of_client(&ClientId::new("service")).await.unwrap();
    assert!(!server.is_active(&service, &before).await);
    // What the server remembers for a tenth of a second.
    server.refresh_directory().await;
    let after = token().await;
    assert!(server.is_active(&service, &after).await, "in the same second");
    server.advance(-60);
    let after = token().await;
    assert!(server.is_active(&service, &after).await, "by a clock that was set back");
    assert!(!server.is_active(&service, &before).await);
}

#[tokio::test]
async fn k_15_k_16_what_is_given_after_a_verb_of_a_clock_that_ran_ahead_is_good_at_every_door() {
    let without_grants = Left { session: true, ..NOTHING };
    for (verb, left) in [
        (Verb::SetPassword, NOTHING),
        (Verb::DisableAndEnable, NOTHING),
        (Verb::RevokeGrantsOfUser, NOTHING),
        (Verb::RevokeGrantsOfClient, without_grants),
    ] {
        for client in [fixtures::spa(), fixtures::web()] {
            let server = TestServer::start().await;
            let before = Held::new(&server, client.clone()).await;
            server.clock.set_by(DAY_SECONDS);
            verb.run(&server, &client).await;
            server.clock.set_by(-DAY_SECONDS);
            assert_eq!(before.left(&server).await, left, "{verb:?} {}", client.id);
            let mut after = Held::new(&server, client.clone()).await;
            let claims = decode(&after.tokens.id_token).claims;
            let now = server.now().seconds();
            assert_eq!((claims["auth_time"].as_i64(), claims["iat"].as_i64()), (Some(now), Some(now)));
            assert_eq!(after.left(&server).await, ALL, "{verb:?} {}", client.id);
            after.begins_anew(&server).await;
            server.advance(301);
            let fresh = AuthorizeRequest::new(&client).set("scope", SCOPE).set("max_age", "300");
            assert!(
                after.browser.clone().authorize(&fresh).await.page().is_sign_in(),
                "max_age counts from now"
            );
            // Nor does anything end when that day comes, or when it is ended again by a clock that is right.
            let later = Held::new(&server, client.clone()).await;
            verb.run(&server, &client).await;
            assert_eq!(later.left(&server).await, left, "{verb:?} {}, again", client.id);
            let last = Held::new(&server, client.clone()).await;
            server.advance(DAY_SECONDS);
            let kept = server.refresh(&client, &last.tokens.refresh_token).await.status;
            // The grant of a browser app has ended with its session by then.
            assert_eq!(kept, if client.secret.is_some() { 200 } else { 400 }, "{verb:?} {}", client.id);
        }
    }
}

#[tokio::test]
async fn k_15_k_16_a_client_gets_its_own_tokens_after_a_verb_of_a_clock_that_ran_ahead() {
    let (server, service) = (TestServer::start().await, fixtures::service());
    let token = async || Tokens::of(&server.client_credentials(&service, &[]).await).access_token;
    let revoke = async || server.admin().revoke_grants_of_client(&ClientId::new("service")).await.unwrap();
    let before = token().await;
    server.clock.set_by(DAY_SECONDS);
    let of_that_clock = token().await;
    revoke().await;
    server.clock.set_by(-DAY_SECONDS);
    for ended in [&before, &of_that_clock] {
        assert!(!server.is_active(&service, ended).await);
    }
    let after = token().await;
    assert!(server.is_active(&service, &after).await);
    assert_eq!(decode(&after).claims["iat"].as_i64(), Some(server.now().seconds()), "no API finds it ahead");
    revoke().await;
    assert!(!server.is_active(&service, &after).await);
    assert!(server.is_active(&service, &token().await).await);
    server.advance(DAY_SECONDS + 10);
    assert!(!server.is_active(&service, &of_that_clock).await, "its day has come, and it stays ended");
    assert!(server.is_active(&service, &token().await).await);
}

/// The clock was ahead when it happened and is right again: what comes after it is not taken for older.
#[tokio::test]
async fn k_16_a_clock_that_was_set_back_revives_nothing_and_ends_nothing() {
    for verb in [Verb::RevokeGrantsOfUser, Verb::RevokeGrantsOfClient] {
        let (server, web) = (TestServer::start().await, fixtures::web());
        server.advance(60);
        let mut held = Held::new(&server, web.clone()).await;
        verb.run(&server, &web).await;
        server.advance(-50);
        assert_eq!(held.left(&server).await.refresh, 400, "{verb:?}");
        held.begins_anew(&server).await;
        let mut held = Held::new(&server, web.clone()).await;
        verb.run(&server, &web).await;
        assert_eq!(held.left(&server).await.refresh, 400, "{verb:?}");
        held.begins_anew(&server).await;
    }
}

#[tokio::test]
async fn k_04_an_unlocked_account_takes_the_right_password_at_once() {
    let server = TestServer::builder()
        .set("limits.login_account_failures_max", 5)
        .set("limits.login_address_burst", 100_000)
        .start()
        .await;
    let mut browser = Browser::new(&server);
    let mut page = browser.authorize(&AuthorizeRequest::new(&fixtures::web())).await.page();
    for _ in 0..5 {
        page = browser.submit(&page, &[("username", "ada"), ("password", "wrong")], "").await.page();
    }
    server.advance(86_400);
    page = browser.authorize(&AuthorizeRequest::new(&fixtures::web())).await.page();
    page = browser.sign_in(&page, &fixtures::ada()).await.page();
    assert!(page.is_sign_in(), "locked, and no wait opens it");
    let _user = server.admin().unlock_user("Ada").await.unwrap();
    let _ = browser.sign_in(&page, &fixtures::ada()).await;
    assert!(browser.jar.find("sid").is_some());
}
