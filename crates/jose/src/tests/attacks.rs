//! The historical attacks on JWT libraries, each as a token that an attacker would send.

use aws_lc_rs::hmac;
use serde_json::json;

use super::{check, der, key, keys, signed_under};
use crate::{Algorithm, Expected, JwsError, SigningKey, Typ, base64url, verify};

const PAYLOAD: &str = r#"{"sub":"mallory"}"#;

fn assembled(header: &str, signature: &[u8]) -> String {
    format!("{}.{}.{}", base64url::encode(header), base64url::encode(PAYLOAD), base64url::encode(signature))
}

#[test]
fn v_74_rs_04_unsigned_tokens_are_refused() {
    for alg in ["none", "None", "NONE", "NonE", "nOnE", ""] {
        let header = format!(r#"{{"typ":"at+jwt","alg":"{alg}"}}"#);
        assert_eq!(check(&assembled(&header, b"x")), Err(JwsError::UnsupportedAlgorithm), "{alg}");
        let unsigned = format!("{}.{}.", base64url::encode(&header), base64url::encode(PAYLOAD));
        assert_eq!(check(&unsigned), Err(JwsError::NotCompact), "{alg}");
    }
}

#[test]
fn v_74_rs_04_hmac_with_a_public_key_as_the_secret_is_refused() {
    for algorithm in Algorithm::ALL {
        let public = key(algorithm).public_jwk();
        let jwk = serde_json::to_string(public).unwrap();
        let raw = base64url::decode(public.x.as_deref().or(public.n.as_deref()).unwrap()).unwrap();
        let pem =
            format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", base64url::encode(&raw));
        for secret in [jwk.as_bytes(), &raw, pem.as_bytes(), public.kid.as_deref().unwrap().as_bytes()] {
            for (alg, hash) in
                [("HS256", hmac::HMAC_SHA256), ("HS384", hmac::HMAC_SHA384), ("HS512", hmac::HMAC_SHA512)]
            {
                let header = format!(r#"{{"typ":"at+jwt","alg":"{alg}","kid":"{}"}}"#, key(algorithm).kid());
                let signed = format!("{}.{}", base64url::encode(&header), base64url::encode(PAYLOAD));
                let tag = hmac::sign(&hmac::Key::new(hash, secret), signed.as_bytes());
                let token = format!("{signed}.{}", base64url::encode(tag));
                assert_eq!(check(&token), Err(JwsError::UnsupportedAlgorithm), "{algorithm} as {alg}");
            }
        }
    }
}

#[test]
fn v_74_blank_signatures_are_refused() {
    for algorithm in Algorithm::ALL {
        let header = format!(r#"{{"typ":"at+jwt","alg":"{algorithm}","kid":"{}"}}"#, key(algorithm).kid());
        for length in [1, 32, 63, 64, 65, 72, 128, 256] {
            for byte in [0x00, 0x01, 0xff] {
                let token = assembled(&header, &vec![byte; length]);
                assert_eq!(check(&token), Err(JwsError::Signature), "{algorithm}: {length} × {byte}");
            }
        }
        // r = s = 0 as ASN.1, in case that form is parsed.
        let token = assembled(&header, &[0x30, 0x06, 0x02, 0x01, 0x00, 0x02, 0x01, 0x00]);
        assert_eq!(check(&token), Err(JwsError::Signature));
    }
}

#[test]
fn v_72_rs_08_a_key_that_the_token_brings_is_ignored() {
    for algorithm in Algorithm::ALL {
        let (own, _) = SigningKey::generate(algorithm).unwrap();
        let own_jwk = serde_json::to_value(own.public_jwk()).unwrap();
        let brought = json!({
            "typ": "at+jwt", "alg": algorithm.name(), "jwk": own_jwk,
            "jku": "https://evil.example/jwks", "x5u": "https://evil.example/cert", "x5c": ["AAAA"], "x5t": "AA",
        });
        for (kid, error) in [(own.kid(), JwsError::UnknownKey), (key(algorithm).kid(), JwsError::Signature)] {
            let mut header = brought.clone();
            header["kid"] = json!(kid);
            let token = own.sign_encoded(&base64url::encode(header.to_string()), PAYLOAD.as_bytes()).unwrap();
            assert_eq!(check(&token), Err(error), "{algorithm}");
        }
        // Signed by the real key, the same members do no harm: they are not read.
        let mut header = brought;
        header["kid"] = json!(key(algorithm).kid());
        assert!(check(&signed_under(algorithm, &header.to_string())).is_ok());
    }
}

#[test]
fn v_72_rs_08_extensions_are_refused() {
    let header = |extra: &str| {
        let kid = key(Algorithm::Es256).kid();
        signed_under(Algorithm::Es256, &format!(r#"{{"typ":"at+jwt","alg":"ES256","kid":"{kid}",{extra}}}"#))
    };
    for (extra, error) in [
        (r#""crit":["bork"],"bork":1"#, JwsError::Critical),
        (r#""crit":["exp"]"#, JwsError::Critical),
        (r#""crit":[]"#, JwsError::Critical),
        (r#""crit":null"#, JwsError::Critical),
        (r#""crit":"b64""#, JwsError::Critical),
        (r#""crit":["b64"],"b64":false"#, JwsError::Critical),
        (r#""b64":false"#, JwsError::UnencodedPayload),
        (r#""b64":true"#, JwsError::UnencodedPayload),
        (r#""zip":"DEF""#, JwsError::Compressed),
    ] {
        assert_eq!(check(&header(extra)), Err(error), "{extra}");
    }
    assert!(check(&header(r#""bork":1"#)).is_ok());
}

#[test]
fn v_74_a_signature_of_another_token_or_key_is_refused() {
    for algorithm in Algorithm::ALL {
        let sign = |key: &SigningKey, sub| key.sign(Typ::AccessToken, &json!({"sub": sub})).unwrap();
        let (ada, bob) = (sign(key(algorithm), "ada"), sign(key(algorithm), "bob"));
        let spliced = format!("{}.{}", ada.rsplit_once('.').unwrap().0, bob.rsplit_once('.').unwrap().1);
        assert_eq!(check(&spliced), Err(JwsError::Signature));

        let expected = Expected { typ: &[Typ::AccessToken], algorithms: &[algorithm] };
        let (stranger, _) = SigningKey::generate(algorithm).unwrap();
        assert_eq!(verify(&sign(&stranger, "ada"), &keys(), &expected), Err(JwsError::UnknownKey));
    }
}

#[test]
fn a_key_is_never_read_as_one_of_another_algorithm() {
    for algorithm in Algorithm::ALL {
        for other in Algorithm::ALL.into_iter().filter(|other| *other != algorithm) {
            assert!(SigningKey::from_pkcs8(other, der(algorithm)).is_err());
        }
    }
}
