//! Forged tokens as they arrive at an API: each must end in 401 `invalid_token`, and none may cost the issuer a request
//! that the ration does not allow.

use std::sync::atomic::Ordering::SeqCst;

use aws_lc_rs::hmac;
use proofkey_jose::{Algorithm, Typ};
use serde_json::json;

use crate::fixture::{ES256, TestKey, World, api, encode, get_notes, raw_token};

#[tokio::test]
async fn v_71_v_72_v_74_forged_tokens_are_refused_by_the_layer() {
    let world = World::new().await;
    let api = api(world.protect());
    assert_eq!(get_notes(&api, &world.token()).await.status, 200);

    let kid = ES256.key.kid();
    let payload = world.claims().to_string();
    let header = |alg: &str| format!(r#"{{"typ":"at+jwt","alg":"{alg}","kid":"{kid}"}}"#);
    let assembled = |alg: &str, signature: &[u8]| {
        format!("{}.{}.{}", encode(header(alg)), encode(&payload), encode(signature))
    };
    let hs256 = {
        let secret = serde_json::to_string(ES256.key.public_jwk()).unwrap();
        let signed = format!("{}.{}", encode(header("HS256")), encode(&payload));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), signed.as_bytes());
        format!("{signed}.{}", encode(tag))
    };
    let own = TestKey::new(Algorithm::Es256);
    let own_jwk = serde_json::to_string(own.key.public_jwk()).unwrap();
    let good = r#""typ":"at+jwt","alg":"ES256""#;
    let with_exp = |exp: &str| payload.replacen(r#""exp":"#, &format!(r#""exp":{exp},"was":"#), 1);
    let forged = [
        assembled("none", b"x"),
        assembled("NonE", b"x"),
        assembled("ES256", &[0; 64]),
        assembled("RS256", &[0; 256]),
        hs256,
        own.key.sign(Typ::AccessToken, &world.claims()).unwrap(),
        raw_token(&format!(r#"{{{good},"kid":"{kid}","crit":["bork"],"bork":1}}"#), &payload),
        raw_token(&format!(r#"{{{good},"kid":"nobody","jwk":{own_jwk}}}"#), &payload),
        raw_token(
            &format!(r#"{{{good},"kid":"nobody","jku":"http://127.0.0.1:1/","x5c":["AA"]}}"#),
            &payload,
        ),
        raw_token(&header("ES256"), &with_exp("\"9999999999\"")),
        raw_token(&header("ES256"), &with_exp("null")),
        raw_token(&header("ES256"), &with_exp("[]")),
        raw_token(&header("ES256"), &with_exp("1e999")),
    ];
    for token in forged {
        let answer = get_notes(&api, &token).await;
        assert_eq!(answer.status, 401, "{token}: {}", answer.body);
        assert!(answer.challenge().contains(r#"error="invalid_token""#), "{}", answer.challenge());
        assert!(!answer.body.contains(&payload), "{}", answer.body);
    }
    assert_eq!(world.knobs.jwks_fetches.load(SeqCst), 1);
}

#[tokio::test]
async fn rs_03_an_id_token_does_not_open_an_api() {
    let world = World::new().await;
    let api = api(world.protect());
    let logout_header = format!(r#"{{"alg":"ES256","typ":"logout+jwt","kid":"{}"}}"#, ES256.key.kid());
    let tokens = [
        ES256.key.sign(Typ::IdToken, &world.claims()).unwrap(),
        raw_token(&logout_header, &world.claims().to_string()),
    ];
    for token in tokens {
        let answer = get_notes(&api, &token).await;
        assert_eq!(answer.status, 401);
        assert_eq!(
            answer.json(),
            json!({"error": "invalid_token", "error_description": "this is another kind of token"})
        );
    }
    // Refused before a key was needed, so the issuer was asked for none.
    assert_eq!(world.knobs.jwks_fetches.load(SeqCst), 0);
}
