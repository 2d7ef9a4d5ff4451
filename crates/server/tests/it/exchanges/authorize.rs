//! `/authorize`: every kind of answer.

use proofkey_testkit::{AuthorizeRequest, fixtures};

use super::{Recorder, authorize, next, request};

#[tokio::test]
async fn a_request_without_a_session_leads_to_the_sign_in_page() {
    let recorder = Recorder::start().await;
    let web = fixtures::web();
    let mut browser = recorder.browser();
    let _ = recorder.get("authorize-sign-in", &mut browser, &authorize(&request(&web))).await;
    let hinted = request(&web).set("login_hint", "ada").set("ui_locales", "de");
    let _ = recorder.get("authorize-sign-in-hinted", &mut browser, &authorize(&hinted)).await;
    let mut other = recorder.browser();
    let form = request(&web);
    let posted = recorder.post("authorize-sign-in-by-post", &mut other, "/authorize", &params(&form)).await;
    let _ = recorder.get("authorize-sign-in-resumed", &mut other, &next(&posted)).await;
}

#[tokio::test]
async fn a_session_without_consent_leads_to_the_consent_page() {
    let recorder = Recorder::start().await;
    let mut browser = recorder.browser_of("bob");
    let asked = authorize(&request(&fixtures::web()));
    let _ = recorder.get("authorize-consent", &mut browser, &asked).await;
    let native = authorize(&request(&fixtures::native()));
    let _ = recorder.get("authorize-consent-native", &mut recorder.browser_of("ada"), &native).await;
}

#[tokio::test]
async fn remembered_consent_leads_back_with_a_code() {
    let recorder = Recorder::start().await;
    let web = fixtures::web();
    let mut browser = recorder.browser_of("ada");
    let _ = recorder.get("authorize-code", &mut browser, &authorize(&request(&web))).await;
    let quiet = request(&web).set("prompt", "none").without("state");
    let _ = recorder.get("authorize-code-without-page", &mut browser, &authorize(&quiet)).await;
    let form = request(&web);
    let posted = recorder.post("authorize-code-by-post", &mut browser, "/authorize", &params(&form)).await;
    let _ = recorder.get("authorize-code-resumed", &mut browser, &next(&posted)).await;
}

#[tokio::test]
async fn errors_that_the_client_may_know_go_back_to_it() {
    let recorder = Recorder::start().await;
    let web = fixtures::web();
    let mut browser = recorder.browser_of("ada");
    let cases = [
        ("authorize-error-scope", request(&web).set("scope", "openid phone")),
        ("authorize-error-response-type", request(&web).set("response_type", "token")),
        ("authorize-error-pkce", request(&web).without("code_challenge")),
        ("authorize-error-resource", request(&web).set("resource", "https://unknown.example/api")),
        ("authorize-error-request-object", request(&web).set("request", "x.y.z")),
    ];
    for (name, request) in cases {
        let _ = recorder.get(name, &mut browser, &authorize(&request)).await;
    }
    let none = authorize(&request(&web).set("prompt", "none"));
    let _ = recorder.get("authorize-login-required", &mut recorder.browser(), &none).await;
    let _ = recorder.get("authorize-consent-required", &mut recorder.browser_of("bob"), &none).await;
    let form = request(&web).set("scope", "openid phone");
    let posted = recorder.post("authorize-error-by-post", &mut browser, "/authorize", &params(&form)).await;
    let _ = recorder.get("authorize-error-resumed", &mut browser, &next(&posted)).await;
}

#[tokio::test]
async fn errors_that_it_may_not_know_are_shown_to_the_person() {
    let recorder = Recorder::start().await;
    let web = fixtures::web();
    let mut browser = recorder.browser();
    let elsewhere = authorize(&request(&web).set("redirect_uri", "https://evil.example/callback"));
    let unknown = authorize(&request(&web).set("client_id", "nobody-knows-it"));
    let repeated = authorize(&request(&web).push("client_id", "web"));
    let disabled = authorize(&request(&fixtures::web_b()));
    let _ = recorder.get("authorize-page-redirect-uri", &mut browser, &elsewhere).await;
    let _ = recorder.get("authorize-page-client", &mut browser, &unknown).await;
    let _ = recorder.get("authorize-page-repeated", &mut browser, &repeated).await;
    let _ = recorder.get("authorize-page-disabled", &mut browser, &disabled).await;
    let _ = recorder.get("authorize-page-empty", &mut browser, "/authorize").await;
    browser.language = "de".into();
    let _ = recorder.get("authorize-page-redirect-uri-de", &mut browser, &elsewhere).await;
    let _ = recorder.get("authorize-page-client-de", &mut browser, &unknown).await;
}

#[tokio::test]
async fn other_methods_and_bodies_are_refused() {
    let recorder = Recorder::start().await;
    let _ = recorder.send("authorize-put", "PUT", "/authorize", &[]).await;
    let _ = recorder
        .send("authorize-not-a-form", "POST", "/authorize", &[("content-type", "application/json")])
        .await;
}

/// The parameters of a request, as a form has them.
fn params(request: &AuthorizeRequest) -> Vec<(&str, &str)> {
    request.params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}
