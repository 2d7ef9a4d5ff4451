//! The answer that goes back to the client.

use proofkey_testkit::{AuthorizeRequest, Browser, Navigated, RedirectKind, TestServer, fixtures};

use crate::support::{check_answer, consented, refused};

#[tokio::test]
async fn az_19_state_comes_back_byte_for_byte_or_not_at_all() {
    let server = TestServer::start().await;
    let browser = consented(&server, &fixtures::web()).await;
    let long = "s".repeat(1_024);
    for state in [
        "a+b c%20d%2Bé",
        "%",
        "%%41",
        "&code=x&iss=evil",
        "=",
        "#",
        "\u{1f600}\u{0}",
        "\"><svg onload=x>",
        "a\r\nSet-Cookie: x=y",
        &long,
    ] {
        let request = AuthorizeRequest::new(&fixtures::web()).set("state", state);
        let departure = browser.clone().authorize(&request).await.redirect();
        check_answer(&server, &request, &departure);
        assert_ne!(departure.param("code"), "");
        let _ = refused(&server, &browser, &request.clone().set("scope", "admin")).await;
        // By the page that follows a form.
        let mut other = browser.clone();
        let page = other.authorize(&request.clone().set("prompt", "consent")).await.page();
        let denied = other.deny(&page).await.redirect();
        assert_eq!(denied.via, RedirectKind::HandOver);
        check_answer(&server, &request, &denied);
    }
    let without = AuthorizeRequest::new(&fixtures::web()).without("state");
    for request in [without.clone(), without.set("scope", "admin")] {
        let departure = browser.clone().authorize(&request).await.redirect();
        assert!(!departure.params().contains("state"), "{}", departure.location);
        check_answer(&server, &request, &departure);
    }
}

#[tokio::test]
async fn az_20_every_answer_names_the_issuer_as_the_metadata_does() {
    for issuer in ["https://id.example", "https://id.example/tenant"] {
        let server = TestServer::builder().issuer(issuer).start().await;
        let metadata = server.get("/.well-known/openid-configuration", &[]).await.json();
        assert_eq!(metadata["issuer"], issuer);
        assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
        let browser = consented(&server, &fixtures::web()).await;
        let request = AuthorizeRequest::new(&fixtures::web());
        let departure = browser.clone().authorize(&request).await.redirect();
        check_answer(&server, &request, &departure);
        for (name, value, error) in [
            ("scope", "admin", "invalid_scope"),
            ("response_type", "token", "unsupported_response_type"),
            ("max_age", "soon", "invalid_request"),
            ("resource", "https://unknown.example", "invalid_target"),
            ("prompt", "none login", "invalid_request"),
        ] {
            assert_eq!(refused(&server, &browser, &request.clone().set(name, value)).await, error);
        }
        let anonymous = Browser::new(&server);
        assert_eq!(
            refused(&server, &anonymous, &request.clone().set("prompt", "none")).await,
            "login_required"
        );
        let mut denying = browser.clone();
        let page = denying.authorize(&request.clone().set("prompt", "consent")).await.page();
        let denied = denying.deny(&page).await.redirect();
        check_answer(&server, &request, &denied);
        assert_eq!(denied.param("error"), "access_denied");
    }
}

#[tokio::test]
async fn az_16_a_get_is_answered_by_303_and_a_form_by_a_page_for_every_client() {
    let server = TestServer::start().await;
    for client in fixtures::user_clients() {
        let mut browser = Browser::new(&server);
        let request = AuthorizeRequest::new(&client);
        let page = browser.authorize(&request).await.page();
        let consent = browser.sign_in(&page, &fixtures::ada()).await.page();
        let departure = browser.allow(&consent).await.redirect();
        assert_eq!((departure.via, departure.answer.status), (RedirectKind::HandOver, 200), "{}", client.id);
        assert!(departure.answer.headers.get("location").is_none());
        // The link for those whose browser does not refresh goes to the same place.
        let link = proofkey_testkit::tags(&departure.answer.body);
        let link = link.iter().find(|tag| tag.attribute("id") == Some("hand-over")).unwrap();
        assert_eq!(link.attribute("href"), Some(departure.location.as_str()));
        check_answer(&server, &request, &departure);
        let silent = browser.authorize(&request.set("prompt", "none")).await.redirect();
        assert_eq!((silent.via, silent.answer.status), (RedirectKind::SeeOther, 303), "{}", client.id);
        assert_eq!(silent.answer.header("referrer-policy"), "no-referrer");
    }
}

/// A sign-in that needs no consent leaves by a page as well: it is a form too.
#[tokio::test]
async fn az_16_az_34_a_sign_in_hands_over_without_a_cache() {
    let server = TestServer::start().await;
    let mut browser = consented(&server, &fixtures::web()).await;
    browser.jar.remove("sid");
    let page = browser.authorize(&AuthorizeRequest::new(&fixtures::web())).await.page();
    let departure = browser.sign_in(&page, &fixtures::ada()).await.redirect();
    assert_eq!(departure.via, RedirectKind::HandOver);
    assert_ne!(departure.param("code"), "");
    assert_eq!(departure.answer.header("cache-control"), "no-store");
    assert_eq!(departure.answer.header("referrer-policy"), "no-referrer");
}

#[tokio::test]
async fn az_17_nobody_is_sent_to_a_client_before_signing_in_unless_silently() {
    let server = TestServer::start().await;
    let anonymous = Browser::new(&server);
    let web = fixtures::web();
    for (name, value, error) in [
        ("scope", "admin", "invalid_scope"),
        ("response_type", "token", "unsupported_response_type"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("max_age", "-1", "invalid_request"),
        ("resource", "x", "invalid_target"),
        ("request", "x", "request_not_supported"),
    ] {
        let request = AuthorizeRequest::new(&web).set(name, value);
        let page = anonymous.clone().authorize(&request).await.page();
        assert_eq!((page.status, page.error_code().as_str()), (400, error));
        // The way back is there, for the person to take.
        let tags = proofkey_testkit::tags(&page.html);
        let link = tags.iter().find(|tag| tag.attribute("id") == Some("return")).unwrap();
        assert!(link.attribute("href").unwrap().starts_with(&format!("{}?error={error}", web.redirect_uri)));
        let silent = refused(&server, &anonymous, &request.set("prompt", "none")).await;
        assert_eq!(silent, error);
    }
}

const SVG: &str = "\"><svg onload=alert(1)>'`<script>alert(1)</script>";

#[tokio::test]
async fn az_23_v_23_what_a_request_says_is_never_markup_on_a_page() {
    let server = TestServer::start().await;
    let names = [
        "client_id",
        "redirect_uri",
        "scope",
        "state",
        "nonce",
        "response_type",
        "response_mode",
        "code_challenge",
        "code_challenge_method",
        "prompt",
        "max_age",
        "login_hint",
        "id_token_hint",
        "resource",
        "request",
        "ui_locales",
        "error",
        "error_description",
        "error_hint",
        "display",
        "flow",
    ];
    for name in names {
        for browser in [Browser::new(&server), consented(&server, &fixtures::web()).await] {
            let mut browser = browser;
            let request = AuthorizeRequest::new(&fixtures::web()).set(name, SVG);
            let html = match browser.authorize(&request).await {
                Navigated::Page(page) => {
                    let policy = page.header("content-security-policy");
                    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
                    page.html
                }
                Navigated::Redirect(departure) => {
                    assert!(
                        !departure.location.contains(['<', '>', '"', '\'', ' ']),
                        "{}",
                        departure.location
                    );
                    departure.answer.body
                }
            };
            let tags = proofkey_testkit::tags(&html);
            assert!(
                !tags.iter().any(|tag| tag.name == "script" || tag.attribute("onload").is_some()),
                "{name}: {html}"
            );
        }
    }
}

#[tokio::test]
async fn az_23_a_name_typed_at_the_sign_in_is_never_markup() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    let page = browser.authorize(&AuthorizeRequest::new(&fixtures::web())).await.page();
    let again = browser.submit(&page, &[("username", SVG), ("password", SVG)], "").await.page();
    let form = again.form();
    assert!(form.inputs.contains(&("username".to_owned(), SVG.to_owned())), "kept, decoded once");
    assert!(form.inputs.contains(&("password".to_owned(), String::new())), "a password never comes back");
    assert!(
        !proofkey_testkit::tags(&again.html)
            .iter()
            .any(|tag| tag.name == "script" || tag.attribute("onload").is_some())
    );
}
