//! What people and apps notice when a database is copied to the other engine, or restored from a backup.

use std::ops::ControlFlow;

use proofkey_protocol::Random as _;
use proofkey_server::SystemRandom;
use proofkey_store::CopyId;
use proofkey_store::moving::{self, Begun, Copied, Ends, Place, Progress, Restoration, RestorePlan};
use proofkey_testkit::{
    Answer, AuthorizeRequest, Browser, Code, Navigated, Page, TestClient, TestServer, Tokens, fixtures,
};
use serde_json::json;

use proofkey_testkit::postgres::TestDatabase;

const SCOPE: &str = "openid offline_access notes:read";

fn begun(server: &TestServer) -> Begun {
    let mut id = [0; 16];
    SystemRandom.fill(&mut id);
    Begun { id: CopyId(id), at: server.now() }
}

fn silent(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// The database of a server in a file.
fn file_of(server: &TestServer) -> Place {
    Place::File(server.data().join("proofkey.db"))
}

/// What was given before, as apps and a browser hold it.
struct Held {
    browser: Browser,
    refresh_token: String,
    access_token: String,
    own: String,
    spent: Code,
    code: Code,
}

impl Held {
    async fn of(server: &TestServer) -> Self {
        let web = fixtures::web();
        let mut browser = Browser::new(server);
        let request = AuthorizeRequest::new(&web).set("scope", SCOPE);
        let spent = server.code_by(&mut browser, &request, &fixtures::ada()).await;
        let tokens = Tokens::of(&server.redeem(&web, &spent).await);
        let code = server.code_by(&mut browser, &request, &fixtures::ada()).await;
        let own = Tokens::of(&server.client_credentials(&fixtures::service(), &[]).await).access_token;
        let Tokens { refresh_token, access_token, .. } = tokens;
        Self { browser, refresh_token, access_token, own, spent, code }
    }

    /// The browser, with connections of its own to a server that was started again.
    fn browser(&self, server: &TestServer) -> Browser {
        let mut browser = Browser::new(server);
        browser.jar = self.browser.jar.clone();
        browser
    }

    /// All of it works; the refresh token is used, and the next one is held.
    async fn assert_goes_on(&mut self, server: &TestServer) {
        let web = fixtures::web();
        assert!(is_signed_in(server, &self.browser(server)).await);
        assert_eq!(server.userinfo(&self.access_token).await.status, 200);
        assert!(server.is_active(&fixtures::service(), &self.own).await);
        let tokens = Tokens::of(&server.refresh(&web, &self.refresh_token).await);
        (self.refresh_token, self.access_token) = (tokens.refresh_token, tokens.access_token);
    }

    async fn assert_ended(&self, server: &TestServer) {
        let web = fixtures::web();
        assert!(!is_signed_in(server, &self.browser(server)).await);
        assert_eq!(server.userinfo(&self.access_token).await.status, 401);
        assert!(!server.is_active(&fixtures::service(), &self.own).await);
        for code in [&self.code, &self.spent] {
            assert_refused_without_a_theft(&server.redeem(&web, code).await);
        }
        assert_refused_without_a_theft(&server.refresh(&web, &self.refresh_token).await);
    }
}

/// What is refused has ended: nobody is told to be a thief by the rule that refused it, which the log names too.
fn assert_refused_without_a_theft(answer: &Answer) {
    assert_eq!(answer.refusal(), (400, "invalid_grant".into()));
    let rule = answer.json()["error_rule"].as_str().unwrap().to_owned();
    let thefts = ["refresh_token.reused", "refresh_token.stale", "code.redeemed", "store.behind"];
    assert!(!thefts.contains(&rule.as_str()), "{rule}");
}

async fn is_signed_in(_: &TestServer, browser: &Browser) -> bool {
    let unasked = AuthorizeRequest::new(&fixtures::web()).set("scope", SCOPE).set("prompt", "none");
    browser.clone().authorize(&unasked).await.redirect().param("error") != "login_required"
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_12_sessions_and_refresh_tokens_go_on_after_a_copy_to_postgresql_and_back() {
    let database = TestDatabase::create("template0").await;
    let on_server = Place::server(&database.url()).unwrap();
    let mut server = TestServer::builder().sqlite().start().await;
    let mut held = Held::of(&server).await;
    server.stop().await;
    let copied = moving::copy(&file_of(&server), &on_server, begun(&server), &mut silent).await;
    assert!(matches!(copied, Ok(Copied::Whole { .. })), "{copied:?}");
    let refused = server.refusal_to_start("log.level", "info").await;
    assert!(refused.contains("it was copied to 127.0.0.1"), "{refused}");

    server.set("store.url", Some(&database.url()));
    server.restart().await;
    held.assert_goes_on(&server).await;
    let replayed = server.redeem(&fixtures::web(), &held.spent).await;
    assert_eq!(replayed.refusal(), (400, "invalid_grant".into()), "a spent code stays spent");
    let mut held = Held::of(&server).await;
    server.stop().await;

    std::fs::remove_file(server.data().join("proofkey.db")).unwrap();
    let copied = moving::copy(&on_server, &file_of(&server), begun(&server), &mut silent).await;
    assert!(matches!(copied, Ok(Copied::Whole { .. })), "{copied:?}");
    let refused = server.refusal_to_start("log.level", "info").await;
    assert!(refused.contains("it was copied to "), "{refused}");
    server.set("store.url", None);
    server.restart().await;
    held.assert_goes_on(&server).await;
    held.assert_goes_on(&server).await;
}

/// The consent page of somebody who is signed in.
async fn consent_page(browser: &mut Browser) -> Page {
    let request = AuthorizeRequest::new(&fixtures::web()).set("scope", SCOPE).set("prompt", "consent");
    browser.authorize(&request).await.page()
}

fn late() -> TestClient {
    TestClient {
        id: "late".into(),
        secret: Some("a secret of more than thirty-two characters".into()),
        ..fixtures::service()
    }
}

async fn add_late(server: &TestServer) {
    let late = late();
    let registration = json!({
        "client_id": late.id, "client_secret": late.secret, "redirect_uris": [], "scope": "notes:read",
        "grant_types": ["client_credentials"],
    });
    let _given = server.client(&registration).await;
}

async fn restore(server: &TestServer, backup: &std::path::Path, ends: Ends) {
    let into = file_of(server);
    let plan = RestorePlan { from: backup, into: &into, replace: true, ends, begun: begun(server) };
    let restoration = Restoration::prepare(plan).await.unwrap();
    assert!(restoration.put_in_place(&mut silent).await.unwrap().kept.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_13_f_33_after_a_restore_nothing_works_that_was_given_before_or_since_the_backup_and_nobody_is_a_thief()
 {
    let mut server = TestServer::builder().sqlite().start().await;
    let web = fixtures::web();
    let mut before = Held::of(&server).await;
    let waiting = consent_page(&mut before.browser).await;
    assert!(waiting.is_consent());
    let backup = server.data().join("backup");
    let _made = moving::backup(&file_of(&server), &backup, begun(&server), &mut silent).await.unwrap();
    // In the time that is lost: tokens move on, others begin, and there is another client.
    let stale = before.refresh_token.clone();
    for _ in 0..2 {
        before.refresh_token = Tokens::of(&server.refresh(&web, &before.refresh_token).await).refresh_token;
    }
    let since = Held::of(&server).await;
    add_late(&server).await;
    let own_of_late = Tokens::of(&server.client_credentials(&late(), &[]).await).access_token;
    assert!(server.is_active(&late(), &own_of_late).await);
    server.stop().await;

    restore(&server, &backup, Ends::default()).await;
    server.restart().await;
    before.assert_ended(&server).await;
    since.assert_ended(&server).await;
    assert_refused_without_a_theft(&server.refresh(&web, &stale).await);
    // Under the id of the lost one there is another client now.
    add_late(&server).await;
    assert!(!server.is_active(&late(), &own_of_late).await);
    let answered = before.browser(&server).allow(&waiting).await;
    assert!(matches!(&answered, Navigated::Page(page) if page.is_sign_in()), "{answered:?}");
    // What is given from now on works, and lives over another restart.
    let mut after = Held::of(&server).await;
    server.restart().await;
    after.assert_goes_on(&server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_14_revoked_keys_and_withdrawn_consents_come_back_unless_the_operator_ends_them() {
    for ends in [Ends { keys: false, consents: false }, Ends { keys: true, consents: true }] {
        let mut server = TestServer::builder().sqlite().start().await;
        let held = Held::of(&server).await;
        let kid = proofkey_testkit::decode(&held.access_token).header["kid"].as_str().unwrap().to_owned();
        let backup = server.data().join("backup");
        let _made = moving::backup(&file_of(&server), &backup, begun(&server), &mut silent).await.unwrap();
        server.withdraw_consent(&fixtures::ada(), "web").await;
        let _revoked =
            server.admin().revoke_keys(&proofkey_server::admin::KeysToRevoke::One(kid.clone())).await;
        server.stop().await;
        restore(&server, &backup, ends).await;
        server.restart().await;
        assert_eq!(server.get("/jwks", &[]).await.body.contains(&kid), !ends.keys);
        let mut browser = Browser::signed_in(&server, &fixtures::ada()).await;
        let request = AuthorizeRequest::new(&fixtures::web()).set("scope", SCOPE);
        let answered = browser.authorize(&request).await;
        let asked = matches!(&answered, Navigated::Page(page) if page.is_consent());
        assert_eq!(asked, ends.consents, "{answered:?}");
    }
}
