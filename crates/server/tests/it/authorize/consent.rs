//! What the person allows: when it is asked, what the page says, what may change meanwhile.

use proofkey_protocol::ApiScope;
use proofkey_server::admin::NewApi;
use proofkey_testkit::{AuthorizeRequest, Browser, TestServer, Tokens, fixtures};
use serde_json::json;

use crate::support::consented;

#[tokio::test]
async fn az_30_a_refresh_token_comes_with_offline_access_and_consent_alone() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    assert_eq!(server.tokens(&web, "openid notes:read").await.refresh_token, "");
    assert_ne!(server.tokens(&web, "openid notes:read offline_access").await.refresh_token, "");
    // Remembered consent counts; consent to less does not.
    let mut browser = Browser::new(&server);
    let narrow = AuthorizeRequest::new(&fixtures::web_b());
    let _ = browser.complete(&narrow, &fixtures::ada()).await;
    let wide = narrow.set("scope", "openid offline_access");
    let page = browser.authorize(&wide).await.page();
    assert!(page.is_consent());
    assert_eq!(browser.deny(&page).await.redirect().param("error"), "access_denied");
    assert_eq!(
        browser.authorize(&wide.set("prompt", "none")).await.redirect().param("error"),
        "consent_required"
    );
}

#[tokio::test]
async fn az_29_az_30_a_client_that_cannot_refresh_is_told_what_it_got() {
    let server = TestServer::start().await;
    let metadata = json!({
        "client_id": "brief", "token_endpoint_auth_method": "none", "redirect_uris": ["https://brief.example/cb"],
        "grant_types": ["authorization_code"], "scope": "openid offline_access notes:read",
    });
    let _ = server.client(&metadata).await;
    let client = proofkey_testkit::TestClient {
        id: "brief".into(),
        redirect_uri: "https://brief.example/cb".into(),
        ..fixtures::spa()
    };
    let tokens = server.tokens(&client, "openid offline_access notes:read").await;
    assert_eq!(tokens.refresh_token, "");
    assert_eq!(tokens.body["scope"], "openid notes:read");
}

#[tokio::test]
async fn az_31_an_app_that_others_can_imitate_is_asked_for_each_time() {
    let server = TestServer::start().await;
    for (client, asks) in [
        (fixtures::native(), true),
        (fixtures::spa(), false),
        (fixtures::web(), false),
        (fixtures::web_post(), false),
    ] {
        let mut browser = consented(&server, &client).await;
        let outcome = browser.authorize(&AuthorizeRequest::new(&client)).await;
        if asks {
            assert!(outcome.page().is_consent(), "{}", client.id);
        } else {
            assert_ne!(outcome.redirect().param("code"), "", "{}", client.id);
        }
        let page = browser.authorize(&AuthorizeRequest::new(&client).set("prompt", "consent")).await.page();
        assert!(page.is_consent(), "{}", client.id);
    }
}

#[tokio::test]
async fn az_32_the_consent_page_says_who_asks_for_what_where_and_for_how_long() {
    let server = TestServer::start().await;
    let ask = async |client, scope: &str| {
        let mut browser = Browser::new(&server);
        let page = browser.authorize(&AuthorizeRequest::new(&client).set("scope", scope)).await.page();
        browser.sign_in(&page, &fixtures::ada()).await.page().text()
    };
    let text = ask(fixtures::web(), "openid email notes:read offline_access").await;
    let said = [
        "The web app",
        "web.example",
        "Ada Lovelace",
        "Read your notes",
        "notes.example",
        "Notes",
        "notes:read",
        "offline_access",
    ];
    for said in said {
        assert!(text.contains(said), "{said} in {text}");
    }
    assert!(!text.contains("Change your notes") && !text.contains("Files"), "{text}");
    let once = ask(fixtures::web(), "openid notes:read").await;
    assert!(once.contains("10 minutes"), "the life of the access token: {once}");
    let native = ask(fixtures::native(), "openid notes:write").await;
    for said in ["The native app", "127.0.0.1", "Change your notes"] {
        assert!(native.contains(said), "{said} in {native}");
    }
    let warnings = |text: &str| text.matches("this device").count() + text.matches("this computer").count();
    assert!(warnings(&native) > warnings(&text), "an app on this device is warned of: {native}");
}

#[tokio::test]
async fn az_32_the_consent_page_names_every_api_and_the_real_end() {
    let server = TestServer::start().await;
    let payroll = "https://notes.example/payroll";
    let of_payroll = NewApi {
        resource: payroll.to_owned(),
        scopes: vec![ApiScope { name: "payroll:read".to_owned(), description: None }],
        access_token_seconds: Some(3_600),
        ..NewApi::default()
    };
    let _ = server.api_with(of_payroll).await;
    let metadata = json!({
        "client_id": "desk", "client_secret": "a secret that the desk has had for long", "client_name": "Desk",
        "redirect_uris": ["https://desk.example/cb"], "scope": "openid notes:read payroll:read offline_access",
        "grant_types": ["authorization_code", "refresh_token"],
    });
    let _ = server.client(&metadata).await;
    let desk = proofkey_testkit::TestClient {
        id: "desk".into(),
        redirect_uri: "https://desk.example/cb".into(),
        ..fixtures::web()
    };
    let ask = async |client: &proofkey_testkit::TestClient, scope: &str, resource: &str| {
        let mut browser = Browser::new(&server);
        let request = AuthorizeRequest::new(client).set("scope", scope).set("resource", resource);
        let page = browser.authorize(&request).await.page();
        browser.sign_in(&page, &fixtures::ada()).await.page().text()
    };
    // Two APIs at one host are two APIs, and an API that is only named is one too.
    let both = ask(&desk, "notes:read payroll:read", "").await;
    let named = ask(&desk, "openid", payroll).await;
    assert!(both.contains(payroll) && both.contains(fixtures::NOTES), "{both}");
    assert!(named.contains("notes.example") && !named.contains("notes:read"), "{named}");
    assert!(both.contains("60 minutes"), "the longer of the two lives: {both}");
    // A browser app's permission ends with the session, a native app's with the refresh token.
    let (spa, native) = (fixtures::spa(), fixtures::native());
    let spa = ask(&spa, "openid notes:read offline_access", fixtures::NOTES).await;
    assert!(spa.contains("24 hours"), "{spa}");
    let native = ask(&native, "openid notes:read offline_access", fixtures::NOTES).await;
    assert!(native.contains("Until") && native.contains(" 20"), "{native}");
}

#[tokio::test]
async fn az_35_what_changes_while_a_page_is_open_counts() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    let ada = fixtures::ada();
    let open = async || {
        let mut browser = Browser::new(&server);
        let request = AuthorizeRequest::new(&web).set("prompt", "consent");
        let page = browser.authorize(&request).await.page();
        let consent = browser.sign_in(&page, &ada).await.page();
        assert!(consent.is_consent());
        (browser, consent)
    };
    let (mut browser, consent) = open().await;
    server.disable_client("web", true).await;
    let page = browser.allow(&consent).await.page();
    assert_eq!((page.status, page.error_code().as_str()), (400, "invalid_client"));
    server.disable_client("web", false).await;
    let (mut browser, consent) = open().await;
    server.disable_user(&ada, true).await;
    assert!(browser.allow(&consent).await.page().is_sign_in(), "the session is gone");
    server.disable_user(&ada, false).await;
    assert!(browser.allow(&consent).await.page().is_sign_in(), "and stays gone");
}

#[tokio::test]
async fn az_35_a_user_disabled_while_the_sign_in_page_is_open_does_not_get_in() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    let page = browser.authorize(&AuthorizeRequest::new(&fixtures::web())).await.page();
    server.disable_user(&fixtures::ada(), true).await;
    let again = browser.sign_in(&page, &fixtures::ada()).await.page();
    assert!(again.is_sign_in() && browser.jar.find("sid").is_none());
    server.disable_client("web", true).await;
    assert_eq!(browser.sign_in(&again, &fixtures::bob()).await.page().error_code(), "invalid_client");
}

#[tokio::test]
async fn az_35_a_consent_withdrawn_while_somebody_signs_in_is_asked_for_again() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    let mut browser = consented(&server, &web).await;
    let page = browser.authorize(&AuthorizeRequest::new(&web).set("prompt", "login")).await.page();
    server.withdraw_consent(&fixtures::ada(), "web").await;
    assert!(browser.sign_in(&page, &fixtures::ada()).await.page().is_consent());
}

/// The page named a user; in another tab another user has signed in since.
#[tokio::test]
async fn az_35_an_answer_counts_for_the_user_that_the_page_named() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    let mut browser = Browser::new(&server);
    let page = browser.authorize(&AuthorizeRequest::new(&web)).await.page();
    let consent = browser.sign_in(&page, &fixtures::ada()).await.page();
    let page = browser.authorize(&AuthorizeRequest::new(&web).set("prompt", "login")).await.page();
    let _ = browser.sign_in(&page, &fixtures::bob()).await;
    let shown = browser.allow(&consent).await.page();
    assert!(shown.is_consent() && shown.text().contains("Bob"), "bob is asked himself: {}", shown.text());
}

#[tokio::test]
async fn az_35_a_code_is_worth_nothing_once_its_consent_is_withdrawn() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    let code = server.code(&web, "openid").await;
    server.withdraw_consent(&fixtures::ada(), "web").await;
    assert_eq!(server.redeem(&web, &code).await.refusal(), (400, "invalid_grant".into()));
    let again = Tokens::of(&server.redeem(&web, &server.code(&web, "openid").await).await);
    assert_ne!(again.access_token, "");
}

#[tokio::test]
async fn az_35_a_code_is_worth_no_more_than_the_consent_that_is_left() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    let mut browser = consented(&server, &web).await;
    let narrow = AuthorizeRequest::new(&web).set("scope", "openid");
    let wide = narrow.clone().set("scope", "openid notes:read");
    let code = server.code_by(&mut browser, &wide, &fixtures::ada()).await;
    server.withdraw_consent(&fixtures::ada(), "web").await;
    let fresh = server.code_by(&mut browser, &narrow, &fixtures::ada()).await;
    assert_eq!(server.redeem(&web, &code).await.refusal(), (400, "invalid_grant".into()));
    assert_eq!(server.redeem(&web, &fresh).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn az_30_consents_that_are_given_at_once_are_all_remembered() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    let mut asked = Vec::new();
    for scope in ["openid", "openid email", "openid notes:read offline_access", "openid offline_access"] {
        let mut browser = Browser::signed_in(&server, &fixtures::ada()).await;
        let page = browser.authorize(&AuthorizeRequest::new(&web).set("scope", scope)).await.page();
        asked.push((browser, page));
    }
    let answers = asked.into_iter().map(async |(mut browser, page)| {
        assert_ne!(browser.allow(&page).await.redirect().param("code"), "");
    });
    for answer in answers.map(tokio::spawn).collect::<Vec<_>>() {
        answer.await.unwrap();
    }
    let all = AuthorizeRequest::new(&web).set("scope", "openid email notes:read offline_access");
    let mut browser = Browser::signed_in(&server, &fixtures::ada()).await;
    assert_ne!(browser.authorize(&all.set("prompt", "none")).await.redirect().param("code"), "");
}
