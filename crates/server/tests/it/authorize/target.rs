//! Where an answer may go: everything here ends on a page of ours.

use proofkey_testkit::{AuthorizeRequest, Browser, Navigated, TestServer, fixtures};
use serde_json::json;

use crate::support::consented;

/// Sends a request in every way in which it might slip through: signed in or not, silent or not, by GET and by POST.
async fn ends_on_a_page(server: &TestServer, signed_in: &Browser, request: &AuthorizeRequest, code: &str) {
    for browser in [&Browser::new(server), signed_in] {
        for request in [request.clone(), request.clone().push("prompt", "none")] {
            let by_get = browser.clone().authorize(&request).await;
            let mut poster = browser.clone();
            let answer = poster.post("/authorize", &request.params).await;
            assert_ne!(answer.status, 307);
            let by_post = poster.follow("/authorize", answer).await;
            for outcome in [by_get, by_post] {
                let Navigated::Page(page) = outcome else { panic!("left with {:?}", request.params) };
                assert_eq!((page.status, page.error_code().as_str()), (400, code), "{:?}", request.params);
                assert!(!page.html.contains("http-equiv"), "a page that stays");
                assert!(!page.html.contains("<a href"), "and links nowhere: {}", page.html);
            }
        }
    }
}

#[tokio::test]
async fn az_01_an_unknown_disabled_or_missing_client_is_told_to_the_person_alone() {
    let server = TestServer::start().await;
    let browser = consented(&server, &fixtures::web()).await;
    server.disable_client("web-b", true).await;
    let request = AuthorizeRequest::new(&fixtures::web());
    ends_on_a_page(&server, &browser, &request.clone().set("client_id", "nobody"), "invalid_client").await;
    ends_on_a_page(&server, &browser, &request.clone().without("client_id"), "invalid_request").await;
    ends_on_a_page(&server, &browser, &request.clone().set("client_id", ""), "invalid_request").await;
    ends_on_a_page(&server, &browser, &AuthorizeRequest::new(&fixtures::web_b()), "invalid_client").await;
    ends_on_a_page(&server, &browser, &request.set("client_id", "WEB"), "invalid_client").await;
}

/// Everything that is nearly `https://web.example/callback`.
const NEARLY: [&str; 34] = [
    "https://web.example/callback/",
    "https://web.example/Callback",
    "https://web.example/CALLBACK",
    "https://WEB.example/callback",
    "HTTPS://web.example/callback",
    "http://web.example/callback",
    "https://web.example/callback?",
    "https://web.example/callback?x=1",
    "https://web.example/callback?code=1",
    "https://web.example/callback?state=1&iss=x",
    "https://web.example/callback#",
    "https://web.example/callback#fragment",
    "https://web.example/%2e%2e/callback",
    "https://web.example/x/../callback",
    "https://web.example/callback/..;/x",
    "https://web.example/callback;x",
    "https://web.example//callback",
    "https://web.example/callback%20",
    "https://web.example/callbac%6b",
    "https://web.example:443/callback",
    "https://web.example./callback",
    "https://user@web.example/callback",
    "https://a@b@evil.example/",
    "https://web.example@evil.example/callback",
    "https://web.example\\@evil.example/callback",
    "https://web.example/callback\t",
    "https://web.example/call\nback",
    " https://web.example/callback",
    "https://webXexample/callback",
    "https://w\u{435}b.example/callback",
    "https://xn--wb-elb.example/callback",
    "//web.example/callback",
    "/callback",
    "javascript:alert(1)//https://web.example/callback",
];

#[tokio::test]
async fn az_02_az_04_v_12_v_13_v_14_v_15_v_17_v_18_v_19_only_the_registered_bytes_are_a_redirect_uri() {
    let server = TestServer::start().await;
    let browser = consented(&server, &fixtures::web()).await;
    for sent in NEARLY {
        let request = AuthorizeRequest::new(&fixtures::web()).set("redirect_uri", sent);
        ends_on_a_page(&server, &browser, &request, "invalid_request").await;
    }
    let other = AuthorizeRequest::new(&fixtures::web()).set("redirect_uri", &fixtures::web_b().redirect_uri);
    ends_on_a_page(&server, &browser, &other, "invalid_request").await;
}

/// One response mode exists, so there is one matrix; the others change nothing about where an answer may go.
#[tokio::test]
async fn v_22_no_response_mode_opens_another_way() {
    let server = TestServer::start().await;
    let browser = consented(&server, &fixtures::web()).await;
    for mode in ["query", "fragment", "form_post", "form_post.jwt", "query.jwt", "jwt", "web_message"] {
        for sent in
            ["https://evil.example/", "https://web.example/callback/", "https://web.example/callback#"]
        {
            let request =
                AuthorizeRequest::new(&fixtures::web()).set("redirect_uri", sent).set("response_mode", mode);
            ends_on_a_page(&server, &browser, &request, "invalid_request").await;
        }
    }
}

#[tokio::test]
async fn az_03_v_16_v_18_a_loopback_redirect_may_take_any_port_and_nothing_else() {
    let server = TestServer::start().await;
    let native = fixtures::native();
    let browser = consented(&server, &native).await;
    for sent in [
        "http://127.0.0.1/callback",
        "http://127.0.0.1:1/callback",
        "http://127.0.0.1:65535/callback",
        "http://[::1]:9/callback",
    ] {
        let departure = browser
            .clone()
            .complete(&AuthorizeRequest::new(&native).set("redirect_uri", sent), &fixtures::ada())
            .await;
        assert_eq!(departure.target(), sent);
        assert_ne!(departure.param("code"), "");
    }
    for sent in [
        "http://127.0.0.1.evil.com/callback",
        "http://127.0.0.1:1.evil.com/callback",
        "http://localhost.evil/callback",
        "http://localhost/callback",
        "http://0.0.0.0/callback",
        "http://127.1/callback",
        "http://127.0.0.2/callback",
        "http://2130706433/callback",
        "http://[::]/callback",
        "http://[::ffff:127.0.0.1]/callback",
        "https://127.0.0.1:1/callback",
        "http://127.0.0.1:1/CALLBACK",
        "http://127.0.0.1:1/callback/",
        "http://127.0.0.1:1/callback?x=1",
        "http://127.0.0.1:1/callback#x",
        "http://127.0.0.1:65536/callback",
        "http://127.0.0.1:x/callback",
        "http://127.0.0.1:1@evil.example/callback",
        "http://x@127.0.0.1:1/callback",
    ] {
        let request = AuthorizeRequest::new(&native).set("redirect_uri", sent);
        ends_on_a_page(&server, &browser, &request, "invalid_request").await;
    }
}

#[tokio::test]
async fn az_03_the_port_of_localhost_is_free_for_native_apps_only() {
    let server = TestServer::start().await;
    for (id, application, port_is_free) in [("here", "native", true), ("there", "web", false)] {
        let metadata = json!({
            "client_id": id, "application_type": application, "token_endpoint_auth_method": "none",
            "redirect_uris": ["http://localhost/cb"], "scope": "openid",
        });
        let _ = server.client(&metadata).await;
        let client = proofkey_testkit::TestClient {
            id: id.into(),
            redirect_uri: "http://localhost/cb".into(),
            ..fixtures::native()
        };
        let browser = consented_openid(&server, &client).await;
        let request = AuthorizeRequest::new(&client).set("redirect_uri", "http://localhost:4321/cb");
        if port_is_free {
            let departure = browser.clone().complete(&request, &fixtures::ada()).await;
            assert_eq!(departure.target(), "http://localhost:4321/cb");
        } else {
            ends_on_a_page(&server, &browser, &request, "invalid_request").await;
        }
    }
}

async fn consented_openid(server: &TestServer, client: &proofkey_testkit::TestClient) -> Browser {
    let mut browser = Browser::new(server);
    let _ = browser.complete(&AuthorizeRequest::new(client), &fixtures::ada()).await;
    browser
}

#[tokio::test]
async fn az_06_the_query_of_a_redirect_uri_is_kept_and_extended() {
    let server = TestServer::start().await;
    let uri = "https://q.example/cb?tenant=a%20b&x";
    let _ = server
        .client(&json!({"client_id": "q", "token_endpoint_auth_method": "none", "redirect_uris": [uri]}))
        .await;
    let client = proofkey_testkit::TestClient { id: "q".into(), redirect_uri: uri.into(), ..fixtures::spa() };
    let mut browser = Browser::new(&server);
    let departure = browser.complete(&AuthorizeRequest::new(&client), &fixtures::ada()).await;
    assert!(departure.location.starts_with(&format!("{uri}&code=")), "{}", departure.location);
    let page = browser.authorize(&AuthorizeRequest::new(&client).set("prompt", "consent")).await.page();
    let denied = browser.deny(&page).await.redirect();
    assert!(denied.location.starts_with(&format!("{uri}&error=access_denied")), "{}", denied.location);
}

#[tokio::test]
async fn az_07_a_request_without_redirect_uri_needs_exactly_one_registered_and_no_openid() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    let mut browser = consented(&server, &web).await;
    let without = |client| AuthorizeRequest::new(client).without("redirect_uri");
    let departure = browser.authorize(&without(&web).set("scope", "notes:read")).await.redirect();
    assert_eq!(departure.target(), web.redirect_uri);
    assert_ne!(departure.param("code"), "");
    ends_on_a_page(&server, &browser, &without(&web), "invalid_request").await;
    ends_on_a_page(&server, &browser, &without(&web).set("scope", "notes:read openid"), "invalid_request")
        .await;
    // The native client has two.
    ends_on_a_page(
        &server,
        &browser,
        &without(&fixtures::native()).set("scope", "notes:read"),
        "invalid_request",
    )
    .await;
}

#[tokio::test]
async fn az_12_a_repeated_client_or_redirect_uri_leaves_nobody_to_answer() {
    let server = TestServer::start().await;
    let browser = consented(&server, &fixtures::web()).await;
    let request = AuthorizeRequest::new(&fixtures::web());
    for name in ["client_id", "redirect_uri"] {
        for again in [request.get(name).to_owned(), "https://evil.example/".to_owned(), String::new()] {
            ends_on_a_page(&server, &browser, &request.clone().push(name, &again), "invalid_request").await;
        }
    }
}
