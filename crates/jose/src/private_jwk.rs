//! Private keys as JWK (RFC 7518 §6.2.2, §6.3.2; RFC 8037 §2), the form in which `private_key_jwt` clients keep theirs.

use aws_lc_rs::{
    encoding::AsBigEndian,
    rsa::{KeyPairComponents, PublicKeyComponents},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair},
};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::{
    Algorithm, Jwk, KeyError, SigningKey, VerifyingKey, base64url,
    signing::{Pair, rejected},
};

impl SigningKey {
    /// Reads a private JWK. Its public members must belong to its private ones; its `kid` is not taken over, for our
    /// key ids are thumbprints.
    pub fn from_private_jwk(json: &Value) -> Result<Self, KeyError> {
        let jwk = Jwk::deserialize_public(json)?;
        let pair = match VerifyingKey::from_jwk(&jwk)?.algorithm() {
            Algorithm::Es256 => {
                let mut point = vec![4];
                point.extend_from_slice(&member(json, "x")?);
                point.extend_from_slice(&member(json, "y")?);
                let d = member(json, "d")?;
                Pair::Es256(
                    EcdsaKeyPair::from_private_key_and_public_key(
                        &ECDSA_P256_SHA256_FIXED_SIGNING,
                        &d,
                        &point,
                    )
                    .map_err(rejected)?,
                )
            }
            Algorithm::EdDsa => Pair::EdDsa(
                Ed25519KeyPair::from_seed_and_public_key(&member(json, "d")?, &member(json, "x")?)
                    .map_err(rejected)?,
            ),
            Algorithm::Rs256 => Pair::Rs256(rsa(json)?),
        };
        Self::from_pair(pair)
    }

    /// The private key as a JWK, for keys on a curve; [`KeyError::NotExportable`] for RSA.
    pub fn to_private_jwk(&self) -> Result<Value, KeyError> {
        let d = match &self.pair {
            Pair::Es256(pair) => {
                base64url::encode(pair.private_key().as_be_bytes().map_err(rejected)?.as_ref())
            }
            Pair::EdDsa(pair) => {
                base64url::encode(pair.seed().map_err(rejected)?.as_be_bytes().map_err(rejected)?.as_ref())
            }
            Pair::Rs256(_) => return Err(KeyError::NotExportable),
        };
        let mut json = serde_json::to_value(self.public_jwk()).map_err(rejected)?;
        if let Some(members) = json.as_object_mut() {
            members.insert("d".to_owned(), Value::String(d));
        }
        Ok(json)
    }
}

impl Jwk {
    /// The public half of a private JWK. `key_ops` speaks of the private half there, so it is left out.
    fn deserialize_public(json: &Value) -> Result<Self, KeyError> {
        let mut jwk: Self = serde_json::from_value(json.clone()).map_err(rejected)?;
        jwk.key_ops = None;
        Ok(jwk)
    }
}

fn rsa(json: &Value) -> Result<RsaKeyPair, KeyError> {
    RsaKeyPair::from_components(&KeyPairComponents {
        public_key: PublicKeyComponents { n: &*member(json, "n")?, e: &*member(json, "e")? },
        d: &**member(json, "d")?,
        p: &**member(json, "p")?,
        q: &**member(json, "q")?,
        dP: &**member(json, "dp")?,
        dQ: &**member(json, "dq")?,
        qInv: &**member(json, "qi")?,
    })
    .map_err(rejected)
}

fn member(json: &Value, name: &'static str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let text = json.get(name).and_then(Value::as_str).ok_or(KeyError::MissingMember(name))?;
    base64url::decode(text).map(Zeroizing::new).map_err(|_| KeyError::MalformedMember(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::key;

    #[test]
    fn private_jwks_round_trip() {
        for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
            let json = key(algorithm).to_private_jwk().unwrap();
            let read = SigningKey::from_private_jwk(&json).unwrap();
            assert_eq!(read.public_jwk(), key(algorithm).public_jwk());
        }
        assert_eq!(key(Algorithm::Rs256).to_private_jwk(), Err(KeyError::NotExportable));
    }

    #[test]
    fn halves_that_do_not_belong_together_are_refused() {
        for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
            let mut json = key(algorithm).to_private_jwk().unwrap();
            let (other, _) = SigningKey::generate(algorithm).unwrap();
            json["d"] = other.to_private_jwk().unwrap()["d"].clone();
            assert_eq!(SigningKey::from_private_jwk(&json).unwrap_err(), KeyError::Rejected);
            json["d"] = Value::Null;
            assert_eq!(SigningKey::from_private_jwk(&json).unwrap_err(), KeyError::MissingMember("d"));
        }
    }

    #[test]
    fn rfc_7517_private_rsa_key_is_read_and_signs() {
        let json = serde_json::json!({
            "kty": "RSA",
            "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
            "e": "AQAB",
            "d": "X4cTteJY_gn4FYPsXB8rdXix5vwsg1FLN5E3EaG6RJoVH-HLLKD9M7dx5oo7GURknchnrRweUkC7hT5fJLM0WbFAKNLWY2vv7B6NqXSzUvxT0_YSfqijwp3RTzlBaCxWp4doFk5N2o8Gy_nHNKroADIkJ46pRUohsXywbReAdYaMwFs9tv8d_cPVY3i07a3t8MN6TNwm0dSawm9v47UiCl3Sk5ZiG7xojPLu4sbg1U2jx4IBTNBznbJSzFHK66jT8bgkuqsk0GjskDJk19Z4qwjwbsnn4j2WBii3RL-Us2lGVkY8fkFzme1z0HbIkfz0Y6mqnOYtqc0X4jfcKoAC8Q",
            "p": "83i-7IvMGXoMXCskv73TKr8637FiO7Z27zv8oj6pbWUQyLPQBQxtPVnwD20R-60eTDmD2ujnMt5PoqMrm8RfmNhVWDtjjMmCMjOpSXicFHj7XOuVIYQyqVWlWEh6dN36GVZYk93N8Bc9vY41xy8B9RzzOGVQzXvNEvn7O0nVbfs",
            "q": "3dfOR9cuYq-0S-mkFLzgItgMEfFzB2q3hWehMuG0oCuqnb3vobLyumqjVZQO1dIrdwgTnCdpYzBcOfW5r370AFXjiWft_NGEiovonizhKpo9VVS78TzFgxkIdrecRezsZ-1kYd_s1qDbxtkDEgfAITAG9LUnADun4vIcb6yelxk",
            "dp": "G4sPXkc6Ya9y8oJW9_ILj4xuppu0lzi_H7VTkS8xj5SdX3coE0oimYwxIi2emTAue0UOa5dpgFGyBJ4c8tQ2VF402XRugKDTP8akYhFo5tAA77Qe_NmtuYZc3C3m3I24G2GvR5sSDxUyAN2zq8Lfn9EUms6rY3Ob8YeiKkTiBj0",
            "dq": "s9lAH9fggBsoFR8Oac2R_E2gw282rT2kGOAhvIllETE1efrA6huUUvMfBcMpn8lqeW6vzznYY5SSQF7pMdC_agI3nG8Ibp1BUb0JUiraRNqUfLhcQb_d9GF4Dh7e74WbRsobRonujTYN1xCaP6TO61jvWrX-L18txXw494Q_cgk",
            "qi": "GyM_p6JrXySiz1toFgKbWV-JdI3jQ4ypu9rbMWx3rQJBfmt0FoYzgUIZEVFEcOqwemRN81zoDAaa-Bk0KWNGDjJHZDdDmFhW3AN7lI-puxk_mHZGJ11rxyR8O55XLSe3SPmRfKwZI6yU24ZxvQKFYItdldUKGzO6Ia6zTKhAVRU",
            "alg": "RS256", "kid": "2011-04-29"
        });
        let read = SigningKey::from_private_jwk(&json).unwrap();
        assert_eq!(read.kid(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        assert!(read.sign(crate::Typ::IdToken, &serde_json::json!({"sub": "ada"})).is_ok());
    }
}
