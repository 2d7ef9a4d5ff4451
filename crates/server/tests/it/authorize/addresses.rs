//! How long our addresses are, and by which way a browser goes on where an address would be too long.

use proofkey_oauth::AuthMethod;
use proofkey_protocol::ClientId;
use proofkey_server::admin::ClientDocument;
use proofkey_testkit::{
    Answer, AuthorizeRequest, Browser, Navigated, Page, RedirectKind, TestClient, TestServer, fixtures,
    form_body,
};
use serde_json::json;

use crate::support::consented;

/// Common proxies take 4 KiB of response head.
const LOCATION_BYTES_MAX: usize = 3 * 1024;
const HEAD_BYTES_MAX: usize = 4 * 1024;
/// What a request may have.
const REQUEST_BYTES_MAX: usize = 8 * 1024;

/// A request whose encoding has so many bytes.
fn request_of(bytes: usize, client: &TestClient) -> AuthorizeRequest {
    let request = AuthorizeRequest::new(client).set("state", "");
    let state = "s".repeat(bytes - request.encoded().len());
    request.set("state", &state)
}

fn check_head(answer: &Answer, what: &str) {
    assert!(
        answer.header("location").len() <= LOCATION_BYTES_MAX,
        "{what}: {}",
        answer.header("location").len()
    );
    let head: usize = answer.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    assert!(head <= HEAD_BYTES_MAX, "{what}: a head of {head} bytes");
}

/// Answers and pages from the first request to the app, each with what it is.
async fn walk(browser: &mut Browser, mut path: String, mut answer: Answer, what: &str) -> String {
    for _ in 0..8 {
        check_head(&answer, what);
        let page = match browser.clone().follow(&path, answer.clone()).await {
            Navigated::Redirect(departure) => return departure.param("code"),
            Navigated::Page(page) => page,
        };
        if !answer.header("location").is_empty() {
            path = answer.header("location").to_owned();
            answer = browser.get(&path).await;
            continue;
        }
        let (form, user) = (page.form(), fixtures::ada());
        let mut filled = form.inputs.clone();
        for (name, value) in &mut filled {
            match name.as_str() {
                "username" => user.username.clone_into(value),
                "password" => user.password.clone_into(value),
                _ => {}
            }
        }
        filled.extend(page.is_consent().then(|| ("decision".to_owned(), "allow".to_owned())));
        answer = browser.post(&form.action, &filled).await;
        path = form.action;
    }
    panic!("{what}: no end");
}

#[tokio::test]
async fn k_30_az_14_no_redirect_names_a_long_address_whatever_the_request_weighs() {
    let server = TestServer::start().await;
    for client in [fixtures::web(), fixtures::native()] {
        for bytes in [600, 2_000, 2_700, 3_200, 4_500, 6_000, REQUEST_BYTES_MAX] {
            let request = request_of(bytes, &client);
            for by_post in [false, true] {
                for mut browser in [Browser::new(&server), consented(&server, &client).await] {
                    let what = format!("{} {bytes} {by_post}", client.id);
                    let path = format!("/authorize?{}", request.encoded());
                    let answer = match by_post {
                        false => browser.get(&path).await,
                        true => browser.post_cross_site("/authorize", &request.params).await,
                    };
                    let code = walk(&mut browser, path, answer, &what).await;
                    assert!(code.starts_with("pkc_"), "{what}: {code}");
                }
            }
        }
    }
}

#[tokio::test]
async fn k_30_a_request_of_one_byte_more_than_there_may_be_is_refused_on_a_page() {
    let server = TestServer::start().await;
    let client = fixtures::web();
    for (bytes, expected) in [(REQUEST_BYTES_MAX, 200), (REQUEST_BYTES_MAX + 1, 400)] {
        let request = request_of(bytes, &client);
        let by_get = server.get(&format!("/authorize?{}", request.encoded()), &[]).await;
        let by_post = Browser::new(&server).post_cross_site("/authorize", &request.params).await;
        for answer in [by_get, by_post] {
            assert_eq!(answer.status, expected, "{bytes}");
            assert_eq!(answer.body.contains("request.too_long"), expected == 400, "{bytes}");
            assert_eq!(answer.header("location"), "", "{bytes}");
        }
    }
}

/// Errors go back the same way, and `state` is in them.
#[tokio::test]
async fn k_30_a_long_error_answer_is_a_page_too() {
    let server = TestServer::start().await;
    let mut browser = consented(&server, &fixtures::web()).await;
    for (bytes, via) in [(600, RedirectKind::SeeOther), (6_000, RedirectKind::HandOver)] {
        let request = request_of(bytes, &fixtures::web()).set("code_challenge_method", "plain");
        let departure = browser.authorize(&request).await.redirect();
        check_head(&departure.answer, "an error");
        assert_eq!((departure.via, departure.param("error").as_str()), (via, "invalid_request"));
        assert_eq!(departure.param("state"), request.get("state"));
    }
}

/// The page is the answer to the request itself: what the browser shows is the address that the app made.
#[tokio::test]
async fn k_30_the_page_is_the_answer_to_the_request_and_no_address_carries_the_envelope() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    let path = format!("/authorize?{}", request_of(7_000, &fixtures::web()).encoded());
    let sign_in = browser.open(&path).await.page();
    assert_eq!((sign_in.status, sign_in.is_sign_in(), sign_in.path.as_str()), (200, true, path.as_str()));
    let consent = browser.sign_in(&sign_in, &fixtures::ada()).await.page();
    assert!(consent.is_consent());
    for page in [&sign_in, &consent] {
        assert!(!page.html.contains("?flow="), "{}", page.html);
        assert_eq!(page.html.matches("pki_").count(), 1, "in the form alone");
    }
}

fn carries_on(page: &Page) -> bool {
    page.html.contains("id=\"continue\"")
}

#[tokio::test]
async fn k_30_az_14_a_long_request_of_another_site_comes_back_by_a_button_with_the_session() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    let mut browser = consented(&server, &web).await;
    for (bytes, by_button) in [(1_000, false), (2_000, false), (2_700, true), (REQUEST_BYTES_MAX, true)] {
        let request = request_of(bytes, &web);
        let answer = browser.post_cross_site("/authorize", &request.params).await;
        assert_eq!(answer.status, if by_button { 200 } else { 303 }, "{bytes}");
        let departure = match browser.follow("/authorize", answer).await {
            Navigated::Redirect(departure) => departure,
            Navigated::Page(page) => {
                assert!(by_button && carries_on(&page), "{bytes}: {}", page.html);
                browser.submit(&page, &[], "").await.redirect()
            }
        };
        assert_ne!(departure.param("code"), "", "{bytes}: the session was found");
        assert_eq!(departure.param("state"), request.get("state"), "{bytes}");
    }
    // What the button carries is a link to the request, and no other site presses it.
    let answer = browser.post_cross_site("/authorize", &request_of(4_000, &web).params).await;
    let form = browser.follow("/authorize", answer).await.page().form();
    assert_eq!(browser.post_cross_site("/authorize", &form.inputs).await.status, 403);
    let mut other = Browser::new(&server);
    let answer = other.post("/authorize", &form.inputs).await;
    assert!(other.follow("/authorize", answer).await.page().is_sign_in());
}

#[tokio::test]
async fn k_30_lo_02_a_long_logout_of_another_site_comes_back_by_a_button_and_leads_back() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    for (bytes, by_button) in [(100, false), (5_000, true)] {
        let mut browser = consented(&server, &web).await;
        let code = server.code_by(&mut browser, &AuthorizeRequest::new(&web), &fixtures::ada()).await;
        let hint = proofkey_testkit::Tokens::of(&server.redeem(&web, &code).await).id_token;
        let state = "s".repeat(bytes);
        let params = [
            ("id_token_hint", hint.as_str()),
            ("post_logout_redirect_uri", "https://web.example/bye"),
            ("state", &state),
        ];
        let answer = browser.post_cross_site("/end-session", &params).await;
        check_head(&answer, "a logout");
        let location = match browser.follow("/end-session", answer).await {
            Navigated::Redirect(departure) => departure.location,
            Navigated::Page(page) => {
                assert!(by_button && carries_on(&page), "{bytes}: {}", page.html);
                let done = browser.submit(&page, &[], "").await.page();
                assert!(done.html.contains("id=\"return\""), "{}", done.html);
                done.html
            }
        };
        assert!(location.contains(&form_body(&[("state", &state)])), "{bytes}");
        assert!(browser.jar.find("sid").is_none(), "{bytes}: signed out");
        // By GET, a long address is a link.
        let mut browser = consented(&server, &web).await;
        let answer = browser.get(&format!("/end-session?{}", form_body(&params))).await;
        check_head(&answer, "a logout by GET");
    }
}

/// An app with a scheme of its own.
async fn own_scheme(server: &TestServer, scheme: &str) -> TestClient {
    let redirect_uri = format!("{scheme}:/callback");
    let metadata = json!({
        "client_id": "app-scheme", "client_name": "An app", "token_endpoint_auth_method": "none", "scope": "openid",
        "application_type": "native", "redirect_uris": [redirect_uri],
    });
    let _ = server.client(&metadata).await;
    TestClient {
        id: "app-scheme".into(),
        secret: None,
        method: AuthMethod::None,
        redirect_uri,
        scope: "openid".into(),
    }
}

/// RFC 8252 §7.1: what no domain says whose it is, an operator has to allow.
#[tokio::test]
async fn az_05_a_scheme_without_a_dot_works_from_end_to_end_where_the_operator_allowed_it() {
    let server = TestServer::start().await;
    let mut metadata = json!({
        "client_id": "app-scheme", "token_endpoint_auth_method": "none", "scope": "openid", "redirect_uris": ["myapp:/callback"],
        "post_logout_redirect_uris": ["myapp:/bye"],
    });
    let document = |metadata: &serde_json::Value| ClientDocument::parse(&metadata.to_string()).unwrap();
    let refused = server.admin().add_client(document(&metadata)).await.unwrap_err().to_string();
    assert!(
        refused.contains("redirect_uris[0]: `myapp:/callback`") && refused.contains("allow_dotless_scheme")
    );
    metadata["allow_dotless_scheme"] = json!(true);
    metadata["redirect_uris"] = json!(["myapp:/callback", "javascript:alert(1)"]);
    assert!(server.admin().add_client(document(&metadata)).await.is_err(), "no flag allows that");
    metadata["redirect_uris"] = json!(["myapp:/callback"]);
    let _ = server.client(&metadata).await;
    let app = TestClient {
        id: "app-scheme".into(),
        secret: None,
        method: AuthMethod::None,
        redirect_uri: "myapp:/callback".into(),
        scope: "openid".into(),
    };
    let mut browser = Browser::new(&server);
    let sign_in = browser.authorize(&AuthorizeRequest::new(&app)).await.page();
    assert_eq!(form_action(&sign_in), "form-action 'self' myapp:");
    let consent = browser.sign_in(&sign_in, &fixtures::ada()).await.page();
    let departure = browser.submit(&consent, &[], "allow").await.redirect();
    assert!(departure.location.starts_with("myapp:/callback?code="), "{}", departure.location);
    for other in ["myapp2:/callback", "MYAPP:/callback", "myapp://callback", "javascript:alert(1)"] {
        let request = AuthorizeRequest::new(&app).set("redirect_uri", other);
        let page = Browser::new(&server).authorize(&request).await.page();
        assert_eq!(page.status, 400, "{other}");
    }
    // Without the flag the registration does not hold any more, and says so.
    metadata["allow_dotless_scheme"] = json!(false);
    let refused = server.admin().update_client(&ClientId::new("app-scheme"), document(&metadata)).await;
    assert!(refused.is_err());
}

fn form_action(page: &Page) -> String {
    let policy = page.header("content-security-policy");
    policy.split("; ").find(|rule| rule.starts_with("form-action")).unwrap_or_default().to_owned()
}

#[tokio::test]
async fn k_47_an_app_with_a_scheme_of_its_own_is_opened_by_the_tap_that_the_page_was_answered_with() {
    let server = TestServer::start().await;
    let app = own_scheme(&server, "com.example.app").await;
    for decision in ["allow", "deny"] {
        let mut browser = Browser::new(&server);
        let sign_in = browser.authorize(&AuthorizeRequest::new(&app)).await.page();
        let wrong = browser.submit(&sign_in, &[("username", "ada"), ("password", "wrong")], "").await.page();
        let consent = browser.sign_in(&wrong, &fixtures::ada()).await.page();
        for page in [&sign_in, &wrong, &consent] {
            assert_eq!(form_action(page), "form-action 'self' com.example.app:", "{}", page.html);
        }
        let departure = browser.submit(&consent, &[], decision).await.redirect();
        assert_eq!(departure.via, RedirectKind::SeeOther, "{decision}");
        assert!(departure.location.starts_with("com.example.app:/callback?"), "{}", departure.location);
        assert_eq!(departure.param("code").is_empty(), decision == "deny");
    }
    // A page that is about no request names nobody.
    let mut browser = Browser::signed_in(&server, &fixtures::ada()).await;
    let answer = browser.post_cross_site("/authorize", &request_of(4_000, &app).params).await;
    let carry_on = browser.follow("/authorize", answer).await.page();
    for page in [&carry_on, &browser.open("/end-session").await.page()] {
        assert_eq!(form_action(page), "form-action 'self'");
    }
}

/// For everybody else, and where the redirect would be too long, the page leaves by itself.
#[tokio::test]
async fn k_47_the_hand_over_page_stays_for_the_rest() {
    let server = TestServer::start().await;
    let long = own_scheme(&server, &format!("com.{}", "x".repeat(70))).await;
    for (client, bytes) in [(fixtures::native(), 600), (fixtures::web(), 600), (long, 600)] {
        let mut browser = Browser::signed_in(&server, &fixtures::ada()).await;
        let consent = browser.authorize(&request_of(bytes, &client)).await.page();
        assert_eq!(form_action(&consent), "form-action 'self'", "{}", client.redirect_uri);
        assert_eq!(
            browser.allow(&consent).await.redirect().via,
            RedirectKind::HandOver,
            "{}",
            client.redirect_uri
        );
    }
    let server = TestServer::start().await;
    let app = own_scheme(&server, "com.example.app").await;
    let mut browser = Browser::signed_in(&server, &fixtures::ada()).await;
    let consent = browser.authorize(&request_of(5_000, &app)).await.page();
    assert_eq!(
        browser.allow(&consent).await.redirect().via,
        RedirectKind::HandOver,
        "too long for a redirect"
    );
}

#[tokio::test]
async fn k_54_the_page_for_a_listener_carries_its_address_to_be_copied_folded() {
    let server = TestServer::start().await;
    for (client, copies) in [(fixtures::native(), true), (fixtures::web(), false)] {
        let mut browser = Browser::signed_in(&server, &fixtures::ada()).await;
        let consent = browser.authorize(&AuthorizeRequest::new(&client)).await.page();
        let departure = browser.allow(&consent).await.redirect();
        let html = proofkey_testkit::unescape(&departure.answer.body);
        let copied = format!("<code id=\"hand-over-address\">{}</code>", departure.location);
        assert_eq!(html.contains(&copied), copies, "{}", client.id);
        assert!(!html.contains("<details open") && !html.contains("open>"), "{}", client.id);
        let folded = html.split("<details").nth(1).and_then(|rest| rest.split("</details>").next());
        let is_folded = folded.is_some_and(|folded| {
            folded.contains("<summary>The app runs on another machine?") && folded.contains(&copied)
        });
        assert_eq!(is_folded, copies, "{}: {html}", client.id);
    }
}
