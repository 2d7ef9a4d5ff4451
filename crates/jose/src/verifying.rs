//! A public key that verifies with exactly one algorithm (RFC 8725 §3.1).

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
};

use crate::{Algorithm, Jwk, KID_BYTES_MAX, KeyError, base64url, jwk::member};

const COORDINATE_BYTES: usize = 32;
const MODULUS_BITS_MIN: usize = 2048;
const MODULUS_BITS_MAX: usize = 8192;
// 33 bits is what aws-lc allows; longer exponents only make verification slow.
const EXPONENT_BYTES_MAX: usize = 5;

/// A parsed public key with its id and its one algorithm.
#[derive(Clone, Debug)]
pub struct VerifyingKey {
    kid: String,
    algorithm: Algorithm,
    key: ParsedPublicKey,
}

impl VerifyingKey {
    /// Reads a public key. The algorithm is the JWK's `alg`, else the one that its type implies; without `kid` the
    /// thumbprint is the id.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        let algorithm = algorithm(jwk)?;
        usable_for_verifying(jwk)?;
        let kid = match &jwk.kid {
            Some(kid) if kid.len() > KID_BYTES_MAX => return Err(KeyError::KeyIdTooLong),
            Some(kid) => kid.clone(),
            None => jwk.thumbprint()?,
        };
        let key = match algorithm {
            Algorithm::Es256 => p256(jwk)?,
            Algorithm::EdDsa => ed25519(jwk)?,
            Algorithm::Rs256 => rsa(jwk)?,
        };
        Ok(Self { kid, algorithm, key })
    }

    /// The key id, by which tokens name this key.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The one algorithm of this key.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether `signature` is this key's over `message`.
    pub(crate) fn accepts(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify_sig(message, signature).is_ok()
    }
}

fn algorithm(jwk: &Jwk) -> Result<Algorithm, KeyError> {
    let implied = match jwk.kty.as_str() {
        "EC" => match member(&jwk.crv, "crv")? {
            "P-256" => Algorithm::Es256,
            _ => return Err(KeyError::UnsupportedCurve),
        },
        "OKP" => match member(&jwk.crv, "crv")? {
            "Ed25519" => Algorithm::EdDsa,
            _ => return Err(KeyError::UnsupportedCurve),
        },
        "RSA" => Algorithm::Rs256,
        _ => return Err(KeyError::UnsupportedKeyType),
    };
    let Some(name) = &jwk.alg else {
        return Ok(implied);
    };
    let named = Algorithm::from_name(name).ok_or(KeyError::UnsupportedAlgorithm)?;
    if named != implied {
        return Err(KeyError::AlgorithmMismatch);
    }
    Ok(named)
}

fn usable_for_verifying(jwk: &Jwk) -> Result<(), KeyError> {
    let wrong_use = jwk.key_use.as_deref().is_some_and(|key_use| key_use != "sig");
    let wrong_ops = jwk.key_ops.as_deref().is_some_and(|ops| !ops.iter().any(|op| op == "verify"));
    if wrong_use || wrong_ops {
        return Err(KeyError::NotForSignatures);
    }
    Ok(())
}

fn p256(jwk: &Jwk) -> Result<ParsedPublicKey, KeyError> {
    // Uncompressed point (SEC 1 §2.3.3); the library refuses points that are not on the curve.
    let mut point = Vec::with_capacity(1 + 2 * COORDINATE_BYTES);
    point.push(4);
    point.extend(exactly_32_bytes(&jwk.x, "x")?);
    point.extend(exactly_32_bytes(&jwk.y, "y")?);
    ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).map_err(|_| KeyError::Rejected)
}

fn ed25519(jwk: &Jwk) -> Result<ParsedPublicKey, KeyError> {
    let x = exactly_32_bytes(&jwk.x, "x")?;
    ParsedPublicKey::new(&ED25519, x).map_err(|_| KeyError::Rejected)
}

fn rsa(jwk: &Jwk) -> Result<ParsedPublicKey, KeyError> {
    let n = decoded(&jwk.n, "n")?;
    let e = decoded(&jwk.e, "e")?;
    // No leading zeros (RFC 7518 §6.3.1.1): one key, one spelling, one thumbprint. An even number is no modulus and no
    // exponent, and 1 as the exponent would make every message its own signature.
    let (Some(high), Some(low)) = (n.first(), n.last()) else {
        return Err(KeyError::MalformedMember("n"));
    };
    if *high == 0 || low % 2 == 0 {
        return Err(KeyError::MalformedMember("n"));
    }
    let bits = n.len() * 8 - high.leading_zeros() as usize;
    if !(MODULUS_BITS_MIN..=MODULUS_BITS_MAX).contains(&bits) {
        return Err(KeyError::ModulusSize);
    }
    let odd = e.last().is_some_and(|low| low % 2 == 1);
    if !odd || e.first() == Some(&0) || e == [1] || e.len() > EXPONENT_BYTES_MAX {
        return Err(KeyError::MalformedMember("e"));
    }
    RsaPublicKeyComponents { n, e }
        .to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
        .map_err(|_| KeyError::Rejected)
}

fn exactly_32_bytes(value: &Option<String>, name: &'static str) -> Result<Vec<u8>, KeyError> {
    let bytes = decoded(value, name)?;
    if bytes.len() != COORDINATE_BYTES {
        return Err(KeyError::MalformedMember(name));
    }
    Ok(bytes)
}

fn decoded(value: &Option<String>, name: &'static str) -> Result<Vec<u8>, KeyError> {
    base64url::decode(member(value, name)?).map_err(|_| KeyError::MalformedMember(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::key;

    fn edited(algorithm: Algorithm, edit: impl FnOnce(&mut Jwk)) -> Result<VerifyingKey, KeyError> {
        let mut jwk = key(algorithm).public_jwk().clone();
        edit(&mut jwk);
        VerifyingKey::from_jwk(&jwk)
    }

    #[test]
    fn md_07_one_key_has_one_algorithm() {
        for algorithm in Algorithm::ALL {
            assert_eq!(edited(algorithm, |_| ()).unwrap().algorithm(), algorithm);
            assert_eq!(edited(algorithm, |jwk| jwk.alg = None).unwrap().algorithm(), algorithm);
            for other in Algorithm::ALL.into_iter().filter(|other| *other != algorithm) {
                let refused = edited(algorithm, |jwk| jwk.alg = Some(other.name().to_owned()));
                assert_eq!(refused.unwrap_err(), KeyError::AlgorithmMismatch);
            }
            for name in ["none", "HS256", "PS256", "ES384"] {
                let refused = edited(algorithm, |jwk| jwk.alg = Some(name.to_owned()));
                assert_eq!(refused.unwrap_err(), KeyError::UnsupportedAlgorithm);
            }
        }
    }

    type Edit = fn(&mut Jwk);

    #[test]
    fn md_07_unfit_keys_are_refused() {
        use Algorithm::{EdDsa, Es256, Rs256};
        let short = || Some(base64url::encode([1; 31]));
        assert!(edited(Es256, |jwk| jwk.x = short()).is_err());
        let cases: [(Algorithm, Edit, KeyError); 17] = [
            (Es256, |jwk| jwk.kty = "oct".into(), KeyError::UnsupportedKeyType),
            (Es256, |jwk| jwk.crv = Some("P-384".into()), KeyError::UnsupportedCurve),
            (EdDsa, |jwk| jwk.crv = Some("X25519".into()), KeyError::UnsupportedCurve),
            (Es256, |jwk| jwk.crv = None, KeyError::MissingMember("crv")),
            (Es256, |jwk| jwk.y = None, KeyError::MissingMember("y")),
            (Es256, |jwk| jwk.y = jwk.x.clone(), KeyError::Rejected),
            (Es256, |jwk| jwk.x = Some("AA".into()), KeyError::MalformedMember("x")),
            (EdDsa, |jwk| jwk.x = Some("!".into()), KeyError::MalformedMember("x")),
            (Rs256, |jwk| jwk.n = Some(base64url::encode([0xff; 255])), KeyError::ModulusSize),
            (Rs256, |jwk| jwk.n = Some(base64url::encode([0xff; 1025])), KeyError::ModulusSize),
            (Rs256, |jwk| jwk.n = Some(String::new()), KeyError::MalformedMember("n")),
            (Rs256, |jwk| jwk.e = Some("AQ".into()), KeyError::MalformedMember("e")),
            (Rs256, |jwk| jwk.e = Some("Ag".into()), KeyError::MalformedMember("e")),
            (Rs256, |jwk| jwk.e = Some(String::new()), KeyError::MalformedMember("e")),
            (Rs256, |jwk| jwk.key_use = Some("enc".into()), KeyError::NotForSignatures),
            (EdDsa, |jwk| jwk.key_ops = Some(vec!["sign".into()]), KeyError::NotForSignatures),
            (EdDsa, |jwk| jwk.kid = Some("k".repeat(KID_BYTES_MAX + 1)), KeyError::KeyIdTooLong),
        ];
        for (algorithm, edit, expected) in cases {
            assert_eq!(edited(algorithm, edit).unwrap_err(), expected);
        }
    }

    #[test]
    fn a_key_without_an_id_is_known_by_its_thumbprint() {
        for algorithm in Algorithm::ALL {
            let read = edited(algorithm, |jwk| jwk.kid = None).unwrap();
            assert_eq!(read.kid(), key(algorithm).kid());
        }
    }
}
