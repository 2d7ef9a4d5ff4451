//! Sessions over the wire: what authenticating again keeps, who stays signed in, and how many there may be.

use proofkey_testkit::{
    AuthorizeRequest, Browser, Page, TestClient, TestServer, TestUser, Tokens, decode, fixtures,
};
use serde_json::Value;

const SCOPE: &str = "openid offline_access notes:read";
const HOUR_SECONDS: i64 = 3_600;
const DAY_SECONDS: i64 = 24 * HOUR_SECONDS;

/// A way to have somebody who is signed in authenticate again.
struct Way {
    name: &'static str,
    request: fn(AuthorizeRequest) -> AuthorizeRequest,
    /// How long the session is not used before.
    idle_seconds: i64,
}

const PROMPT: Way =
    Way { name: "prompt=login", request: |request| request.set("prompt", "login"), idle_seconds: 61 };
const WAYS: [Way; 4] = [
    PROMPT,
    Way { name: "select", request: |request| request.set("prompt", "select_account"), idle_seconds: 61 },
    Way { name: "max_age=0", request: |request| request.set("max_age", "0"), idle_seconds: 61 },
    Way { name: "an idle session", request: |request| request, idle_seconds: 13 * HOUR_SECONDS },
];

/// A browser in which ada is signed in and a client has tokens.
async fn with_tokens(server: &TestServer, client: &TestClient) -> (Browser, Tokens) {
    let mut browser = Browser::new(server);
    let request = AuthorizeRequest::new(client).set("scope", SCOPE);
    let code = server.code_by(&mut browser, &request, &fixtures::ada()).await;
    (browser, Tokens::of(&server.redeem(client, &code).await))
}

async fn sign_in_page(browser: &mut Browser, way: &Way) -> Page {
    let page = browser.authorize(&(way.request)(AuthorizeRequest::new(&fixtures::web()))).await.page();
    assert!(page.is_sign_in(), "{}: {}", way.name, page.html);
    page
}

/// Whether a user is signed in in this browser, as a client sees it without showing a page.
async fn is_signed_in(browser: &Browser) -> bool {
    let request = AuthorizeRequest::new(&fixtures::web()).set("prompt", "none");
    let departure = browser.clone().authorize(&request).await.redirect();
    departure.param("error") != "login_required"
}

fn id_claim(tokens: &Tokens, name: &str) -> Value {
    decode(&tokens.id_token).claims[name].clone()
}

#[tokio::test]
async fn k_13_lg_12_to_authenticate_again_keeps_the_sid_and_all_that_hangs_on_it() {
    for way in &WAYS {
        let (server, spa) = (TestServer::start().await, fixtures::spa());
        let (mut browser, tokens) = with_tokens(&server, &spa).await;
        server.advance(way.idle_seconds);
        let old = browser.clone();
        let page = sign_in_page(&mut browser, way).await;
        let _ = browser.sign_in(&page, &fixtures::ada()).await;
        assert!(is_signed_in(&browser).await, "{}", way.name);
        assert!(!is_signed_in(&old).await, "{}: the secret before is worth nothing", way.name);

        // The browser app goes on under the same session, and who asks learns of the new authentication.
        let refreshed = Tokens::of(&server.refresh(&spa, &tokens.refresh_token).await);
        assert_eq!(server.userinfo(&refreshed.access_token).await.status, 200, "{}", way.name);
        let again = AuthorizeRequest::new(&spa).set("prompt", "none").set("scope", SCOPE);
        let code = server.code_by(&mut browser, &again, &fixtures::ada()).await;
        let later = Tokens::of(&server.redeem(&spa, &code).await);
        assert_eq!(id_claim(&later, "sid"), id_claim(&tokens, "sid"), "{}", way.name);
        assert_eq!(id_claim(&later, "auth_time"), server.now().seconds(), "{}", way.name);

        // Another user is another session, and ends this one.
        let page = sign_in_page(&mut browser, &PROMPT).await;
        let _ = browser.sign_in(&page, &fixtures::bob()).await;
        let answer = server.refresh(&spa, &later.refresh_token).await;
        assert_eq!(answer.refusal(), (400, "invalid_grant".into()), "{}", way.name);
    }
}

#[tokio::test]
async fn k_13_a_code_and_a_page_under_way_survive_another_authentication() {
    let (server, spa) = (TestServer::start().await, fixtures::spa());
    let (mut browser, _) = with_tokens(&server, &spa).await;
    let request = AuthorizeRequest::new(&spa).set("scope", SCOPE);
    let code = server.code_by(&mut browser, &request, &fixtures::ada()).await;
    let asked = browser.authorize(&AuthorizeRequest::new(&fixtures::web_b())).await.page();
    assert!(asked.is_consent());
    let page = sign_in_page(&mut browser, &PROMPT).await;
    let _ = browser.sign_in(&page, &fixtures::ada()).await;
    let _ = Tokens::of(&server.redeem(&spa, &code).await);
    assert_ne!(browser.allow(&asked).await.redirect().param("code"), "", "the same person answers");
}

#[tokio::test]
async fn k_13_lg_13_the_end_counts_from_the_first_sign_in() {
    let server = TestServer::start().await;
    let mut browser = Browser::signed_in(&server, &fixtures::ada()).await;
    server.advance(DAY_SECONDS - 1);
    let page = sign_in_page(&mut browser, &PROMPT).await;
    let _ = browser.sign_in(&page, &fixtures::ada()).await;
    assert!(is_signed_in(&browser).await);
    server.advance(1);
    assert!(!is_signed_in(&browser).await);
}

/// A browser in which ada has signed in with the box ticked or not.
async fn signed_in(server: &TestServer, remember: bool) -> Browser {
    let mut browser = Browser::new(server);
    let page = browser.authorize(&AuthorizeRequest::new(&fixtures::web())).await.page();
    let TestUser { username, password } = fixtures::ada();
    let mut fields = vec![("username", username.as_str()), ("password", password.as_str())];
    fields.extend(remember.then_some(("remember", "yes")));
    let _ = browser.submit(&page, &fields, "").await;
    browser
}

/// For how long the browser keeps its session cookie; `None` if that ends with the browser.
fn kept_seconds(browser: &Browser) -> Option<i64> {
    let header = &browser.jar.find("sid").unwrap().header;
    let (_, after) = header.split_once("Max-Age=")?;
    Some(after.split(';').next()?.parse().unwrap())
}

/// Waits for what the server writes beside its answers: a ping goes through the same writer, behind it.
async fn noted(server: &TestServer) {
    for _ in 0..3 {
        tokio::task::yield_now().await;
        server.store().ping().await.expect("the store writes");
    }
}

#[tokio::test]
async fn lg_13_who_asks_to_stay_signed_in_outlives_the_browser_for_30_days_idle_and_90_in_all() {
    let server = TestServer::start().await;
    let (mut passing, mut kept) = (signed_in(&server, false).await, signed_in(&server, true).await);
    assert_eq!((kept_seconds(&passing), kept_seconds(&kept)), (None, Some(90 * DAY_SECONDS)));
    for browser in [&mut passing, &mut kept] {
        browser.jar.close();
    }
    assert!(!is_signed_in(&passing).await && is_signed_in(&kept).await);
    let idle = signed_in(&server, true).await;
    for _ in 0..3 {
        // Each use is noted: a quarter of an hour has passed since the note before.
        server.advance(30 * DAY_SECONDS - 60);
        assert!(is_signed_in(&kept).await);
        noted(&server).await;
    }
    assert!(!is_signed_in(&idle).await, "30 days without use");
    server.advance(179);
    assert!(is_signed_in(&kept).await, "a second short of 90 days");
    server.advance(1);
    assert!(!is_signed_in(&kept).await);
}

#[tokio::test]
async fn lg_13_to_authenticate_again_keeps_what_was_chosen_and_does_not_ask() {
    let server = TestServer::start().await;
    for remember in [false, true] {
        let mut browser = signed_in(&server, remember).await;
        server.advance(61);
        let page = sign_in_page(&mut browser, &PROMPT).await;
        let form = page.form();
        assert!(!page.html.contains("remember"), "{}", page.html);
        // A form that says otherwise changes nothing.
        let TestUser { username, password } = fixtures::ada();
        let mut filled: Vec<_> = form.inputs.iter().filter(|(name, _)| name == "flow").cloned().collect();
        filled.extend([("username".to_owned(), username), ("password".to_owned(), password)]);
        filled.extend((!remember).then(|| ("remember".to_owned(), "yes".to_owned())));
        let _ = browser.post(&form.action, &filled).await;
        assert!(is_signed_in(&browser).await);
        assert_eq!(kept_seconds(&browser), remember.then_some(90 * DAY_SECONDS - 61));
    }
}

#[tokio::test]
async fn lg_13_an_operator_sets_the_default_and_the_ends() {
    let server = TestServer::builder()
        .set("sessions.remember_default", true)
        .set("sessions.remembered_idle_seconds", HOUR_SECONDS)
        .set("sessions.remembered_absolute_seconds", DAY_SECONDS)
        .start()
        .await;
    let mut browser = Browser::new(&server);
    let page = browser.authorize(&AuthorizeRequest::new(&fixtures::web())).await.page();
    let ticked = ("remember".to_owned(), "yes".to_owned());
    assert!(page.form().inputs.contains(&ticked));
    let again = browser.submit(&page, &[("username", "ada"), ("password", "wrong")], "").await.page();
    assert!(again.form().inputs.contains(&ticked), "as it was left");
    let _ = browser.sign_in(&again, &fixtures::ada()).await;
    assert_eq!(kept_seconds(&browser), Some(DAY_SECONDS));
    server.advance(HOUR_SECONDS);
    assert!(!is_signed_in(&browser).await);
}

/// What an installation of an earlier release may have set bounds the sessions that there are since.
#[tokio::test]
async fn lg_13_what_was_set_before_anybody_was_asked_bounds_both_kinds() {
    for name in ["sessions.idle_seconds", "sessions.absolute_seconds"] {
        let server = TestServer::builder().set(name, 600).start().await;
        let (passing, kept) = (signed_in(&server, false).await, signed_in(&server, true).await);
        server.advance(599);
        // No use is noted, or it would not be idle below.
        let used = if name.contains("absolute") { 1 } else { 601 };
        assert!(is_signed_in(&passing).await && is_signed_in(&kept).await, "{name}");
        noted(&server).await;
        server.advance(used);
        assert!(!is_signed_in(&passing).await && !is_signed_in(&kept).await, "{name}");
    }
}

#[tokio::test]
async fn k_03_of_a_users_sessions_beyond_the_limit_the_longest_unused_goes() {
    let server = TestServer::builder().set("limits.sessions_per_user_max", 3).start().await;
    let mut browsers = Vec::new();
    for _ in 0..3 {
        browsers.push(Browser::signed_in(&server, &fixtures::ada()).await);
        // A use is noted when a quarter of an hour has passed.
        server.advance(901);
    }
    let of_bob = Browser::signed_in(&server, &fixtures::bob()).await;
    assert!(is_signed_in(&browsers[0]).await, "the oldest is in use");
    noted(&server).await;
    browsers.push(Browser::signed_in(&server, &fixtures::ada()).await);
    let mut live = Vec::new();
    for browser in &browsers {
        live.push(is_signed_in(browser).await);
    }
    assert_eq!(live, [true, false, true, true]);
    assert!(is_signed_in(&of_bob).await, "others have their own");
    // To authenticate again makes no session more.
    let page = sign_in_page(&mut browsers[3], &PROMPT).await;
    let _ = browsers[3].sign_in(&page, &fixtures::ada()).await;
    assert!(is_signed_in(&browsers[0]).await && is_signed_in(&browsers[3]).await);
}

#[tokio::test]
async fn k_03_beyond_60_new_grants_a_minute_a_user_and_client_wait_and_nothing_ends() {
    let (server, web, spa) = (TestServer::start().await, fixtures::web(), fixtures::spa());
    let (mut browser, first) = with_tokens(&server, &web).await;
    let request = AuthorizeRequest::new(&web).set("scope", SCOPE);
    for number in 1..60 {
        let code = server.code_by(&mut browser, &request, &fixtures::ada()).await;
        assert_eq!(server.redeem(&web, &code).await.status, 200, "{number}");
    }
    let code = server.code_by(&mut browser, &request, &fixtures::ada()).await;
    let mut guessed = server.code_by(&mut browser, &request, &fixtures::ada()).await;
    guessed.verifier = "x".repeat(43);
    for _ in 0..3 {
        let answer = server.redeem(&web, &code).await;
        assert_eq!(answer.refusal(), (429, "temporarily_unavailable".into()));
        assert_eq!(answer.header("retry-after"), "1");
    }
    let _ = Tokens::of(&server.refresh(&web, &first.refresh_token).await);
    let _ = server.tokens(&spa, SCOPE).await;
    let of_bob = server.code_by(&mut Browser::new(&server), &request, &fixtures::bob()).await;
    assert_eq!(server.redeem(&web, &of_bob).await.status, 200, "others have their own");
    // The code was not spent, and what is refused takes no place.
    server.advance(1);
    assert_eq!(server.redeem(&web, &guessed).await.refusal(), (400, "invalid_grant".into()));
    let tokens = Tokens::of(&server.redeem(&web, &code).await);
    // A replay is found out, room or not.
    assert_eq!(server.redeem(&web, &code).await.refusal(), (400, "invalid_grant".into()));
    let answer = server.refresh(&web, &tokens.refresh_token).await;
    assert_eq!(answer.refusal(), (400, "invalid_grant".into()));
}
