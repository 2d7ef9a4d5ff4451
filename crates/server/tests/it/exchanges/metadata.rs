//! The key set and both metadata documents.

use super::Recorder;

const OPENID: &str = "/.well-known/openid-configuration";
const OAUTH: &str = "/.well-known/oauth-authorization-server";
const APP: [(&str, &str); 2] =
    [("origin", "https://anywhere.example"), ("access-control-request-method", "GET")];

#[tokio::test]
async fn documents() {
    let recorder = Recorder::start().await;
    let answer = recorder.send("metadata-openid", "GET", OPENID, &[]).await;
    let tag = [("if-none-match", answer.header("etag"))];
    let _ = recorder.send("metadata-openid-unchanged", "GET", OPENID, &tag).await;
    let _ = recorder.send("metadata-openid-cors", "GET", OPENID, &APP[..1]).await;
    let _ = recorder.send("metadata-openid-preflight", "OPTIONS", OPENID, &APP).await;
    let _ = recorder.send("metadata-oauth", "GET", OAUTH, &[]).await;
    let _ = recorder.send("metadata-oauth-preflight", "OPTIONS", OAUTH, &APP).await;
}

#[tokio::test]
async fn keys() {
    let recorder = Recorder::start().await;
    let answer = recorder.send("jwks", "GET", "/jwks", &[]).await;
    let tag = [("if-none-match", answer.header("etag"))];
    let _ = recorder.send("jwks-unchanged", "GET", "/jwks", &tag).await;
    let _ = recorder.send("jwks-head", "HEAD", "/jwks", &[]).await;
    let _ = recorder.send("jwks-preflight", "OPTIONS", "/jwks", &APP).await;
}
