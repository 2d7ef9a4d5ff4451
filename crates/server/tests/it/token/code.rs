//! Redeeming a code: each single failing check refuses, and none of them spends the code.

use proofkey_testkit::{AuthorizeRequest, Browser, Code, TestServer, Tokens, fixtures};
use serde_json::json;

use crate::support::consented;

fn refused() -> (u16, String) {
    (400, "invalid_grant".into())
}

#[tokio::test]
async fn tk_04_v_06_v_07_a_code_of_one_client_is_worth_nothing_to_another() {
    let server = TestServer::start().await;
    let pairs = [
        (fixtures::native(), fixtures::native_b()),
        (fixtures::spa(), fixtures::spa_b()),
        (fixtures::web(), fixtures::web_b()),
        (fixtures::web_post(), fixtures::web_post_b()),
        (fixtures::web(), fixtures::spa()),
        (fixtures::spa(), fixtures::web()),
    ];
    for (owner, thief) in pairs {
        let code = server.code(&owner, "openid offline_access").await;
        assert_eq!(server.redeem(&thief, &code).await.refusal(), refused(), "{} by {}", owner.id, thief.id);
        // With the thief's own address as well.
        let own = Code { redirect_uri: thief.redirect_uri.clone(), ..code.clone() };
        assert_eq!(server.redeem(&thief, &own).await.refusal(), refused());
        let tokens = Tokens::of(&server.redeem(&owner, &code).await);
        assert_eq!(server.refresh(&thief, &tokens.refresh_token).await.refusal(), refused());
        assert_eq!(server.refresh(&owner, &tokens.refresh_token).await.status, 200, "the owner goes on");
    }
}

#[tokio::test]
async fn v_06_a_code_changed_in_any_byte_is_no_code() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    let code = server.code(&web, "openid").await;
    let mut bent: Vec<String> = (0..code.code.len())
        .map(|at| {
            let mut bytes = code.code.clone().into_bytes();
            bytes[at] = if bytes[at] == b'x' { b'y' } else { b'x' };
            String::from_utf8(bytes).unwrap()
        })
        .collect();
    bent.extend([
        code.code[1..].to_owned(),
        code.code[..code.code.len() - 1].to_owned(),
        format!("{}A", code.code),
        format!("{}=", code.code),
        code.code.to_uppercase(),
    ]);
    for text in bent {
        let answer = server.redeem(&web, &Code { code: text.clone(), ..code.clone() }).await;
        assert_eq!(answer.refusal(), refused(), "{text}");
    }
    assert_eq!(server.redeem(&web, &code).await.status, 200);
}

/// Which of the checks fail.
#[derive(Clone, Copy, Debug)]
struct Failing {
    client: bool,
    redirect_uri: bool,
    verifier: bool,
    expired: bool,
}

#[tokio::test]
async fn v_08_each_failing_check_refuses_alone_and_in_every_combination() {
    let server = TestServer::start().await;
    let (web, web_b) = (fixtures::web(), fixtures::web_b());
    let mut browser = consented(&server, &web).await;
    for bits in 0..16_u8 {
        let failing = Failing {
            client: bits & 1 > 0,
            redirect_uri: bits & 2 > 0,
            verifier: bits & 4 > 0,
            expired: bits & 8 > 0,
        };
        let mut code = server.code_by(&mut browser, &AuthorizeRequest::new(&web), &fixtures::ada()).await;
        if failing.redirect_uri {
            code.redirect_uri.push('x');
        }
        if failing.verifier {
            code.verifier.push('x');
        }
        if failing.expired {
            server.advance(60);
        }
        let client = if failing.client { &web_b } else { &web };
        let answer = server.redeem(client, &code).await;
        if bits == 0 {
            assert_eq!(answer.status, 200, "{answer:?}");
        } else {
            assert_eq!(answer.refusal(), refused(), "{failing:?}");
        }
    }
}

#[tokio::test]
async fn v_10_nothing_else_that_we_issue_is_a_code_and_none_is_spent_by_trying() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    let mut browser = Browser::new(&server);
    let page = browser.authorize(&AuthorizeRequest::new(&web)).await.page();
    let sign_in_step = page.form().inputs[0].1.clone();
    let consent = browser.sign_in(&page, &fixtures::ada()).await.page();
    let consent_step = consent.form().inputs[0].1.clone();
    let code = server
        .code_by(
            &mut browser,
            &AuthorizeRequest::new(&web).set("scope", &web.scope.replace(" files:read", "")),
            &fixtures::ada(),
        )
        .await;
    let tokens = Tokens::of(&server.redeem(&web, &code).await);
    let fresh = server.code_by(&mut browser, &AuthorizeRequest::new(&web), &fixtures::ada()).await;
    let cookie = |word| browser.jar.find(word).unwrap().value.clone();
    let (session, flow, device) = (cookie("sid"), cookie("flow"), cookie("device"));
    let sid = proofkey_testkit::decode(&tokens.id_token).claims["sid"].as_str().unwrap().to_owned();
    let others = [
        ("refresh token", &tokens.refresh_token),
        ("access token", &tokens.access_token),
        ("ID token", &tokens.id_token),
        ("sign-in step", &sign_in_step),
        ("consent step", &consent_step),
        ("session", &session),
        ("flow", &flow),
        ("device", &device),
        ("secret", web.secret.as_ref().unwrap()),
        ("state", &"x".repeat(64)),
        ("sid", &sid),
    ];
    for (name, value) in others {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", value.as_str()),
            ("code_verifier", &fresh.verifier),
            ("redirect_uri", &fresh.redirect_uri),
        ];
        assert_eq!(server.token(&web, &form).await.refusal(), refused(), "{name} as a code");
        if name != "refresh token" {
            assert_eq!(server.refresh(&web, value).await.refusal(), refused(), "{name} as a refresh token");
        }
        if name != "access token" {
            assert_eq!(server.userinfo(value).await.status, 401, "{name} as an access token");
        }
        if !["access token", "refresh token"].contains(&name) {
            assert!(!server.is_active(&web, value).await, "{name} at introspection");
        }
        // Nor is a code any of the others.
        let mut other = Browser::new(&server);
        let page = other.open(&format!("/consent?flow={value}")).await.page();
        // Of a step there is no more in another browser than a link to its request.
        let is_link = name == "consent step" && page.is_sign_in();
        assert!(page.status >= 400 || is_link, "{name} as a step");
    }
    assert_eq!(server.refresh(&web, &fresh.code).await.refusal(), refused(), "a code as a refresh token");
    assert_eq!(server.userinfo(&fresh.code).await.status, 401, "a code as an access token");
    assert!(!server.is_active(&web, &fresh.code).await);
    // Nothing was consumed.
    assert_eq!(server.redeem(&web, &fresh).await.status, 200);
    assert_eq!(server.refresh(&web, &tokens.refresh_token).await.status, 200);
    assert_ne!(browser.allow(&consent).await.redirect().param("code"), "", "the step still holds");
}

#[tokio::test]
async fn tk_10_a_sent_redirect_uri_must_be_the_one_asked_from() {
    let server = TestServer::start().await;
    let metadata = json!({
        "client_id": "classic", "client_secret": "a secret of a client of long ago, given", "redirect_uris": ["https://classic.example/cb"],
        "require_redirect_uri": true,
    });
    let _ = server.client(&metadata).await;
    let classic = proofkey_testkit::TestClient {
        id: "classic".into(),
        secret: Some("a secret of a client of long ago, given".into()),
        redirect_uri: "https://classic.example/cb".into(),
        ..fixtures::web()
    };
    for (client, absent_is_fine) in
        [(fixtures::web(), true), (fixtures::native(), true), (fixtures::spa(), true), (classic, false)]
    {
        let code = server.code(&client, "openid").await;
        for wrong in
            ["https://evil.example/", &format!("{}/", code.redirect_uri), &code.redirect_uri.to_uppercase()]
        {
            let answer = server.redeem(&client, &Code { redirect_uri: wrong.into(), ..code.clone() }).await;
            assert_eq!(answer.refusal(), refused(), "{} {wrong}", client.id);
        }
        let absent = server.redeem(&client, &Code { redirect_uri: String::new(), ..code.clone() }).await;
        if absent_is_fine {
            assert_eq!(absent.status, 200, "{}", client.id);
        } else {
            assert_eq!(absent.refusal(), refused(), "{}", client.id);
            assert_eq!(server.redeem(&client, &code).await.status, 200);
        }
    }
}

/// The port that the app really listens on is part of what was asked.
#[tokio::test]
async fn tk_10_the_port_of_a_loopback_redirect_is_bound_too() {
    let server = TestServer::start().await;
    let native = fixtures::native();
    let request = AuthorizeRequest::new(&native).set("redirect_uri", "http://127.0.0.1:4001/callback");
    let code = server.code_by(&mut Browser::new(&server), &request, &fixtures::ada()).await;
    let other = Code { redirect_uri: "http://127.0.0.1:4002/callback".into(), ..code.clone() };
    assert_eq!(server.redeem(&native, &other).await.refusal(), refused());
    assert_eq!(server.redeem(&native, &code).await.status, 200);
}

#[tokio::test]
async fn tk_20_whoever_was_disabled_after_the_code_gets_nothing() {
    let server = TestServer::start().await;
    for client in fixtures::user_clients() {
        let code = server.code(&client, "openid").await;
        server.disable_client(&client.id, true).await;
        assert_eq!(
            server.redeem(&client, &code).await.refusal(),
            (401, "invalid_client".into()),
            "{}",
            client.id
        );
        server.disable_client(&client.id, false).await;
        assert_eq!(server.redeem(&client, &code).await.status, 200, "and may again: {}", client.id);
        let code = server.code(&client, "openid").await;
        server.disable_user(&fixtures::ada(), true).await;
        assert_eq!(server.redeem(&client, &code).await.refusal(), refused(), "{}", client.id);
        server.disable_user(&fixtures::ada(), false).await;
        assert_eq!(
            server.redeem(&client, &code).await.refusal(),
            refused(),
            "its session has ended: {}",
            client.id
        );
    }
}
