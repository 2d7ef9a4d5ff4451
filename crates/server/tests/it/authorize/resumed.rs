//! A step that no longer fits: it is a link to its request, which begins anew. What was done on its page counts for nothing.

use proofkey_testkit::{AuthorizeRequest, Browser, Navigated, Page, TestServer, fixtures};

use crate::support::{consented, consented_as};

const RESUMED: &str = "The page before was no longer current";
/// Longer than a step fits.
const TOO_LONG_SECONDS: i64 = 31 * 60;

fn request() -> AuthorizeRequest {
    AuthorizeRequest::new(&fixtures::web())
}

async fn sign_in_page(browser: &mut Browser) -> Page {
    let page = browser.authorize(&request()).await.page();
    assert!(page.is_sign_in() && !page.html.contains(RESUMED));
    page
}

#[tokio::test]
async fn k_14_two_pages_that_were_asked_for_at_once_can_both_sign_in() {
    let server = TestServer::start().await;
    for first_is_used in [true, false] {
        // Neither tab had a cookie yet when it asked.
        let (mut browser, mut second) = (Browser::new(&server), Browser::new(&server));
        let (page_one, page_two) = (sign_in_page(&mut browser).await, sign_in_page(&mut second).await);
        browser.jar.cookies.extend(second.jar.cookies);
        let page = if first_is_used { page_one } else { page_two };
        assert!(browser.sign_in(&page, &fixtures::ada()).await.page().is_consent(), "{first_is_used}");
    }
}

/// How a page can stop fitting the browser that it stands in.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Misfit {
    Late,
    WithoutCookie,
    WithAnothersCookie,
}

const MISFITS: [Misfit; 3] = [Misfit::Late, Misfit::WithoutCookie, Misfit::WithAnothersCookie];

impl Misfit {
    async fn befall(self, server: &TestServer, browser: &mut Browser) {
        match self {
            Self::Late => server.advance(TOO_LONG_SECONDS),
            Self::WithoutCookie => browser.jar.remove("flow"),
            Self::WithAnothersCookie => {
                let mut other = Browser::new(server);
                let _ = sign_in_page(&mut other).await;
                browser.jar.remove("flow");
                browser.jar.cookies.push(other.jar.find("flow").cloned().expect("a flow cookie"));
            }
        }
    }
}

#[tokio::test]
async fn k_14_a_sign_in_page_that_no_longer_fits_is_shown_again_and_its_password_is_discarded() {
    for misfit in MISFITS {
        let server = TestServer::start().await;
        let mut browser = Browser::new(&server);
        let page = sign_in_page(&mut browser).await;
        misfit.befall(&server, &mut browser).await;
        let again = browser.sign_in(&page, &fixtures::ada()).await.page();
        assert_eq!(again.status, 200, "{misfit:?}");
        assert!(again.is_sign_in() && again.html.contains(RESUMED), "{misfit:?}: {}", again.html);
        assert!(browser.jar.find("sid").is_none(), "{misfit:?}: the password was not used");
        // It leads to the app.
        let consent = browser.sign_in(&again, &fixtures::ada()).await.page();
        assert!(consent.is_consent() && !consent.html.contains(RESUMED), "{misfit:?}");
        assert_ne!(browser.allow(&consent).await.redirect().param("code"), "", "{misfit:?}");
    }
}

#[tokio::test]
async fn k_14_a_consent_page_that_no_longer_fits_allows_nothing_and_denies_nothing() {
    let server = TestServer::start().await;
    for misfit in MISFITS {
        for decision in ["allow", "deny"] {
            let mut browser = Browser::signed_in(&server, &fixtures::bob()).await;
            let page = browser.authorize(&request().set("prompt", "consent")).await.page();
            misfit.befall(&server, &mut browser).await;
            let again = browser.submit(&page, &[], decision).await.page();
            assert!(
                again.is_consent() && again.html.contains(RESUMED),
                "{misfit:?} {decision}: {}",
                again.html
            );
            let departure = browser.deny(&again).await.redirect();
            assert_eq!(departure.param("error"), "access_denied", "{misfit:?} {decision}");
        }
    }
}

/// The person was about to decide: what is remembered does not decide instead.
#[tokio::test]
async fn k_14_a_stale_answer_is_asked_for_again_although_a_consent_is_remembered() {
    for decision in ["allow", "deny"] {
        let server = TestServer::start().await;
        let mut browser = Browser::signed_in(&server, &fixtures::ada()).await;
        let page = browser.authorize(&request().set("scope", "openid notes:read")).await.page();
        // Allowed meanwhile, in another tab.
        let other = browser
            .authorize(&request().set("scope", "openid notes:read").set("prompt", "consent"))
            .await
            .page();
        let _ = browser.allow(&other).await.redirect();
        Misfit::WithAnothersCookie.befall(&server, &mut browser).await;
        let again = browser.submit(&page, &[], decision).await.page();
        assert!(again.is_consent(), "{decision}");
    }
}

/// An answer in a session of another user is none, for either of them.
#[tokio::test]
async fn k_14_an_answer_for_another_user_is_asked_for_again() {
    let server = TestServer::start().await;
    let _ = consented_as(&server, &fixtures::web(), &fixtures::bob()).await;
    let mut browser = Browser::signed_in(&server, &fixtures::ada()).await;
    let page = browser.authorize(&request()).await.page();
    assert!(page.is_consent());
    let login = browser.authorize(&request().set("prompt", "login")).await.page();
    let _ = browser.sign_in(&login, &fixtures::bob()).await.redirect();
    let again = browser.deny(&page).await.page();
    assert!(again.is_consent() && again.html.contains("Bob"), "{}", again.html);
}

#[tokio::test]
async fn k_14_a_second_tab_goes_on_without_a_password_but_not_past_what_wants_one() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    let code = server
        .code_by(&mut consented_as(&server, &web, &fixtures::bob()).await, &request(), &fixtures::bob())
        .await;
    let of_bob = proofkey_testkit::Tokens::of(&server.redeem(&web, &code).await).id_token;
    for (name, value, asks) in [
        ("ui_locales", "en", false),
        ("max_age", "3600", false),
        ("prompt", "login", true),
        ("prompt", "select_account", true),
        ("max_age", "0", true),
        ("id_token_hint", of_bob.as_str(), true),
    ] {
        let request = request().set(name, value);
        let mut browser = Browser::new(&server);
        let page = browser.authorize(&request).await.page();
        assert!(page.is_sign_in(), "{name}={value}");
        // Somebody signs in in another tab, and the first page has lost its cookie meanwhile.
        let other = browser.authorize(&AuthorizeRequest::new(&web)).await.page();
        let _ = browser.sign_in(&other, &fixtures::ada()).await;
        Misfit::WithAnothersCookie.befall(&server, &mut browser).await;
        let session = browser.jar.find("sid").cloned();
        for outcome in [
            browser.clone().sign_in(&page, &fixtures::ada()).await,
            browser.clone().authorize(&request).await,
        ] {
            match outcome {
                Navigated::Page(page) => assert_eq!(page.is_sign_in(), asks, "{name}={value}: {}", page.html),
                Navigated::Redirect(departure) => {
                    assert!(
                        !asks && !departure.param("code").is_empty(),
                        "{name}={value}: {}",
                        departure.location
                    );
                }
            }
        }
        assert_eq!(browser.jar.find("sid").cloned(), session, "{name}={value}");
    }
}

#[tokio::test]
async fn k_14_a_browser_that_keeps_no_cookie_is_told_so_and_not_asked_for_ever() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    let mut page = sign_in_page(&mut browser).await;
    for asked_again in [true, false] {
        browser.jar.cookies.clear();
        page = browser.sign_in(&page, &fixtures::ada()).await.page();
        assert_eq!(page.is_sign_in(), asked_again, "{}", page.html);
    }
    assert_eq!((page.status, page.html.contains("interaction.other_browser")), (403, true));
}

#[tokio::test]
async fn k_14_a_sign_out_page_that_no_longer_fits_asks_again() {
    let server = TestServer::start().await;
    for misfit in MISFITS {
        let mut browser = Browser::signed_in(&server, &fixtures::ada()).await;
        let page = browser.open("/end-session").await.page();
        misfit.befall(&server, &mut browser).await;
        let again = browser.submit(&page, &[], "sign_out").await.page();
        assert!(again.is_logout() && again.html.contains(RESUMED), "{misfit:?}: {}", again.html);
        let done = browser.submit(&again, &[], "sign_out").await.page();
        assert!(!done.is_logout() && browser.jar.find("sid").is_none(), "{misfit:?}");
    }
}

/// Addresses of pages of an earlier server stand in open windows.
#[tokio::test]
async fn k_14_an_address_with_a_step_is_a_link_to_its_request() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    let page = sign_in_page(&mut browser).await;
    let step = page.form().inputs[0].1.clone();
    for mut browser in [browser.clone(), Browser::new(&server)] {
        assert!(browser.open(&format!("/sign-in?flow={step}")).await.page().is_sign_in());
    }
    let consent = browser.sign_in(&page, &fixtures::ada()).await.page();
    let step = consent.form().inputs[0].1.clone();
    assert!(browser.open(&format!("/consent?flow={step}")).await.page().is_consent());
    assert!(Browser::new(&server).open(&format!("/consent?flow={step}")).await.page().is_sign_in());
    let mut allowed = consented(&server, &fixtures::web()).await;
    assert_ne!(allowed.open(&format!("/consent?flow={step}")).await.redirect().param("code"), "");
}

#[tokio::test]
async fn az_32_k_30_not_you_is_a_button_and_another_user_signs_in() {
    let server = TestServer::start().await;
    let mut browser = Browser::signed_in(&server, &fixtures::ada()).await;
    let page = browser.authorize(&request()).await.page();
    let form = page.form();
    let filled = [("flow", form.inputs[0].1.as_str()), ("decision", "not_me")];
    let answer = browser.post(&form.action, &filled).await;
    let page = browser.follow(&form.action, answer).await.page();
    assert!(page.is_sign_in() && !page.html.contains(RESUMED), "{}", page.html);
    let consent = browser.sign_in(&page, &fixtures::bob()).await.page();
    assert!(consent.is_consent() && consent.html.contains("Bob"), "{}", consent.html);
}
