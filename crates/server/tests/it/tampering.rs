//! Every secret text, cut, extended and altered at every place: worth nothing, and nothing breaks.

use std::sync::Arc;

use proofkey_testkit::{AuthorizeRequest, Browser, TestClient, TestServer, Tokens, fixtures};
use tokio::task::JoinSet;

use crate::support::consented;

const SCOPE: &str = "openid offline_access notes:read";
/// Requests at once.
const PARALLEL: usize = 32;

/// Every prefix and suffix, some text before and behind, and each character replaced by two others.
fn altered(text: &str) -> Vec<String> {
    let mut all: Vec<String> = (1..text.len()).map(|at| text[..at].to_owned()).collect();
    all.extend((1..text.len()).map(|at| text[at..].to_owned()));
    for at in 0..text.len() {
        let old = text.as_bytes()[at];
        // The next character of base64url differs in the lowest bit, which no decoder may ignore.
        for new in [old ^ 1, if old == b'A' { b'Q' } else { b'A' }] {
            let mut bytes = text.as_bytes().to_vec();
            bytes[at] = new;
            all.extend(String::from_utf8(bytes).ok().filter(|altered| altered != text));
        }
    }
    for more in ["A", "=", ".", " ", "%00", "\u{0}"] {
        all.extend([format!("{text}{more}"), format!("{more}{text}")]);
    }
    all.extend([
        text.to_ascii_uppercase(),
        text.to_ascii_lowercase(),
        format!("{text}{text}"),
        format!("{text},{text}"),
    ]);
    all.retain(|altered| altered != text && !altered.trim().is_empty());
    all
}

/// Sends each of the texts by `send` and checks its status by `expected`.
async fn check<F>(what: &str, texts: Vec<String>, expected: &[u16], send: impl Fn(String) -> F)
where
    F: Future<Output = u16> + Send + 'static,
{
    let mut running = JoinSet::new();
    let mut count = 0;
    for text in texts {
        if running.len() == PARALLEL
            && let Some(Ok((status, text))) = running.join_next().await
        {
            assert!(expected.contains(&status), "{what}: {status} for {text:?}");
        }
        count += 1;
        let sent = send(text.clone());
        running.spawn(async move { (sent.await, text) });
    }
    for (status, text) in running.join_all().await {
        assert!(expected.contains(&status), "{what}: {status} for {text:?}");
    }
    assert!(count > 60, "{what}");
}

fn is_header_text(text: &String) -> bool {
    text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) && text.trim() == text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v_33_no_part_and_no_alteration_of_an_access_token_opens_anything() {
    let server = Arc::new(TestServer::start().await);
    let web = fixtures::web();
    let tokens = server.tokens(&web, SCOPE).await;
    let mut texts = altered(&tokens.access_token);
    texts.retain(is_header_text);
    check("userinfo", texts, &[401], |text| {
        let server = Arc::clone(&server);
        async move { server.userinfo(&text).await.status }
    })
    .await;
    assert_eq!(server.userinfo(&tokens.access_token).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v_33_no_part_and_no_alteration_of_a_refresh_token_or_a_code_is_worth_anything() {
    let server = Arc::new(TestServer::start().await);
    let web = Arc::new(fixtures::web());
    let tokens = server.tokens(&web, SCOPE).await;
    check("refresh", altered(&tokens.refresh_token), &[400], |text| {
        let (server, web) = (Arc::clone(&server), Arc::clone(&web));
        async move {
            assert!(!server.is_active(&web, &text).await, "{text}");
            assert_eq!(
                server.revoke(&web, &text).await.status,
                200,
                "unknown, so there is nothing to revoke"
            );
            server.refresh(&web, &text).await.status
        }
    })
    .await;
    assert_eq!(
        server.refresh(&web, &tokens.refresh_token).await.status,
        200,
        "not one of them was read as it"
    );
    let code = server.code(&web, SCOPE).await;
    check("code", altered(&code.code), &[400], |text| {
        let (server, web) = (Arc::clone(&server), Arc::clone(&web));
        let code = proofkey_testkit::Code { code: text, ..code.clone() };
        async move { server.redeem(&web, &code).await.status }
    })
    .await;
    assert_eq!(server.redeem(&web, &code).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v_33_no_part_and_no_alteration_of_a_client_secret_authenticates() {
    let server = Arc::new(TestServer::builder().set("limits.factor", 10_000).start().await);
    for client in [fixtures::web(), fixtures::web_post()] {
        let secret = client.secret.clone().unwrap_or_default();
        check("secret", altered(&secret), &[400, 401], |text| {
            let server = Arc::clone(&server);
            let client = TestClient { secret: Some(text), ..client.clone() };
            async move {
                let answer = server.introspect(&client, "x").await;
                assert!(
                    ["invalid_client", "invalid_request"].contains(&answer.error().as_str()),
                    "{answer:?}"
                );
                answer.status
            }
        })
        .await;
        assert_eq!(server.introspect(&client, "x").await.status, 200);
    }
}

/// The status that tells whether a browser is signed in, here: 200 for yes, 401 for no.
async fn session_status(mut browser: Browser) -> u16 {
    let request = AuthorizeRequest::new(&fixtures::web()).set("prompt", "none");
    let departure = browser.authorize(&request).await.redirect();
    match departure.param("error").as_str() {
        "" => 200,
        "login_required" => 401,
        _ => 500,
    }
}

/// The same browser with another value in the cookie whose name contains a word.
fn with_cookie(browser: &Browser, word: &str, value: &str) -> Browser {
    let mut browser = browser.clone();
    for cookie in browser.jar.cookies.iter_mut().filter(|cookie| cookie.name.contains(word)) {
        value.clone_into(&mut cookie.value);
    }
    browser
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v_59_v_33_an_altered_session_cookie_is_nobody() {
    let server = TestServer::start().await;
    let browser = consented(&server, &fixtures::web()).await;
    let cookie = browser.jar.find("sid").map(|cookie| cookie.value.clone()).unwrap_or_default();
    let mut texts = altered(&cookie);
    // What a cookie header cannot carry within one value.
    texts.retain(|text| is_header_text(text) && !text.contains([';', ',', ' ']));
    check("session", texts, &[401], |text| session_status(with_cookie(&browser, "sid", &text))).await;
    assert_eq!(session_status(browser.clone()).await, 200);
    let other = consented(&server, &fixtures::web()).await;
    let (one, two) = (&cookie, other.jar.find("sid").map(|cookie| cookie.value.clone()).unwrap_or_default());
    let mixed = format!(
        "{}.{}",
        one.split('.').next().unwrap_or_default(),
        two.split('.').next_back().unwrap_or_default()
    );
    assert_eq!(session_status(with_cookie(&browser, "sid", &mixed)).await, 401, "halves of two sessions");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v_59_an_altered_flow_cookie_or_step_belongs_to_nobody() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    let page = browser.authorize(&AuthorizeRequest::new(&fixtures::web())).await.page();
    let cookie = browser.jar.find("flow").map(|cookie| cookie.value.clone()).unwrap_or_default();
    let mut texts = altered(&cookie);
    texts.retain(|text| is_header_text(text) && !text.contains([';', ',', ' ']));
    let step = page.form().inputs[0].1.clone();
    check("flow cookie", texts, &[401], |text| signs_in(with_cookie(&browser, "flow", &text), step.clone()))
        .await;
    check("step", altered(&step), &[401], |text| signs_in(browser.clone(), text)).await;
    assert_eq!(signs_in(browser, step).await, 200);
}

/// The status that tells whether the form of a sign-in page signs ada in: 200 for yes, 401 for no.
async fn signs_in(mut browser: Browser, step: String) -> u16 {
    let ada = fixtures::ada();
    let form = [("flow", step.as_str()), ("username", &ada.username), ("password", &ada.password)];
    let _ = browser.post("/sign-in", &form).await;
    if browser.jar.find("sid").is_some() { 200 } else { 401 }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v_59_an_altered_device_cookie_is_a_stranger() {
    let server = TestServer::builder()
        .set("limits.login_address_burst", 100_000)
        .set("limits.login_address_interval_seconds", 1)
        .start()
        .await;
    let ada = fixtures::ada();
    let known = Browser::signed_in(&server, &ada).await;
    let cookie = known.jar.find("device").map(|cookie| cookie.value.clone()).unwrap_or_default();
    let mut stranger = Browser::new(&server);
    let page = stranger.authorize(&AuthorizeRequest::new(&fixtures::web())).await.page();
    let wrong = proofkey_testkit::TestUser { password: "wrong".into(), ..ada.clone() };
    for _ in 0..10 {
        let _ = stranger.sign_in(&page, &wrong).await;
    }
    let mut typing = known.clone();
    let page = typing.authorize(&AuthorizeRequest::new(&fixtures::web()).set("prompt", "login")).await.page();
    let mut texts = altered(&cookie);
    texts.retain(|text| is_header_text(text) && !text.contains([';', ',', ' ']));
    check("device", texts, &[429], |text| {
        let (mut browser, page, ada) = (with_cookie(&typing, "device", &text), page.clone(), ada.clone());
        async move { browser.sign_in(&page, &ada).await.page().status }
    })
    .await;
    let _ = typing.sign_in(&page, &ada).await;
    assert_ne!(typing.jar.find("sid"), known.jar.find("sid"), "the real one still has its own count");
    let _ = Tokens::of(&server.client_credentials(&fixtures::service(), &[]).await);
}
