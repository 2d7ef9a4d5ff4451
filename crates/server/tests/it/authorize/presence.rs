//! Who is there, and how lately they proved it: `prompt`, `max_age`, `id_token_hint`, and posts from other sites.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proofkey_testkit::{AuthorizeRequest, Browser, TestServer, Tokens, decode, fixtures};

use crate::support::{consented, consented_as, refused};

#[tokio::test]
async fn az_14_a_cross_site_post_finds_the_session_after_one_303_to_ourselves() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    let mut browser = consented(&server, &web).await;
    let request = AuthorizeRequest::new(&web);
    let answer = browser.post_cross_site("/authorize", &request.params).await;
    assert_eq!(answer.status, 303);
    let location = answer.header("location").to_owned();
    assert!(location.starts_with("/authorize?flow="), "{location}");
    assert!(!location.contains(request.get("state")), "the request travels sealed");
    let resumed = browser.get(&location).await;
    assert_eq!(resumed.status, 303, "once: the next hop is the client");
    assert!(resumed.header("location").starts_with(&format!("{}?code=", web.redirect_uri)));
    // The same without a session: to the sign-in page.
    let mut anonymous = Browser::new(&server);
    let answer = anonymous.post_cross_site("/authorize", &request.params).await;
    let page = anonymous.follow("/authorize", answer).await.page();
    assert!(page.is_sign_in());
}

#[tokio::test]
async fn az_14_a_get_and_a_post_of_one_request_end_alike() {
    let server = TestServer::start().await;
    let browser = consented(&server, &fixtures::web()).await;
    for request in [
        AuthorizeRequest::new(&fixtures::web()),
        AuthorizeRequest::new(&fixtures::web()).set("scope", "admin"),
    ] {
        let by_get = browser.clone().authorize(&request).await.redirect();
        let mut poster = browser.clone();
        let answer = poster.post("/authorize", &request.params).await;
        let by_post = poster.follow("/authorize", answer).await.redirect();
        for name in ["error", "state", "iss"] {
            assert_eq!(by_get.param(name), by_post.param(name));
        }
        assert_eq!(by_get.param("code").is_empty(), by_post.param("code").is_empty());
    }
}

/// A cross-site POST carries no cookie of ours, so it must not look like a new browser and take a step's cookie away.
#[tokio::test]
async fn az_14_a_cross_site_post_leaves_a_sign_in_in_another_tab_alone() {
    let server = TestServer::start().await;
    let request = AuthorizeRequest::new(&fixtures::web());
    let mut browser = Browser::new(&server);
    let open_page = browser.authorize(&request).await.page();
    for (path, form) in [("/authorize", &request.params), ("/end-session", &Vec::new())] {
        let answer = browser.post_cross_site(path, form).await;
        assert_eq!((answer.status, answer.header("set-cookie")), (303, ""), "{path}");
        let _ = browser.follow(path, answer).await;
    }
    let outcome = browser.sign_in(&open_page, &fixtures::ada()).await;
    assert!(outcome.page().is_consent());
}

#[tokio::test]
async fn az_25_freshness_belongs_to_the_session_that_earned_it() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    // A session cookie of ada's, stolen.
    let stolen = consented(&server, &web).await.jar.find("sid").cloned().expect("ada is signed in");
    let fresh = AuthorizeRequest::new(&web).set("prompt", "login");
    let mut thief = Browser::new(&server);
    let page = thief.authorize(&fresh).await.page();
    let consent = thief.sign_in(&page, &fixtures::bob()).await.page();
    assert!(consent.is_consent());
    thief.jar.cookies.retain(|cookie| cookie.name != stolen.name);
    thief.jar.cookies.push(stolen);
    assert!(thief.allow(&consent).await.page().is_sign_in(), "bob's password is not ada's");
}

#[tokio::test]
async fn az_24_prompt_none_shows_nothing_and_says_why() {
    let server = TestServer::start().await;
    let none = |client| AuthorizeRequest::new(client).set("prompt", "none");
    let (web, native) = (fixtures::web(), fixtures::native());
    assert_eq!(refused(&server, &Browser::new(&server), &none(&web)).await, "login_required");
    let browser = Browser::signed_in(&server, &fixtures::ada()).await;
    assert_eq!(refused(&server, &browser, &none(&web)).await, "consent_required");
    let browser = consented(&server, &native).await;
    assert_eq!(refused(&server, &browser, &none(&native)).await, "interaction_required");
    let browser = consented(&server, &web).await;
    assert_ne!(browser.clone().authorize(&none(&web)).await.redirect().param("code"), "");
    for prompt in ["none login", "login none", "none consent", "none none"] {
        let request = none(&web).set("prompt", prompt);
        assert_eq!(refused(&server, &browser, &request).await, "invalid_request", "{prompt}");
        assert_eq!(refused(&server, &Browser::new(&server), &request).await, "invalid_request", "{prompt}");
    }
    let too_old = none(&web).set("max_age", "0");
    assert_eq!(refused(&server, &browser, &too_old).await, "login_required");
}

#[tokio::test]
async fn az_25_prompt_login_and_max_age_want_a_fresh_authentication() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    let mut browser = consented(&server, &web).await;
    for (name, value, wait_seconds, asks) in [
        ("prompt", "login", 0, true),
        ("max_age", "0", 0, true),
        ("max_age", "60", 60, false),
        ("max_age", "60", 61, true),
        ("max_age", "4000", 30, false),
    ] {
        let signed_in_at = server.now();
        server.advance(wait_seconds);
        let request = AuthorizeRequest::new(&web).set(name, value);
        let outcome = browser.authorize(&request).await;
        let (departure, auth_time) = if asks {
            let page = outcome.page();
            assert!(page.is_sign_in(), "{name}={value} after {wait_seconds} s");
            server.advance(7);
            (browser.sign_in(&page, &fixtures::ada()).await.redirect(), server.now())
        } else {
            (outcome.redirect(), signed_in_at)
        };
        let code = departure.param("code");
        let form =
            [("grant_type", "authorization_code"), ("code", &code), ("code_verifier", &request.verifier)];
        let tokens = Tokens::of(&server.token(&web, &form).await);
        if asks {
            assert_eq!(decode(&tokens.id_token).claims["auth_time"], auth_time.seconds(), "{name}={value}");
        } else {
            assert!(decode(&tokens.id_token).claims["auth_time"].as_i64().unwrap() <= auth_time.seconds());
        }
    }
}

/// To load the sign-in page again, or to go back to the first address, is no authentication.
#[tokio::test]
async fn az_25_a_forced_sign_in_cannot_be_walked_around() {
    let server = TestServer::start().await;
    let mut browser = consented(&server, &fixtures::web()).await;
    let request = AuthorizeRequest::new(&fixtures::web()).set("prompt", "login");
    let page = browser.authorize(&request).await.page();
    let flow = page.form().inputs[0].1.clone();
    for path in ["/consent", "/authorize"] {
        let again = browser.clone().open(&format!("{path}?flow={flow}")).await.page();
        assert_eq!(again.status, 400, "{path}");
    }
    let posted = browser.post("/consent", &[("flow", flow.as_str()), ("decision", "allow")]).await;
    assert_eq!(posted.status, 400);
    assert!(browser.authorize(&request).await.page().is_sign_in());
}

#[tokio::test]
async fn az_26_an_id_token_hint_must_verify() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    let browser = consented(&server, &web).await;
    let tokens = server.tokens(&web, "openid").await;
    let hinted = |hint: &str| AuthorizeRequest::new(&web).set("prompt", "none").set("id_token_hint", hint);
    assert_ne!(browser.clone().authorize(&hinted(&tokens.id_token)).await.redirect().param("code"), "");
    // A hint may be old.
    server.advance(1_800);
    assert_ne!(browser.clone().authorize(&hinted(&tokens.id_token)).await.redirect().param("code"), "");
    let elsewhere = TestServer::builder().issuer("https://other.example").start().await;
    let foreign = elsewhere.tokens(&web, "openid").await.id_token;
    let parts: Vec<&str> = tokens.id_token.split('.').collect();
    let unsigned = format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), parts[1]);
    let mut bent = tokens.id_token.clone().into_bytes();
    let at = tokens.id_token.len() - 20;
    bent[at] = if bent[at] == b'A' { b'B' } else { b'A' };
    let bent = String::from_utf8(bent).unwrap();
    for bad in [
        foreign.as_str(),
        &unsigned,
        &bent,
        &tokens.access_token,
        "x",
        "a.b.c",
        &format!("{}=", tokens.id_token),
    ] {
        assert_eq!(refused(&server, &browser, &hinted(bad)).await, "invalid_request", "{bad}");
    }
}

#[tokio::test]
async fn az_26_a_hint_for_another_user_is_not_answered_by_this_one() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    let ada = consented(&server, &web).await;
    let mut bob = consented_as(&server, &web, &fixtures::bob()).await;
    let code = server.code_by(&mut bob, &AuthorizeRequest::new(&web), &fixtures::bob()).await;
    let of_bob = Tokens::of(&server.redeem(&web, &code).await).id_token;
    let request = AuthorizeRequest::new(&web).set("id_token_hint", &of_bob);
    assert_eq!(refused(&server, &ada, &request.clone().set("prompt", "none")).await, "login_required");
    let mut browser = ada.clone();
    let page = browser.authorize(&request).await.page();
    assert!(page.is_sign_in(), "bob is asked for");
    // Ada answers again: the client is told, for asking once more would go on for ever.
    let departure = browser.sign_in(&page, &fixtures::ada()).await.redirect();
    assert_eq!(departure.param("error"), "login_required");
    let page = browser.authorize(&request).await.page();
    assert_ne!(browser.sign_in(&page, &fixtures::bob()).await.redirect().param("code"), "");
}
