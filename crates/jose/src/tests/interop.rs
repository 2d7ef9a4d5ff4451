//! Our tokens at `jsonwebtoken`, its tokens here.

use jsonwebtoken::{self as other, DecodingKey, EncodingKey, Header, Validation};
use serde_json::{Value, json};

use super::{check, der, key};
use crate::{Algorithm, JwsError, Typ};

fn theirs(algorithm: Algorithm) -> other::Algorithm {
    match algorithm {
        Algorithm::Es256 => other::Algorithm::ES256,
        Algorithm::EdDsa => other::Algorithm::EdDSA,
        Algorithm::Rs256 => other::Algorithm::RS256,
    }
}

fn encoding_key(algorithm: Algorithm) -> EncodingKey {
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, der(algorithm))
    );
    match algorithm {
        Algorithm::Es256 => EncodingKey::from_ec_pem(pem.as_bytes()).unwrap(),
        Algorithm::EdDsa => EncodingKey::from_ed_pem(pem.as_bytes()).unwrap(),
        Algorithm::Rs256 => EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap(),
    }
}

#[test]
fn our_tokens_and_published_keys_are_understood_there() {
    for algorithm in Algorithm::ALL {
        let claims = json!({"iss": "https://id.example", "sub": "ada", "exp": 4_000_000_000_u64});
        let token = key(algorithm).sign(Typ::AccessToken, &claims).unwrap();
        let jwk = serde_json::from_value(serde_json::to_value(key(algorithm).public_jwk()).unwrap()).unwrap();
        let mut validation = Validation::new(theirs(algorithm));
        validation.set_issuer(&["https://id.example"]);
        let read =
            other::decode::<Value>(&token, &DecodingKey::from_jwk(&jwk).unwrap(), &validation).unwrap();
        assert_eq!(read.claims, claims);
        assert_eq!(read.header.typ.as_deref(), Some("at+jwt"));
        assert_eq!(read.header.kid.as_deref(), Some(key(algorithm).kid()));
    }
}

#[test]
fn tokens_made_there_verify_here() {
    for algorithm in Algorithm::ALL {
        let mut header = Header::new(theirs(algorithm));
        header.typ = Some("at+jwt".to_owned());
        header.kid = Some(key(algorithm).kid().to_owned());
        let claims = json!({"sub": "ada"});
        let token = other::encode(&header, &claims, &encoding_key(algorithm)).unwrap();
        let verified = check(&token).unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&verified.payload).unwrap(), claims);

        header.typ = Some("JWT".to_owned());
        let id_token = other::encode(&header, &claims, &encoding_key(algorithm)).unwrap();
        assert_eq!(check(&id_token), Err(JwsError::WrongType));
    }
}

#[test]
fn rs_04_rsa_with_another_padding_or_hash_is_refused() {
    for alg in [other::Algorithm::PS256, other::Algorithm::RS384, other::Algorithm::RS512] {
        let mut header = Header::new(alg);
        header.typ = Some("at+jwt".to_owned());
        header.kid = Some(key(Algorithm::Rs256).kid().to_owned());
        let token = other::encode(&header, &json!({}), &encoding_key(Algorithm::Rs256)).unwrap();
        assert_eq!(check(&token), Err(JwsError::UnsupportedAlgorithm), "{alg:?}");
    }
}
