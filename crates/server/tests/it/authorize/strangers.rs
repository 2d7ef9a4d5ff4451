//! What the maker of a link may put onto our pages: nothing that reads like ours.

use proofkey_testkit::{AuthorizeRequest, Browser, Navigated, TestServer, fixtures, form_body, unescape};

const SENTENCE: &str = "Your account is suspended. Call +1 555 0100";
/// Every parameter whose text could be shown.
const OF_AUTHORIZE: [&str; 16] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "prompt",
    "max_age",
    "login_hint",
    "id_token_hint",
    "ui_locales",
    "resource",
    "request",
    "unknown",
];
const OF_LOGOUT: [&str; 5] =
    ["id_token_hint", "post_logout_redirect_uri", "client_id", "state", "ui_locales"];

/// Goes on from an answer as far as forms lead, and looks at every page on the way.
async fn check(mut browser: Browser, path: String, what: &str) {
    let mut outcome = browser.open(&path).await;
    for _ in 0..4 {
        let Navigated::Page(page) = outcome else { return };
        let shown = unescape(&page.html);
        assert!(!shown.contains("is suspended") && !page.text().contains("is suspended"), "{what}: {shown}");
        outcome = if page.is_sign_in() {
            browser.sign_in(&page, &fixtures::ada()).await
        } else if page.is_consent() {
            browser.allow(&page).await
        } else if page.is_logout() {
            browser.submit(&page, &[], "sign_out").await
        } else {
            return;
        };
    }
}

#[tokio::test]
async fn k_42_no_page_tells_a_strangers_text_as_ours() {
    let server = TestServer::start().await;
    let signed_in = Browser::signed_in(&server, &fixtures::ada()).await;
    for browser in [Browser::new(&server), signed_in] {
        for name in OF_AUTHORIZE {
            let request = AuthorizeRequest::new(&fixtures::web()).set(name, SENTENCE);
            check(browser.clone(), format!("/authorize?{}", request.encoded()), name).await;
            let twice = request.push(name, SENTENCE);
            check(browser.clone(), format!("/authorize?{}", twice.encoded()), name).await;
        }
        for name in OF_LOGOUT {
            for more in
                [&[][..], &[("client_id", "web")], &[("post_logout_redirect_uri", "https://web.example/bye")]]
            {
                let params = [&[(name, SENTENCE)], more].concat();
                check(browser.clone(), format!("/end-session?{}", form_body(&params)), name).await;
            }
        }
        for path in ["/sign-in", "/consent", "/authorize", "/end-session", "/nowhere"] {
            let query = form_body(&[("flow", SENTENCE), (SENTENCE, "x")]);
            check(browser.clone(), format!("{path}?{query}"), path).await;
        }
        check(browser.clone(), format!("/{}", SENTENCE.replace(' ', "%20")), "a path").await;
    }
}
