//! `/introspect`.

use proofkey_oauth::AuthMethod;
use proofkey_testkit::{TestClient, fixtures};

use super::Recorder;

#[tokio::test]
async fn tokens_by_their_client() {
    let recorder = Recorder::start().await;
    let web = fixtures::web();
    let grant = recorder.grant("web", "unused");
    let (access, refresh) =
        (grant["access_token"].as_str().unwrap(), grant["refresh_token"].as_str().unwrap());
    let _ = recorder.call("introspect-access", &web, "/introspect", &[("token", access)]).await;
    let _ = recorder.call("introspect-refresh", &web, "/introspect", &[("token", refresh)]).await;
    let service = recorder.museum.list("access_tokens")[0]["access_token"].as_str().unwrap();
    let _ =
        recorder.call("introspect-service", &fixtures::service(), "/introspect", &[("token", service)]).await;
    let _ = recorder.call("introspect-garbage", &web, "/introspect", &[("token", "garbage")]).await;
    let _ =
        recorder.call("introspect-foreign", &fixtures::legacy(), "/introspect", &[("token", access)]).await;
    let revoked = recorder.grant("web", "revoked")["access_token"].as_str().unwrap();
    let _ = recorder.call("introspect-revoked", &web, "/introspect", &[("token", revoked)]).await;
}

#[tokio::test]
async fn tokens_by_their_api() {
    let recorder = Recorder::start().await;
    let api = &recorder.museum.list("apis")[0];
    let api = TestClient {
        id: api["resource"].as_str().unwrap().to_owned(),
        secret: api["introspection_secret"].as_str().map(str::to_owned),
        method: AuthMethod::ClientSecretBasic,
        redirect_uri: String::new(),
        scope: String::new(),
    };
    let at_notes = recorder.grant("spa", "unused")["access_token"].as_str().unwrap();
    let _ = recorder.call("introspect-by-api", &api, "/introspect", &[("token", at_notes)]).await;
    let elsewhere = recorder.grant("legacy", "unused")["access_token"].as_str().unwrap();
    let _ = recorder.call("introspect-by-other-api", &api, "/introspect", &[("token", elsewhere)]).await;
}

#[tokio::test]
async fn refusals() {
    let recorder = Recorder::start().await;
    let web = fixtures::web();
    let _ = recorder.call("introspect-no-token", &web, "/introspect", &[]).await;
    let wrong = TestClient { secret: Some("wrong secret".into()), ..web };
    let _ = recorder.call("introspect-wrong-secret", &wrong, "/introspect", &[("token", "x")]).await;
    let _ = recorder.call("introspect-public", &fixtures::spa(), "/introspect", &[("token", "x")]).await;
    let _ = recorder.send("introspect-get", "GET", "/introspect", &[]).await;
}
