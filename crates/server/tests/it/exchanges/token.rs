//! `/token`: each grant, and each kind of refusal.

use proofkey_testkit::{TestClient, basic, fixtures};

use super::{Recorder, redemption};

const SCOPE: &str = "openid profile email offline_access notes:read notes:write";

#[tokio::test]
async fn a_code() {
    let recorder = Recorder::start().await;
    let (web, spa) = (fixtures::web(), fixtures::spa());
    let code = recorder.code(&web, SCOPE).await;
    let _ = recorder.call("token-code", &web, "/token", &redemption(&code, &web)).await;
    let _ = recorder.call("token-code-again", &web, "/token", &redemption(&code, &web)).await;
    let code = recorder.code(&web, "openid").await;
    let _ = recorder.call("token-code-least", &web, "/token", &redemption(&code, &web)).await;
    let code = recorder.code(&web, "files:read").await;
    let _ = recorder.call("token-code-api-alone", &web, "/token", &redemption(&code, &web)).await;
    let code = recorder.code(&spa, "openid offline_access notes:read").await;
    let mut form = redemption(&code, &spa).to_vec();
    form.push(("client_id", "spa"));
    let _ = recorder.form("token-code-spa", "/token", &[("origin", "https://app.example")], &form).await;
}

#[tokio::test]
async fn a_refresh_token() {
    let recorder = Recorder::start().await;
    let (web, post) = (fixtures::web(), recorder.client("web-post"));
    let token = |client: &str, state: &str| recorder.grant(client, state)["refresh_token"].as_str().unwrap();
    let form = |token| [("grant_type", "refresh_token"), ("refresh_token", token)];
    let _ = recorder.call("token-refresh", &web, "/token", &form(token("web", "unused"))).await;
    let _ = recorder.call("token-refresh-by-post", &post, "/token", &form(token("web-post", "unused"))).await;
    let mut narrowed = form(token("web", "used once")).to_vec();
    narrowed.push(("scope", "notes:read"));
    let _ = recorder.call("token-refresh-narrowed", &web, "/token", &narrowed).await;
    let mut grown = form(token("web", "code redeemed")).to_vec();
    grown.push(("scope", "openid files:read"));
    let _ = recorder.call("token-refresh-grown", &web, "/token", &grown).await;
    let _ = recorder.call("token-refresh-revoked", &web, "/token", &form(token("web", "revoked"))).await;
    let _ = recorder.call("token-refresh-foreign", &web, "/token", &form(token("native", "unused"))).await;
    let _ = recorder.call("token-refresh-garbage", &web, "/token", &form("garbage")).await;
}

#[tokio::test]
async fn a_clients_own_credentials() {
    let recorder = Recorder::start().await;
    let service = fixtures::service();
    let form = [("grant_type", "client_credentials")];
    let _ = recorder.call("token-credentials", &service, "/token", &form).await;
    let narrowed = [form[0], ("scope", "notes:read")];
    let _ = recorder.call("token-credentials-narrowed", &service, "/token", &narrowed).await;
    let _ = recorder.call("token-credentials-not-registered", &fixtures::web(), "/token", &form).await;
    let foreign = [form[0], ("scope", "files:read")];
    let _ = recorder.call("token-credentials-scope", &service, "/token", &foreign).await;
    let target = [form[0], ("resource", "https://unknown.example/api")];
    let _ = recorder.call("token-credentials-resource", &service, "/token", &target).await;
}

#[tokio::test]
async fn a_code_that_is_not_taken() {
    let recorder = Recorder::start().await;
    let web = fixtures::web();
    let code = recorder.code(&web, SCOPE).await;
    let changed = |name: &'static str, value: &'static str| {
        redemption(&code, &web).map(|(known, old)| (known, if known == name { value } else { old }))
    };
    let other = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl";
    let elsewhere = "https://web.example/elsewhere";
    let _ = recorder.call("token-code-verifier", &web, "/token", &changed("code_verifier", other)).await;
    let _ =
        recorder.call("token-code-redirect-uri", &web, "/token", &changed("redirect_uri", elsewhere)).await;
    let _ = recorder.call("token-code-garbage", &web, "/token", &changed("code", "garbage")).await;
    let _ = recorder.call("token-code-missing", &web, "/token", &changed("code", "")).await;
    let legacy = fixtures::legacy();
    let _ = recorder.call("token-code-foreign", &legacy, "/token", &redemption(&code, &web)).await;
    let mut form = redemption(&code, &web).to_vec();
    form.push(("resource", "https://files.example/api"));
    let _ = recorder.call("token-code-resource", &web, "/token", &form).await;
    recorder.server.advance(61);
    let _ = recorder.call("token-code-late", &web, "/token", &redemption(&code, &web)).await;
    let both = recorder.code(&web, fixtures::SCOPE).await;
    let _ = recorder.call("token-code-which-api", &web, "/token", &redemption(&both, &web)).await;
}

#[tokio::test]
async fn a_request_that_is_none() {
    let recorder = Recorder::start().await;
    let web = fixtures::web();
    let _ = recorder.call("token-grant-missing", &web, "/token", &[]).await;
    let _ = recorder.call("token-grant-unknown", &web, "/token", &[("grant_type", "password")]).await;
    let twice = [("grant_type", "refresh_token"), ("grant_type", "refresh_token")];
    let _ = recorder.call("token-repeated", &web, "/token", &twice).await;
    let _ = recorder.send("token-get", "GET", "/token", &[]).await;
    let json = [("content-type", "application/json")];
    let _ = recorder.send("token-not-a-form", "POST", "/token", &json).await;
    let long = "x".repeat(70_000);
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    recorder.server.reseed("token-too-large");
    let answer = recorder.server.send("POST", "/token", &headers, long).await;
    let asked = super::Asked::bare("POST", "/token", &headers, &[("70,000 bytes", "x…")]);
    let _ = recorder.compare("token-too-large", &asked, answer);
}

#[tokio::test]
async fn a_client_that_is_not_known() {
    let recorder = Recorder::start().await;
    let form = [("grant_type", "client_credentials")];
    let wrong = |client: TestClient| TestClient { secret: Some("wrong secret".into()), ..client };
    let _ = recorder.call("token-client-wrong-basic", &wrong(fixtures::web()), "/token", &form).await;
    let _ = recorder.call("token-client-wrong-post", &wrong(fixtures::web_post()), "/token", &form).await;
    let _ = recorder.call("token-client-disabled", &fixtures::web_b(), "/token", &form).await;
    let _ = recorder.form("token-client-none", "/token", &[], &form).await;
    let unknown = basic("unheard-of", "wrong secret");
    let _ = recorder.form("token-client-unknown", "/token", &[("authorization", &unknown)], &form).await;
    let mut public = form.to_vec();
    public.push(("client_id", "web"));
    let _ = recorder.form("token-client-without-secret", "/token", &[], &public).await;
    let twice = basic("web", fixtures::web().secret.as_deref().unwrap());
    let _ = recorder
        .form(
            "token-client-two-ways",
            "/token",
            &[("authorization", &twice)],
            &[("grant_type", "client_credentials"), ("client_id", "web"), ("client_secret", "x")],
        )
        .await;
    let from_app = [("authorization", unknown.as_str()), ("origin", "https://app.example")];
    let _ = recorder.form("token-client-unknown-cors", "/token", &from_app, &form).await;
    let service = wrong(fixtures::service());
    while recorder.server.token(&service, &form).await.status == 401 {}
    let _ = recorder.call("token-client-limited", &service, "/token", &form).await;
}

#[tokio::test]
async fn a_preflight() {
    let recorder = Recorder::start().await;
    let headers = |origin| [("origin", origin), ("access-control-request-method", "POST")];
    let _ = recorder.send("token-preflight", "OPTIONS", "/token", &headers("https://app.example")).await;
    let _ =
        recorder.send("token-preflight-unknown", "OPTIONS", "/token", &headers("https://evil.example")).await;
}
