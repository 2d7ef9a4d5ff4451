//! `/consent`: the page, allowing and denying.

use proofkey_testkit::{Answer, Browser, TestClient, fixtures};

use super::{Recorder, authorize, flow, request};

/// A browser of bob that is asked for everything.
async fn asked(recorder: &Recorder, client: &TestClient) -> (Browser, Answer) {
    let mut browser = recorder.browser_of("bob");
    let answer = browser.get(&authorize(&request(client).set("scope", fixtures::SCOPE))).await;
    (browser, answer)
}

#[tokio::test]
async fn the_page() {
    let recorder = Recorder::start().await;
    let mut browser = recorder.browser_of("bob");
    let ask = |client: &TestClient| authorize(&request(client).set("scope", fixtures::SCOPE));
    let _ = recorder.get("consent-page", &mut browser, &ask(&fixtures::web())).await;
    browser.language = "de".into();
    let _ = recorder.get("consent-page-de", &mut browser, &ask(&fixtures::web())).await;
    browser.language = "en".into();
    let _ = recorder.get("consent-page-native", &mut browser, &ask(&fixtures::native())).await;
    let _ = recorder.get("consent-page-least", &mut browser, &authorize(&request(&fixtures::spa()))).await;
}

#[tokio::test]
async fn allowing_and_denying_lead_back() {
    let recorder = Recorder::start().await;
    let (mut browser, answer) = asked(&recorder, &fixtures::web()).await;
    let step = flow(&answer);
    let deny = [("flow", step.as_str()), ("decision", "deny")];
    let _ = recorder.post("consent-deny", &mut browser, "/consent", &deny).await;
    let unclear = [("flow", step.as_str()), ("decision", "perhaps")];
    let _ = recorder.post("consent-unclear", &mut browser, "/consent", &unclear).await;
    let allow = [("flow", step.as_str()), ("decision", "allow")];
    let _ = recorder.post("consent-allow", &mut browser, "/consent", &allow).await;
    let (mut browser, answer) = asked(&recorder, &fixtures::native()).await;
    browser.language = "de".into();
    let step = flow(&answer);
    let allow = [("flow", step.as_str()), ("decision", "allow")];
    let _ = recorder.post("consent-allow-native-de", &mut browser, "/consent", &allow).await;
}

#[tokio::test]
async fn a_step_of_another_browser_or_time_begins_anew() {
    let recorder = Recorder::start().await;
    let (mut browser, answer) = asked(&recorder, &fixtures::web()).await;
    let step = flow(&answer);
    let allow = [("flow", step.as_str()), ("decision", "allow")];
    let _ = recorder.post("consent-other-browser", &mut recorder.browser(), "/consent", &allow).await;
    let garbage = [("flow", "garbage"), ("decision", "allow")];
    let _ = recorder.post("consent-garbage", &mut browser, "/consent", &garbage).await;
    let _ = recorder.get("consent-without-step", &mut browser, "/consent").await;
    recorder.server.advance(86_400);
    let _ = recorder.post("consent-late", &mut browser, "/consent", &allow).await;
}
