//! Every kind of token against every verifier, every algorithm against every key, every byte against its neighbour.

use proptest::prelude::*;
use serde_json::json;

use super::{ACCESS_TOKEN, check, key, keys, signed_under};
use crate::{
    Algorithm, Expected, JwsError, KID_BYTES_MAX, KeySet, SigningKey, TOKEN_BYTES_MAX, Typ,
    decode_unverified, verify,
};

#[test]
fn md_08_every_kind_of_token_fails_every_other_verifier() {
    for algorithm in Algorithm::ALL {
        for signed in Typ::ALL {
            let token = key(algorithm).sign(signed, &json!({"sub": "ada"})).unwrap();
            for wanted in Typ::ALL {
                let expected = Expected { typ: &[wanted], algorithms: &[algorithm] };
                let result = verify(&token, &keys(), &expected);
                if signed == wanted {
                    let verified = result.unwrap();
                    assert_eq!(verified.kid, key(algorithm).kid());
                    assert_eq!(verified.algorithm, algorithm);
                    assert_eq!(verified.payload, br#"{"sub":"ada"}"#);
                } else {
                    assert_eq!(result, Err(JwsError::WrongType), "{signed:?} at a verifier of {wanted:?}");
                }
            }
        }
    }
}

#[test]
fn rs_03_only_at_jwt_is_an_access_token() {
    for (typ, accepted) in [
        (r#""typ":"at+jwt","#, true),
        (r#""typ":"application/at+jwt","#, true),
        (r#""typ":"AT+JWT","#, true),
        (r#""typ":"JWT","#, false),
        (r#""typ":"logout+jwt","#, false),
        (r#""typ":"dpop+jwt","#, false),
        (r#""typ":"token-introspection+jwt","#, false),
        (r#""typ":"","#, false),
        ("", false),
    ] {
        let kid = key(Algorithm::Es256).kid();
        let token = signed_under(Algorithm::Es256, &format!(r#"{{{typ}"alg":"ES256","kid":"{kid}"}}"#));
        let expected = if accepted { None } else { Some(JwsError::WrongType) };
        assert_eq!(check(&token).err(), expected, "{typ}");
    }
}

#[test]
fn rs_04_the_verifier_chooses_the_algorithms() {
    for algorithm in Algorithm::ALL {
        let token = key(algorithm).sign(Typ::AccessToken, &json!({})).unwrap();
        for allowed in Algorithm::ALL {
            let expected = Expected { typ: &[Typ::AccessToken], algorithms: &[allowed] };
            let result = verify(&token, &keys(), &expected).err();
            let wanted = (allowed != algorithm).then_some(JwsError::AlgorithmNotAllowed);
            assert_eq!(result, wanted, "{algorithm} where {allowed} is taken");
        }
        let nothing = Expected { typ: &[Typ::AccessToken], algorithms: &[] };
        assert_eq!(verify(&token, &keys(), &nothing), Err(JwsError::AlgorithmNotAllowed));
    }
}

#[test]
fn rs_04_md_07_the_header_must_name_the_algorithm_of_its_key() {
    for signer in Algorithm::ALL {
        for named in Algorithm::ALL.into_iter().filter(|named| *named != signer) {
            let header = format!(r#"{{"typ":"at+jwt","alg":"{named}","kid":"{}"}}"#, key(signer).kid());
            assert_eq!(check(&signed_under(signer, &header)), Err(JwsError::AlgorithmMismatch));
        }
    }
}

#[test]
fn rs_08_a_missing_kid_is_allowed_only_when_one_key_can_be_meant() {
    let header = r#"{"typ":"at+jwt","alg":"ES256"}"#;
    let token = signed_under(Algorithm::Es256, header);
    assert!(check(&token).is_ok());

    let (another, _) = SigningKey::generate(Algorithm::Es256).unwrap();
    let two = KeySet::new([key(Algorithm::Es256), &another].map(|key| key.verifying_key().clone()));
    assert_eq!(verify(&token, &two, &ACCESS_TOKEN), Err(JwsError::AmbiguousKey));
    let none = KeySet::new([key(Algorithm::EdDsa).verifying_key().clone()]);
    assert_eq!(verify(&token, &none, &ACCESS_TOKEN), Err(JwsError::UnknownKey));
    let wrong = KeySet::new([another.verifying_key().clone()]);
    assert_eq!(verify(&token, &wrong, &ACCESS_TOKEN), Err(JwsError::Signature));
}

#[test]
fn rs_08_kid_is_a_bounded_look_up_key() {
    let with_kid = |kid: &str| {
        signed_under(Algorithm::Es256, &format!(r#"{{"typ":"at+jwt","alg":"ES256","kid":"{kid}"}}"#))
    };
    let longest = "k".repeat(KID_BYTES_MAX);
    for (kid, error) in [
        ("../../etc/passwd", JwsError::UnknownKey),
        ("' OR 1=1 --", JwsError::UnknownKey),
        ("", JwsError::UnknownKey),
        (longest.as_str(), JwsError::UnknownKey),
        (&format!("{longest}k"), JwsError::KeyIdTooLong),
    ] {
        assert_eq!(check(&with_kid(kid)), Err(error), "{kid}");
    }
}

#[test]
fn rs_09_any_other_spelling_of_a_token_is_refused() {
    let token = key(Algorithm::Es256).sign(Typ::AccessToken, &json!({"sub": "ada"})).unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, signature] = parts[..] else { panic!() };
    assert!(check(&token).is_ok());
    let json_form = format!(r#"{{"protected":"{header}","payload":"{payload}","signature":"{signature}"}}"#);
    for (spelling, error) in [
        (String::new(), JwsError::NotCompact),
        ("..".to_owned(), JwsError::NotCompact),
        (format!("{header}.{payload}"), JwsError::NotCompact),
        (format!("{header}.{payload}."), JwsError::NotCompact),
        (format!("{header}..{signature}"), JwsError::NotCompact),
        (format!(".{payload}.{signature}"), JwsError::NotCompact),
        (format!("{token}."), JwsError::NotCompact),
        (format!("{token}.{signature}"), JwsError::NotCompact),
        (json_form, JwsError::NotCompact),
        (format!("{token}="), JwsError::Encoding),
        (format!("{token}=="), JwsError::Encoding),
        (format!(" {token}"), JwsError::Encoding),
        (format!("{token}\n"), JwsError::Encoding),
        (format!("{header}=.{payload}.{signature}"), JwsError::Encoding),
        (format!("{header}.{payload}=.{signature}"), JwsError::Signature),
        (format!("{header}. {payload}.{signature}"), JwsError::Signature),
        (format!("{header}.{payload}.+/{}", &signature[2..]), JwsError::Encoding),
        ("a".repeat(TOKEN_BYTES_MAX + 1), JwsError::TooLong),
    ] {
        assert_eq!(check(&spelling), Err(error), "{spelling}");
    }
}

#[test]
fn rs_09_a_header_has_one_reading() {
    let kid = key(Algorithm::Es256).kid();
    let deep = format!(r#"{{"typ":"at+jwt","alg":"ES256","x":{}1{}}}"#, "[".repeat(40), "]".repeat(40));
    for header in [
        format!(r#"{{"typ":"at+jwt","alg":"ES256","alg":"ES256","kid":"{kid}"}}"#),
        format!(r#"{{"typ":"at+jwt","alg":"ES256","kid":"{kid}","kid":"{kid}"}}"#),
        r#"{"typ":"at+jwt","alg":"ES256","x":1,"x":2}"#.to_owned(),
        r#"{"typ":"at+jwt","alg":["ES256"]}"#.to_owned(),
        r#"{"typ":"at+jwt","alg":null}"#.to_owned(),
        r#"{"typ":"at+jwt"}"#.to_owned(),
        r#"{"typ":null,"alg":"ES256"}"#.to_owned(),
        r#"{"typ":"at+jwt","alg":"ES256","kid":null}"#.to_owned(),
        r#"{"typ":"at+jwt","alg":"ES256","kid":7}"#.to_owned(),
        r#"["ES256"]"#.to_owned(),
        "not json".to_owned(),
        deep,
    ] {
        assert_eq!(check(&signed_under(Algorithm::Es256, &header)), Err(JwsError::Header), "{header}");
    }
}

#[test]
fn a_token_with_any_byte_changed_is_refused() {
    for algorithm in Algorithm::ALL {
        let token = key(algorithm).sign(Typ::AccessToken, &json!({"sub": "ada"})).unwrap();
        for at in 0..token.len() {
            for flip in [0x01, 0x02, 0x10, 0x20] {
                let mut bytes = token.clone().into_bytes();
                bytes[at] ^= flip;
                let changed = String::from_utf8(bytes).unwrap();
                assert!(check(&changed).is_err(), "{algorithm}: byte {at} ^ {flip}: {changed}");
            }
        }
    }
}

proptest! {
    #[test]
    fn rs_09_any_text_is_refused_without_a_panic(text in "\\PC{0,200}", parts in "[A-Za-z0-9_.=-]{0,300}") {
        prop_assert!(check(&text).is_err());
        prop_assert!(check(&parts).is_err());
        let _ = decode_unverified(&text);
        let _ = decode_unverified(&parts);
    }

    #[test]
    fn rs_09_any_mutation_of_a_token_is_refused(at in any::<prop::sample::Index>(), with in "\\PC{0,4}", cut in 0_usize..4) {
        let token = key(Algorithm::EdDsa).sign(Typ::AccessToken, &json!({"sub": "ada", "scope": "a b"})).unwrap();
        let at = at.index(token.len());
        let changed = format!("{}{with}{}", &token[..at], &token[(at + cut).min(token.len())..]);
        prop_assert_eq!(check(&changed).is_ok(), changed == token);
    }

    #[test]
    fn rs_09_any_signed_header_never_panics(header in "\\PC{0,120}") {
        let _ = check(&signed_under(Algorithm::EdDsa, &header));
    }
}
