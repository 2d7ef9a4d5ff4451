//! The pure check of a token, without any HTTP.

use proofkey_jose::{Algorithm, JwsError, SigningKey, Typ, claims::TimeError};
use proofkey_resource::{AccessToken, Identity, Policy, TokenRefusal, validate};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fixture::{AUDIENCE, EDDSA, ES256, NOW, RS256, keys, raw_token};

const ISSUER: &str = "https://id.example";

fn claims() -> Value {
    json!({"iss": ISSUER, "sub": "ada", "aud": AUDIENCE, "client_id": "app", "scope": "notes:read notes:write",
           "iat": NOW, "exp": NOW + 600, "jti": "t1", "auth_time": NOW - 9})
}

fn policy() -> Policy {
    Policy::new(ISSUER, AUDIENCE).with_leeway_seconds(0).unwrap()
}

fn check(token: &str) -> Result<AccessToken, TokenRefusal> {
    validate(token, &keys(&[&ES256, &EDDSA, &RS256]), &policy(), NOW)
}

fn check_claims(claims: &Value) -> Result<AccessToken, TokenRefusal> {
    check(&ES256.key.sign(Typ::AccessToken, claims).unwrap())
}

fn changed(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

#[test]
fn a_good_token_tells_what_it_says() {
    let token = check_claims(&claims()).unwrap();
    assert_eq!(token.issuer(), ISSUER);
    assert_eq!(token.subject(), "ada");
    assert_eq!(token.client_id(), "app");
    assert_eq!(token.jti(), "t1");
    assert_eq!(token.expires_at(), NOW + 600);
    assert_eq!(token.signed_in_at(), Some(NOW - 9));
    assert!(token.scope().contains("notes:write") && !token.scope().contains("notes"));
    assert!(token.audience().contains(AUDIENCE));
    assert_eq!(token.claims(), &claims());
}

#[test]
fn rs_03_other_kinds_of_token_are_refused() {
    let wrong = Err(TokenRefusal::Jws(JwsError::WrongType));
    assert_eq!(check(&ES256.key.sign(Typ::IdToken, &claims()).unwrap()), wrong);
    for typ in [r#""typ":"dpop+jwt","#, r#""typ":"logout+jwt","#, r#""typ":"JWT","#, ""] {
        let header = format!(r#"{{{typ}"alg":"ES256"}}"#);
        assert_eq!(check(&raw_token(&header, &claims().to_string())), wrong, "{typ}");
    }
    for typ in ["at+jwt", "application/at+jwt", "AT+JWT"] {
        let header = format!(r#"{{"typ":"{typ}","alg":"ES256"}}"#);
        assert!(check(&raw_token(&header, &claims().to_string())).is_ok(), "{typ}");
    }
}

#[test]
fn rs_04_only_configured_algorithms_are_accepted() {
    for key in [&ES256, &EDDSA, &RS256] {
        let token = key.key.sign(Typ::AccessToken, &claims()).unwrap();
        for allowed in Algorithm::ALL {
            let policy = policy().with_algorithms([allowed]);
            let result = validate(&token, &keys(&[&ES256, &EDDSA, &RS256]), &policy, NOW);
            if key.key.algorithm() == allowed {
                assert!(result.is_ok());
            } else {
                assert_eq!(result, Err(TokenRefusal::Jws(JwsError::AlgorithmNotAllowed)));
            }
        }
    }
}

#[test]
fn rs_05_issuer_is_exact_and_audience_names_us() {
    for issuer in
        ["https://id.example/", "https://ID.example", "http://id.example", "", "https://id.example.evil"]
    {
        assert_eq!(check_claims(&changed("iss", json!(issuer))), Err(TokenRefusal::Issuer), "{issuer}");
    }
    assert!(check_claims(&changed("aud", json!(["https://other.example", AUDIENCE]))).is_ok());
    for audience in
        [json!("https://api.example"), json!(["https://other.example"]), json!("https://api.example/notes/")]
    {
        assert_eq!(
            check_claims(&changed("aud", audience.clone())),
            Err(TokenRefusal::Audience),
            "{audience}"
        );
    }
    // K-34: the issuer writes the spelling that was registered there.
    for spelling in
        ["https://API.example/notes", "https://api.example:443/notes", "https://api.example/x/../notes"]
    {
        assert!(check_claims(&changed("aud", json!([spelling]))).is_ok(), "{spelling}");
    }
    let mut without = claims();
    without.as_object_mut().unwrap().remove("aud");
    assert_eq!(check_claims(&without), Err(TokenRefusal::Claims));
}

#[test]
fn rs_06_required_claims_must_be_there_and_not_empty() {
    for name in ["exp", "client_id", "iat", "jti", "sub", "iss", "aud"] {
        let mut without = claims();
        without.as_object_mut().unwrap().remove(name);
        assert_eq!(check_claims(&without), Err(TokenRefusal::Claims), "{name}");
    }
    for name in ["client_id", "jti", "sub"] {
        assert_eq!(check_claims(&changed(name, json!(""))), Err(TokenRefusal::EmptyClaim), "{name}");
    }
}

#[test]
fn v_71_rs_06_times_of_wrong_type_are_refused() {
    let header = r#"{"typ":"at+jwt","alg":"ES256"}"#;
    for name in ["exp", "nbf", "iat"] {
        for wrong in ["\"9999999999\"", "null", "[]", "{}", "true", "-1", "1e308", "1e999", "NaN", "Infinity"]
        {
            let payload = changed(name, json!("HERE")).to_string().replace("\"HERE\"", wrong);
            assert_eq!(check(&raw_token(header, &payload)), Err(TokenRefusal::Claims), "{name}: {wrong}");
        }
    }
}

#[test]
fn rs_06_times_are_judged_with_at_most_a_minute_of_leeway() {
    assert!(policy().with_leeway_seconds(60).is_ok());
    assert!(policy().with_leeway_seconds(61).is_err());
    let cases = [
        (changed("exp", json!(NOW)), 0, Err(TimeError::Expired)),
        (changed("exp", json!(NOW)), 1, Ok(())),
        (changed("exp", json!(NOW - 60)), 60, Err(TimeError::Expired)),
        (changed("exp", json!(NOW - 59)), 60, Ok(())),
        (changed("nbf", json!(NOW + 1)), 0, Err(TimeError::NotYetValid)),
        (changed("nbf", json!(NOW + 60)), 60, Ok(())),
        (changed("nbf", json!(NOW)), 0, Ok(())),
        (changed("iat", json!(NOW + 1)), 0, Err(TimeError::IssuedInFuture)),
        (changed("iat", json!(NOW + 61)), 60, Err(TimeError::IssuedInFuture)),
    ];
    for (claims, leeway, expected) in cases {
        let policy = policy().with_leeway_seconds(leeway).unwrap();
        let token = ES256.key.sign(Typ::AccessToken, &claims).unwrap();
        let result = validate(&token, &keys(&[&ES256]), &policy, NOW).map(|_| ());
        assert_eq!(result, expected.map_err(TokenRefusal::Time), "{claims} with {leeway}");
    }
}

#[test]
fn rs_08_rs_09_a_token_has_one_key_and_one_spelling() {
    let token = ES256.key.sign(Typ::AccessToken, &claims()).unwrap();
    let stranger =
        SigningKey::generate(Algorithm::Es256).unwrap().0.sign(Typ::AccessToken, &claims()).unwrap();
    let header = |extra: &str| format!(r#"{{"typ":"at+jwt","alg":"ES256"{extra}}}"#);
    let kid = format!(r#","kid":"{}""#, "k".repeat(257));
    let twice = claims().to_string().replacen('{', r#"{"sub":"mallory","#, 1);
    for (bad, refusal) in [
        (stranger, JwsError::UnknownKey.into()),
        (
            raw_token(&header(r#","crit":["bork"],"bork":1"#), &claims().to_string()),
            JwsError::Critical.into(),
        ),
        (raw_token(&header(&kid), &claims().to_string()), JwsError::KeyIdTooLong.into()),
        (raw_token(&header(""), &twice), TokenRefusal::Claims),
        (raw_token(&header(""), "[]"), TokenRefusal::Claims),
        (raw_token(&header(""), "not json"), TokenRefusal::Claims),
        (format!("{token}="), JwsError::Encoding.into()),
        (format!("{token}\n"), JwsError::Encoding.into()),
        (token.replace('.', " . "), JwsError::Encoding.into()),
        (format!("{token}{}", "a".repeat(16 * 1024)), JwsError::TooLong.into()),
    ] {
        assert_eq!(check(&bad), Err(refusal), "{bad}");
    }
}

#[test]
fn rs_12_a_token_bound_to_a_key_is_no_bearer_token() {
    for cnf in [json!({"jkt": "x"}), json!({"x5t#S256": "x"}), json!({}), json!(null)] {
        assert_eq!(check_claims(&changed("cnf", cnf)), Err(TokenRefusal::Bound));
    }
}

#[test]
fn rs_11_a_malformed_scope_is_refused_and_an_absent_one_is_empty() {
    assert_eq!(check_claims(&changed("scope", json!("a\"b"))), Err(TokenRefusal::Scope));
    assert_eq!(check_claims(&changed("scope", json!(["a"]))), Err(TokenRefusal::Claims));
    let mut without = claims();
    without.as_object_mut().unwrap().remove("scope");
    assert!(check_claims(&without).unwrap().scope().is_empty());
}

#[test]
fn rs_14_users_are_known_by_issuer_and_subject_and_clients_apart_from_them() {
    let user = check_claims(&claims()).unwrap();
    assert_eq!(user.identity(), Identity { issuer: ISSUER, subject: "ada" });
    assert!(!user.is_client_token());
    let client = check_claims(&changed("sub", json!("app"))).unwrap();
    assert!(client.is_client_token());

    let elsewhere = ES256.key.sign(Typ::AccessToken, &changed("iss", json!("https://id.other"))).unwrap();
    let policy = Policy::new("https://id.other", AUDIENCE);
    let elsewhere = validate(&elsewhere, &keys(&[&ES256]), &policy, NOW).unwrap();
    assert_ne!(user.identity(), elsewhere.identity());
}

proptest! {
    #[test]
    fn rs_09_any_signed_payload_never_panics(payload in "\\PC{0,200}") {
        let _ = check(&raw_token(r#"{"typ":"at+jwt","alg":"ES256"}"#, &payload));
    }

    #[test]
    fn rs_09_any_text_is_refused(text in "\\PC{0,200}") {
        prop_assert!(check(&text).is_err());
    }
}
