//! `/revoke`.

use proofkey_testkit::{TestClient, fixtures};

use super::Recorder;

#[tokio::test]
async fn tokens_and_refusals() {
    let recorder = Recorder::start().await;
    let web = fixtures::web();
    let grant = recorder.grant("web", "unused");
    let (access, refresh) =
        (grant["access_token"].as_str().unwrap(), grant["refresh_token"].as_str().unwrap());
    let _ = recorder.call("revoke-foreign", &fixtures::legacy(), "/revoke", &[("token", refresh)]).await;
    let _ = recorder.call("revoke-access", &web, "/revoke", &[("token", access)]).await;
    let hinted = [("token", refresh), ("token_type_hint", "refresh_token")];
    let _ = recorder.call("revoke-refresh", &web, "/revoke", &hinted).await;
    let _ = recorder.call("revoke-garbage", &web, "/revoke", &[("token", "garbage")]).await;
    let _ = recorder.call("revoke-no-token", &web, "/revoke", &[]).await;
    let of_spa = recorder.grant("spa", "unused")["refresh_token"].as_str().unwrap();
    let form = [("token", of_spa), ("client_id", "spa")];
    let _ = recorder.form("revoke-cors", "/revoke", &[("origin", "https://app.example")], &form).await;
    let wrong = TestClient { secret: Some("wrong secret".into()), ..web };
    let _ = recorder.call("revoke-wrong-secret", &wrong, "/revoke", &[("token", "x")]).await;
    let asked = [("origin", "https://app.example"), ("access-control-request-method", "POST")];
    let _ = recorder.send("revoke-preflight", "OPTIONS", "/revoke", &asked).await;
}
