//! `/sign-in`: the page, wrong passwords, waiting, and the way on.

use proofkey_testkit::fixtures;

use super::{Recorder, asked_to_sign_in, authorize, flow, request};

#[tokio::test]
async fn the_page() {
    let recorder = Recorder::start().await;
    let mut browser = recorder.browser();
    let asked = authorize(&request(&fixtures::web()));
    let _ = recorder.get("sign-in-page", &mut browser, &asked).await;
    browser.language = "de".into();
    let _ = recorder.get("sign-in-page-de", &mut browser, &asked).await;
    let hinted = request(&fixtures::web()).set("login_hint", "ada").set("prompt", "login");
    let mut browser = recorder.browser_of("ada");
    let _ = recorder.get("sign-in-page-again", &mut browser, &authorize(&hinted)).await;
}

#[tokio::test]
async fn a_wrong_password_shows_it_again() {
    let recorder = Recorder::start().await;
    let (mut browser, flow) = asked_to_sign_in(&recorder).await;
    let wrong = [("flow", flow.as_str()), ("username", "ada"), ("password", "wrong")];
    let _ = recorder.post("sign-in-wrong", &mut browser, "/sign-in", &wrong).await;
    let empty = [("flow", flow.as_str()), ("username", ""), ("password", "")];
    let _ = recorder.post("sign-in-empty", &mut browser, "/sign-in", &empty).await;
    browser.language = "de".into();
    let _ = recorder.post("sign-in-wrong-de", &mut browser, "/sign-in", &wrong).await;
}

#[tokio::test]
async fn an_account_with_too_many_failures_waits() {
    let recorder = Recorder::start().await;
    let (mut browser, flow) = asked_to_sign_in(&recorder).await;
    let dora = [("flow", flow.as_str()), ("username", "dora"), ("password", "two-lanterns-and-a-kite-5")];
    let _ = recorder.post("sign-in-wait", &mut browser, "/sign-in", &dora).await;
    browser.language = "de".into();
    let _ = recorder.post("sign-in-wait-de", &mut browser, "/sign-in", &dora).await;
}

#[tokio::test]
async fn the_right_password_leads_on() {
    let recorder = Recorder::start().await;
    let (mut browser, step) = asked_to_sign_in(&recorder).await;
    let ada = [("flow", step.as_str()), ("username", "ada"), ("password", "analytical-engine-no-7")];
    let _ = recorder.post("sign-in-then-code", &mut browser, "/sign-in", &ada).await;
    let (mut browser, step) = asked_to_sign_in(&recorder).await;
    let bob = [("flow", step.as_str()), ("username", "bob"), ("password", "a-bridge-over-the-river-9")];
    let _ = recorder.post("sign-in-then-consent", &mut browser, "/sign-in", &bob).await;
    let mut known = recorder.browser_of("ada");
    let page = known.get(&authorize(&request(&fixtures::web()).set("prompt", "login"))).await;
    let step = flow(&page);
    let ada = [("flow", step.as_str()), ("username", "ada"), ("password", "analytical-engine-no-7")];
    let _ = recorder.post("sign-in-again", &mut known, "/sign-in", &ada).await;
}

#[tokio::test]
async fn a_step_of_another_browser_or_time_begins_anew() {
    let recorder = Recorder::start().await;
    let (mut browser, step) = asked_to_sign_in(&recorder).await;
    let ada = [("flow", step.as_str()), ("username", "ada"), ("password", "analytical-engine-no-7")];
    let _ = recorder.post("sign-in-other-browser", &mut recorder.browser(), "/sign-in", &ada).await;
    let garbage = [("flow", "garbage"), ("username", "ada"), ("password", "analytical-engine-no-7")];
    let _ = recorder.post("sign-in-garbage", &mut browser, "/sign-in", &garbage).await;
    let _ = recorder.get("sign-in-without-step", &mut browser, "/sign-in").await;
    recorder.server.advance(86_400);
    let _ = recorder.post("sign-in-late", &mut browser, "/sign-in", &ada).await;
}
