//! Metadata, keys and the kinds of JWT over the wire.

use std::collections::HashSet;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proofkey_server::config::Config;
use proofkey_testkit::{AuthorizeRequest, Browser, TestServer, Tokens, decode, fixtures};
use serde_json::{Value, json};

use crate::support::{consented, refused};

#[tokio::test]
async fn md_01_one_document_at_both_forms_of_both_addresses() {
    for (issuer, paths) in [
        (
            "https://id.example",
            vec!["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"],
        ),
        (
            "https://id.example/tenant/a",
            vec![
                "/.well-known/openid-configuration/tenant/a",
                "/tenant/a/.well-known/openid-configuration",
                "/.well-known/oauth-authorization-server/tenant/a",
                "/tenant/a/.well-known/oauth-authorization-server",
            ],
        ),
    ] {
        let server = TestServer::builder().issuer(issuer).start().await;
        let mut browser = Browser::new(&server);
        for path in paths {
            let answer = browser.get(path).await;
            assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"), "{path}");
            assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
            let document = answer.json();
            assert_eq!(document["issuer"], issuer, "{path}");
            // MD-02: in both documents.
            assert_eq!(document["code_challenge_methods_supported"], json!(["S256"]), "{path}");
            for (name, value) in document.as_object().unwrap() {
                if let Some(url) =
                    value.as_str().filter(|_| name.ends_with("_endpoint") || name == "jwks_uri")
                {
                    assert!(url.starts_with(&format!("{issuer}/")), "{name}: {url}");
                }
            }
        }
        let tokens = server.tokens(&fixtures::web(), "openid").await;
        for token in [&tokens.access_token, &tokens.id_token] {
            assert_eq!(decode(token).claims["iss"], issuer);
        }
    }
}

#[test]
fn md_01_an_issuer_is_https_or_a_loopback_literal_without_query_or_fragment() {
    let parse = |issuer: &str| {
        let key = ("PROOFKEY_KEYS__SEALING_KEY".to_owned(), "A".repeat(43));
        Config::parse(&format!("issuer = {issuer:?}\n[store]\ndata = \"data\"\n"), Path::new("x.toml"), [key])
            .map(drop)
    };
    for bad in [
        "http://id.example",
        "https://id.example/",
        "https://id.example?x",
        "https://id.example#x",
        "https://u@id.example",
        "ftp://id.example",
        "id.example",
        "http://127.0.0.1.evil.com",
    ] {
        assert!(parse(bad).is_err(), "{bad}");
    }
    for good in ["https://id.example", "https://id.example/a", "http://127.0.0.1:4455", "http://[::1]:4455"] {
        assert!(parse(good).is_ok(), "{good}");
    }
}

#[tokio::test]
async fn md_02_md_03_what_is_listed_works_and_what_does_not_work_is_not_listed() {
    let server = TestServer::start().await;
    let document = server.get("/.well-known/openid-configuration", &[]).await.json();
    let list = |name: &str| -> Vec<String> { serde_json::from_value(document[name].clone()).unwrap() };
    for (name, value) in document.as_object().unwrap() {
        if let Some(url) = value.as_str().filter(|_| name.ends_with("_endpoint") || name == "jwks_uri") {
            let path = url.strip_prefix(&server.issuer).unwrap();
            let by_get = server.get(path, &[]).await.status;
            assert!(by_get != 404 && by_get < 500, "{name}: {by_get}");
        }
    }
    for grant in list("grant_types_supported") {
        let form = [("grant_type", grant.as_str())];
        assert_ne!(server.token(&fixtures::web(), &form).await.error(), "unsupported_grant_type", "{grant}");
    }
    assert_eq!(list("response_types_supported"), ["code"]);
    assert_eq!(list("response_modes_supported"), ["query"]);
    assert_eq!(list("code_challenge_methods_supported"), ["S256"]);
    assert_eq!(
        list("token_endpoint_auth_methods_supported"),
        ["none", "client_secret_basic", "client_secret_post"]
    );
    let keys = server.get("/jwks", &[]).await.json();
    for alg in list("id_token_signing_alg_values_supported") {
        assert_ne!(alg, "none");
        assert!(keys["keys"].as_array().unwrap().iter().any(|key| key["alg"] == alg), "{alg}");
    }
    for absent in [
        "pushed_authorization_request_endpoint",
        "registration_endpoint",
        "device_authorization_endpoint",
        "dpop_signing_alg_values_supported",
        "client_id_metadata_document_supported",
        "check_session_iframe",
        "request_object_signing_alg_values_supported",
    ] {
        assert!(document.get(absent).is_none(), "{absent} does not exist here");
    }
    let off =
        ["request_parameter_supported", "request_uri_parameter_supported", "claims_parameter_supported"];
    assert!(off.iter().all(|name| document[*name] == false));
    let mut browser = consented(&server, &fixtures::web()).await;
    for prompt in list("prompt_values_supported") {
        let outcome =
            browser.authorize(&AuthorizeRequest::new(&fixtures::web()).set("prompt", &prompt)).await;
        if let proofkey_testkit::Navigated::Redirect(departure) = outcome {
            assert_eq!(departure.param("error"), "", "{prompt}");
        }
    }
    assert!(!document.to_string().contains("plain") && !document.to_string().contains("implicit"));
}

#[tokio::test]
async fn md_05_md_07_keys_are_public_named_and_of_one_algorithm() {
    let server = TestServer::start().await;
    let answer = server.get("/jwks", &[]).await;
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert!(answer.header("cache-control").contains("max-age="));
    let keys = answer.json()["keys"].as_array().unwrap().clone();
    let mut kids = HashSet::new();
    for key in &keys {
        for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            assert!(key.get(private).is_none(), "{private}");
        }
        assert!(kids.insert(key["kid"].as_str().unwrap().to_owned()), "kid is unique");
        assert_eq!(key["use"], "sig");
        match key["alg"].as_str().unwrap() {
            "ES256" => assert_eq!((&key["kty"], &key["crv"]), (&json!("EC"), &json!("P-256"))),
            "EdDSA" => assert_eq!((&key["kty"], &key["crv"]), (&json!("OKP"), &json!("Ed25519"))),
            "RS256" => {
                let modulus = URL_SAFE_NO_PAD.decode(key["n"].as_str().unwrap()).unwrap();
                assert!(modulus.len() * 8 >= 2_048);
            }
            other => panic!("{other}"),
        }
    }
    let etag = answer.header("etag").to_owned();
    assert_eq!(server.get("/jwks", &[("if-none-match", &etag)]).await.status, 304);
    let tokens = server.tokens(&fixtures::web(), "openid").await;
    for (token, alg) in [(&tokens.access_token, "ES256"), (&tokens.id_token, "RS256")] {
        let header = decode(token).header;
        assert_eq!(header["alg"], alg);
        let key = keys.iter().find(|key| key["kid"] == header["kid"]).expect("published");
        assert_eq!(key["alg"], alg, "the key's one algorithm");
        for name in ["jwk", "jku", "x5u", "x5c", "crit"] {
            assert!(header.get(name).is_none(), "{name}");
        }
    }
}

#[tokio::test]
async fn md_07_a_token_that_names_another_algorithm_or_key_is_refused() {
    let server = TestServer::start().await;
    let tokens = server.tokens(&fixtures::web(), "openid").await;
    let keys = server.get("/jwks", &[]).await.json();
    let parts: Vec<&str> = tokens.access_token.split('.').collect();
    let jwt = decode(&tokens.access_token);
    assert_eq!(server.userinfo(&tokens.access_token).await.status, 200);
    let mut headers: Vec<Value> = ["none", "HS256", "RS256", "EdDSA", "ES384", "es256"]
        .iter()
        .map(|alg| with(&jwt.header, "alg", json!(alg)))
        .collect();
    headers.extend(
        keys["keys"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|key| key["kid"] != jwt.header["kid"])
            .map(|key| with(&jwt.header, "kid", key["kid"].clone())),
    );
    for header in headers {
        let header = URL_SAFE_NO_PAD.encode(header.to_string());
        for signature in [parts[2], ""] {
            let forged = format!("{header}.{}.{signature}", parts[1]);
            assert_eq!(server.userinfo(&forged).await.status, 401, "{forged}");
            assert!(!server.is_active(&fixtures::web(), &forged).await);
        }
    }
}

fn with(header: &Value, name: &str, value: Value) -> Value {
    let mut header = header.clone();
    header[name] = value;
    header
}

#[tokio::test]
async fn md_05_a_retired_key_stays_while_its_tokens_live_and_the_next_is_there_before_use() {
    let settings = TestServer::builder().set("keys.rotation_days", 1).set("keys.publish_ahead_hours", 2);
    let mut server = settings.set("keys.jwks_max_age_seconds", 3_600).start().await;
    let web = fixtures::web();
    let kids = async |server: &TestServer| -> HashSet<String> {
        let keys = server.get("/jwks", &[]).await.json();
        keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    };
    let kid_of = |token: &str| decode(token).header["kid"].as_str().unwrap().to_owned();
    let mut published = kids(&server).await;
    let mut signed_by = HashSet::new();
    let mut last: Option<Tokens> = None;
    // An hour less than the time between publishing and use, for four days.
    for hour in 0..96 {
        let tokens = server.tokens(&web, "openid").await;
        for token in [&tokens.access_token, &tokens.id_token] {
            assert!(published.contains(&kid_of(token)), "hour {hour}: published an hour before its use");
        }
        signed_by.insert(kid_of(&tokens.access_token));
        published = kids(&server).await;
        if let Some(before) = &last {
            assert!(
                published.contains(&kid_of(&before.id_token)),
                "hour {hour}: its ID token has just expired"
            );
        }
        last = Some(tokens);
        server.advance(3_600);
        server.restart().await;
    }
    assert!(signed_by.len() >= 3, "it rotated: {signed_by:?}");
    assert!(published.len() <= 9, "old keys go: {}", published.len());
}

#[tokio::test]
async fn md_08_every_kind_of_token_has_its_typ_and_fails_every_other_verifier() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    let tokens = server.tokens(&web, "openid notes:read offline_access").await;
    let access = decode(&tokens.access_token);
    assert_eq!(access.header["typ"], "at+jwt");
    for claim in ["iss", "exp", "aud", "sub", "client_id", "iat", "jti", "scope", "auth_time"] {
        assert!(!access.claims[claim].is_null(), "{claim}");
    }
    assert_eq!(access.claims["scope"], "openid notes:read offline_access");
    assert_eq!(decode(&tokens.id_token).header["typ"], "JWT");
    let browser = consented(&server, &web).await;
    // The ID token last: it signs the session out.
    let kinds =
        [("access", &tokens.access_token), ("refresh", &tokens.refresh_token), ("ID", &tokens.id_token)];
    for (kind, token) in kinds {
        assert_eq!(server.userinfo(token).await.status == 200, kind == "access", "{kind} at userinfo");
        assert_eq!(server.is_active(&web, token).await, kind != "ID", "{kind} at introspection");
        let hinted = AuthorizeRequest::new(&web).set("prompt", "none").set("id_token_hint", token);
        if kind == "ID" {
            assert_ne!(browser.clone().authorize(&hinted).await.redirect().param("code"), "");
        } else {
            assert_eq!(refused(&server, &browser, &hinted).await, "invalid_request", "{kind} as a hint");
        }
        let logout = browser.clone().open(&format!("/end-session?id_token_hint={token}")).await.page();
        assert_eq!(logout.is_logout(), kind != "ID", "{kind} at logout");
        if kind != "refresh" {
            assert_eq!(
                server.refresh(&web, token).await.refusal(),
                (400, "invalid_grant".into()),
                "{kind} as refresh"
            );
        }
    }
    assert_eq!(server.refresh(&web, &tokens.refresh_token).await.status, 200);
}
