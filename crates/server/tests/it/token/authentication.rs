//! Client authentication, at every endpoint that asks for it.

use proofkey_protocol::ClientId;
use proofkey_server::admin::ClientDocument;
use proofkey_server::admin::RotatedSecret;
use proofkey_testkit::{TestClient, TestServer, basic, fixtures, raw_exchange};
use serde_json::json;

const ENDPOINTS: [&str; 3] = ["/token", "/introspect", "/revoke"];
const FORM: [(&str, &str); 2] = [("grant_type", "refresh_token"), ("token", "x")];

fn secret(client: &TestClient) -> &str {
    client.secret.as_deref().unwrap()
}

/// Limits off: these tests fail more often than an attacker may.
async fn unlimited() -> TestServer {
    TestServer::builder().set("limits.factor", 1000).start().await
}

#[tokio::test]
async fn ca_01_two_methods_in_one_request_are_refused() {
    let server = unlimited().await;
    let (web, post) = (fixtures::web(), fixtures::web_post());
    let authorization = basic(&web.id, secret(&web));
    for extra in [
        vec![("client_id", web.id.as_str()), ("client_secret", secret(&web))],
        vec![("client_secret", secret(&web))],
        vec![("client_id", post.id.as_str())],
        vec![("client_id", post.id.as_str()), ("client_secret", secret(&post))],
        vec![
            ("client_assertion", "x"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ],
    ] {
        for path in ENDPOINTS {
            let form = [&FORM[..], &extra].concat();
            let answer = server.post(path, &form, &[("authorization", &authorization)]).await;
            assert_eq!(answer.refusal(), (400, "invalid_request".into()), "{path} {extra:?}");
        }
    }
}

/// How a request says who sends it.
type Credentials<'a> = (&'a [(&'a str, &'a str)], Option<&'a str>);

#[tokio::test]
async fn ca_02_ca_05_k_06_a_right_secret_counts_however_it_is_sent_and_a_public_client_by_its_name() {
    let server = unlimited().await;
    let invalid = (401, "invalid_client".to_owned());
    for client in [fixtures::web(), fixtures::web_post(), fixtures::spa(), fixtures::native()] {
        let given = client.secret.clone().unwrap_or_else(|| "made up secret".into());
        let (header, bare) = (basic(&client.id, &given), basic(&client.id, ""));
        let id = ("client_id", client.id.as_str());
        let cases: [(Credentials<'_>, bool); 7] = [
            ((&[], Some(&header)), client.secret.is_some()),
            ((&[id, ("client_secret", &given)], None), client.secret.is_some()),
            ((&[id], None), client.secret.is_none()),
            ((&[id, ("client_secret", "")], None), client.secret.is_none()),
            ((&[], Some(&bare)), client.secret.is_none()),
            ((&[id], Some(&bare)), client.secret.is_none()),
            ((&[id, ("client_secret", "wrong")], None), false),
        ];
        for (way, ((extra, authorization), authenticates)) in cases.into_iter().enumerate() {
            let form = [&[("grant_type", "authorization_code"), ("code", "x")], extra].concat();
            let headers: Vec<_> = authorization.map(|value| ("authorization", value)).into_iter().collect();
            let answer = server.post("/token", &form, &headers).await;
            let expected = if authenticates { (400, "invalid_grant".into()) } else { invalid.clone() };
            assert_eq!(answer.refusal(), expected, "{} by way {way}", client.id);
        }
    }
}

#[tokio::test]
async fn ca_02_a_registration_can_insist_on_its_method() {
    let server = unlimited().await;
    let secret = server
        .client(&json!({
            "client_id": "strict", "redirect_uris": ["https://strict.example/cb"], "strict_auth_method": true,
        }))
        .await
        .unwrap();
    let right = basic("strict", &secret);
    for path in ["/introspect", "/revoke"] {
        assert_eq!(server.post(path, &FORM, &[("authorization", &right)]).await.status, 200, "{path}");
        let form = [&FORM[..], &[("client_id", "strict"), ("client_secret", &secret)]].concat();
        let answer = server.post(path, &form, &[]).await;
        assert_eq!(answer.json()["error_rule"], "client_auth.method", "{path}");
    }
}

#[tokio::test]
async fn ca_05_a_public_client_holds_no_secret() {
    let server = TestServer::start().await;
    let metadata = json!({
        "client_id": "x", "client_secret": "a secret of a public client", "token_endpoint_auth_method": "none",
        "redirect_uris": ["http://127.0.0.1/cb"],
    });
    let new = ClientDocument::parse(&metadata.to_string()).unwrap();
    assert!(server.admin().add_client(new).await.is_err());
    // Nor does a native app need one.
    let tokens = server.tokens(&fixtures::native(), "openid").await;
    assert_ne!(tokens.access_token, "");
}

#[tokio::test]
async fn ca_03_v_44_v_45_a_malformed_header_authenticates_nobody_and_breaks_nothing() {
    let server = unlimited().await;
    let web = fixtures::web();
    let right = basic(&web.id, secret(&web));
    let malformed = [
        "Basic",
        "Basic ",
        "Bearer",
        "Bearer ",
        "basic:",
        "Digest x",
        "Basic !!!!",
        "Basic d2Vi",
        "Basic Og==",
        "Basic d2ViOg",
        "Basic d2ViOg=",
        "Basic d2ViOg===",
        "Basic d2Vi\tOg==",
        "Basic d2 ViOg==",
        "Basic d2ViOg-_",
        "Basic d2ViOgA=",
        "Basic d2ViOiX/",
        "Basic d2ViOiUA",
        "Basic d2ViOiUwMA==",
        "Basic //////",
        "Basic AAAA",
        ",",
        "=",
        "\"",
        "Basic Basic d2ViOg==",
    ];
    for authorization in malformed {
        for path in ENDPOINTS {
            let answer = server.post(path, &FORM, &[("authorization", authorization)]).await;
            assert!([400, 401].contains(&answer.status), "{path} {authorization}: {}", answer.status);
        }
    }
    // Right, but for one character that lenient decoders skip.
    for bent in
        [format!("{right}\n").trim_end().replace("Basic ", "Basic\u{a0}"), right.replace("Basic ", "Basic =")]
    {
        let answer = server.post("/introspect", &FORM, &[("authorization", &bent)]).await;
        assert!([400, 401].contains(&answer.status), "{bent}");
    }
    for bent in [right.replace("Basic ", "basic "), right.replace("Basic ", "BASIC ")] {
        assert_eq!(
            server.post("/introspect", &FORM, &[("authorization", &bent)]).await.status,
            200,
            "{bent}"
        );
    }
    let twice = [("authorization", right.as_str()), ("authorization", right.as_str())];
    let answer = server.post("/introspect", &FORM, &twice).await;
    assert_eq!(answer.refusal(), (400, "invalid_request".into()), "two headers are two methods");
}

/// Bytes that no client library lets through.
#[tokio::test]
async fn ca_03_nul_and_control_bytes_in_the_header_are_refused() {
    let server = unlimited().await;
    for value in ["Basic \0", "Basic d2ViOg\0==", "Basic \u{1}", "Bas\0ic d2ViOg=="] {
        let request = format!(
            "POST /token HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\nAuthorization: {value}\r\n\r\n"
        );
        let answer = raw_exchange(server.address, request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 4"), "{value:?}: {answer}");
    }
    let request = b"POST /token HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                    Content-Length: 0\r\nAuthorization: Basic \xff\xfe\r\n\r\n";
    let answer = raw_exchange(server.address, request).await;
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
}

#[tokio::test]
async fn ca_10_two_secrets_live_until_the_old_one_ends() {
    let server = TestServer::start().await;
    let old = fixtures::web();
    let id = ClientId::new(old.id.clone());
    let mut secret = None;
    let deliver = |rotated: &RotatedSecret| {
        secret = Some(rotated.secret.expose().to_owned());
        Ok(())
    };
    server.admin().rotate_client_secret(&id, 3_600, deliver).await.unwrap();
    server.refresh_directory().await;
    let new = TestClient { secret, ..old.clone() };
    for (wait_seconds, of_old) in [(0, 200), (3_599, 200), (1, 401)] {
        server.advance(wait_seconds);
        assert_eq!(server.introspect(&new, "x").await.status, 200);
        assert_eq!(server.introspect(&old, "x").await.status, of_old);
    }
}

#[tokio::test]
async fn ca_11_revocation_and_introspection_authenticate_as_the_token_endpoint_does() {
    let server = unlimited().await;
    let token = server.tokens(&fixtures::web(), "openid offline_access").await;
    let (web, post, spa) = (fixtures::web(), fixtures::web_post(), fixtures::spa());
    for path in ["/revoke", "/introspect"] {
        let form = [("token", token.access_token.as_str())];
        let nobody = server.post(path, &form, &[]).await;
        assert_eq!(nobody.refusal(), (401, "invalid_client".into()), "{path}");
        let by_id = [form[0], ("client_id", web.id.as_str())];
        assert_eq!(server.post(path, &by_id, &[]).await.refusal(), (401, "invalid_client".into()), "{path}");
        let wrong = TestClient { secret: Some("wrong secret".into()), ..web.clone() };
        assert_eq!(
            server.post_as(&wrong, path, &form).await.refusal(),
            (401, "invalid_client".into()),
            "{path}"
        );
    }
    assert!(server.is_active(&web, &token.access_token).await, "nothing was revoked");
    assert_eq!(server.post_as(&post, "/introspect", &[("token", "x")]).await.status, 200);
    let of_spa = server.tokens(&spa, "openid").await;
    assert_eq!(server.userinfo(&of_spa.access_token).await.status, 200);
    assert_eq!(server.revoke(&spa, &of_spa.access_token).await.status, 200, "a public client names itself");
    assert_eq!(server.userinfo(&of_spa.access_token).await.status, 401);
    assert_eq!(server.introspect(&spa, "x").await.status, 401, "and learns nothing by that");
}

/// The record keeps no plaintext.
#[tokio::test]
async fn ca_04_secrets_are_stored_as_hashes() {
    let server = TestServer::start().await;
    let made = server
        .client(&json!({"client_id": "made", "redirect_uris": ["https://made.example/cb"]}))
        .await
        .unwrap();
    let records = server.store().clients().await.unwrap();
    let record = records.iter().find(|record| record.id.as_str() == "made").unwrap();
    assert!(!format!("{record:?}").contains(&made));
    for (name, bytes) in server.stored().await {
        assert!(!bytes.windows(made.len()).any(|window| window == made.as_bytes()), "{name}");
    }
}
