//! `/end-session`: asking, signing out, and the way back.

use proofkey_testkit::form_body;

use super::{Recorder, flow};

const BYE: &str = "https://web.example/bye";

#[tokio::test]
async fn without_a_hint_the_person_is_asked() {
    let recorder = Recorder::start().await;
    let mut browser = recorder.browser_of("ada");
    let page = recorder.get("end-session-page", &mut browser, "/end-session").await;
    let step = flow(&page);
    let mut german = browser.clone();
    german.language = "de".into();
    let _ = recorder.get("end-session-page-de", &mut german, "/end-session").await;
    let stay = [("flow", step.as_str()), ("decision", "stay")];
    let _ = recorder.post("end-session-stay", &mut browser, "/end-session", &stay).await;
    let sign_out = [("flow", step.as_str()), ("decision", "sign_out")];
    let _ = recorder.post("end-session-signed-out", &mut browser, "/end-session", &sign_out).await;
    let _ = recorder.get("end-session-nobody", &mut browser, "/end-session").await;
    browser.language = "de".into();
    let _ = recorder.get("end-session-nobody-de", &mut browser, "/end-session").await;
}

#[tokio::test]
async fn with_a_hint_it_leads_back() {
    let recorder = Recorder::start().await;
    let hint = recorder.grant("web", "unused")["id_token"].as_str().unwrap();
    let mut params = vec![("id_token_hint", hint), ("post_logout_redirect_uri", BYE), ("state", "st-1")];
    let path = |params: &[(&str, &str)]| format!("/end-session?{}", form_body(params));
    let _ = recorder.get("end-session-back", &mut recorder.browser_of("ada"), &path(&params)).await;
    params[1].1 = "https://evil.example/bye";
    let _ = recorder.get("end-session-no-way-back", &mut recorder.browser_of("ada"), &path(&params)).await;
}

#[tokio::test]
async fn after_the_question_the_way_back_is_a_link() {
    let recorder = Recorder::start().await;
    let hint = recorder.grant("web", "unused")["id_token"].as_str().unwrap();
    let params = [("id_token_hint", hint), ("post_logout_redirect_uri", BYE), ("state", "st-1")];
    let mut browser = recorder.browser_of("bob");
    let path = format!("/end-session?{}", form_body(&params));
    let page = recorder.get("end-session-page-of-another", &mut browser, &path).await;
    let step = flow(&page);
    let sign_out = [("flow", step.as_str()), ("decision", "sign_out")];
    let _ = recorder.post("end-session-link-back", &mut browser, "/end-session", &sign_out).await;
}

#[tokio::test]
async fn a_post_and_a_bad_step() {
    let recorder = Recorder::start().await;
    let mut browser = recorder.browser_of("ada");
    let hint = recorder.grant("web", "unused")["id_token"].as_str().unwrap();
    let garbage = [("flow", "garbage"), ("decision", "sign_out")];
    let _ = recorder.post("end-session-garbage", &mut browser, "/end-session", &garbage).await;
    let form = [("id_token_hint", hint), ("post_logout_redirect_uri", BYE)];
    let _ = recorder.post("end-session-by-post", &mut browser, "/end-session", &form).await;
    let repeated = format!("/end-session?{}", form_body(&[("state", "a"), ("state", "b")]));
    let _ = recorder.get("end-session-repeated", &mut browser, &repeated).await;
}
