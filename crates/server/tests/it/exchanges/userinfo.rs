//! `/userinfo`.

use super::Recorder;

#[tokio::test]
async fn claims_and_refusals() {
    let recorder = Recorder::start().await;
    let bearer = |client: &str, state: &str| {
        format!("Bearer {}", recorder.grant(client, state)["access_token"].as_str().unwrap())
    };
    let ada = bearer("web", "unused");
    let _ = recorder.send("userinfo", "GET", "/userinfo", &[("authorization", &ada)]).await;
    let _ = recorder.send("userinfo-by-post", "POST", "/userinfo", &[("authorization", &ada)]).await;
    let app = [("authorization", ada.as_str()), ("origin", "https://app.example")];
    let _ = recorder.send("userinfo-cors", "GET", "/userinfo", &app).await;
    let least = bearer("spa", "unused");
    let _ = recorder.send("userinfo-least", "GET", "/userinfo", &[("authorization", &least)]).await;
    let _ = recorder.send("userinfo-no-token", "GET", "/userinfo", &[]).await;
    let _ = recorder.send("userinfo-garbage", "GET", "/userinfo", &[("authorization", "Bearer x.y.z")]).await;
    let _ = recorder.send("userinfo-basic", "GET", "/userinfo", &[("authorization", "Basic eDp5")]).await;
    let revoked = bearer("web", "revoked");
    let _ = recorder.send("userinfo-revoked", "GET", "/userinfo", &[("authorization", &revoked)]).await;
    let tokens = recorder.museum.list("access_tokens");
    let service = format!("Bearer {}", tokens[0]["access_token"].as_str().unwrap());
    let _ =
        recorder.send("userinfo-other-audience", "GET", "/userinfo", &[("authorization", &service)]).await;
    let asked = [
        ("origin", "https://app.example"),
        ("access-control-request-method", "GET"),
        ("access-control-request-headers", "authorization"),
    ];
    let _ = recorder.send("userinfo-preflight", "OPTIONS", "/userinfo", &asked).await;
    recorder.server.advance(601);
    let _ = recorder.send("userinfo-late", "GET", "/userinfo", &[("authorization", &ada)]).await;
}
