//! What cannot be registered, so that no request can ask for it.

use proofkey_server::admin::{AdminRefused, ClientDocument, MetadataRefused};
use proofkey_testkit::TestServer;
use serde_json::{Value, json};

async fn register(server: &TestServer, redirect_uris: Value, application: &str) -> Result<(), AdminRefused> {
    let metadata = json!({
        "token_endpoint_auth_method": "none", "application_type": application, "redirect_uris": redirect_uris,
    });
    server.admin().add_client(ClientDocument::parse(&metadata.to_string())?).await.map(drop)
}

#[tokio::test]
async fn az_04_az_05_az_06_v_17_redirect_uris_that_leak_run_or_confuse_are_not_registered() {
    let server = TestServer::start().await;
    let reserved = ["code", "state", "iss", "error", "response", "id_token", "access_token"];
    let reserved = reserved.map(|name| format!("https://app.example/cb?x=1&{name}=1"));
    let refused = [
        "http://app.example/cb",
        "http://127.0.0.1.evil.com/cb",
        "http://127.1/cb",
        "http://0.0.0.0/cb",
        "myapp:/cb",
        "myapp://cb",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:https://app.example/x",
        "https://app.example/cb#",
        "https://app.example/cb#x",
        "https://app.example/*",
        "https://*.example/cb",
        "https://app.example/../cb",
        "https://a@app.example/cb",
        "https://app.example/c b",
        "/cb",
        "",
    ];
    for uri in refused.into_iter().chain(reserved.iter().map(String::as_str)) {
        for application in ["web", "native"] {
            let outcome = register(&server, json!([uri]), application).await;
            assert!(
                matches!(outcome, Err(AdminRefused::Registration(_))),
                "{uri} {application}: {outcome:?}"
            );
        }
    }
    for uri in
        ["https://app.example/cb?x=1", "com.example.app:/cb", "http://127.0.0.1/cb", "http://[::1]:8080/cb"]
    {
        register(&server, json!([uri]), "native").await.unwrap();
    }
}

/// Holes and foreign types in a list are refused, not skipped.
#[tokio::test]
async fn v_45_lists_hold_texts_only() {
    let server = TestServer::start().await;
    for uris in [
        json!([null]),
        json!(["https://a.example/cb", null]),
        json!([1]),
        json!({"0": "https://a.example/cb"}),
        json!([["https://a.example/cb"]]),
    ] {
        let outcome = register(&server, uris.clone(), "web").await;
        assert!(matches!(outcome, Err(AdminRefused::Metadata(_))), "{uris}: {outcome:?}");
    }
}

#[tokio::test]
async fn v_51_a_million_brackets_are_refused_without_a_crash() {
    for open in ["[", "{\"a\":"] {
        let json = format!("{{\"redirect_uris\":{}", open.repeat(1_000_000));
        assert!(matches!(ClientDocument::parse(&json), Err(MetadataRefused::Document(_))));
    }
}
