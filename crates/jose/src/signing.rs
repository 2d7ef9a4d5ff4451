//! A private key that signs with exactly one algorithm.
//!
//! Everything that does not depend on the claims is made once, when the key is read: the parsed key, its public half
//! and the encoded header of each [`Typ`]. What is left per token is the JSON, the signature and two passes of base64.

use std::fmt;

use aws_lc_rs::{
    encoding::AsDer,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::{Algorithm, Jwk, KeyError, Typ, VerifyingKey, base64url};

/// Enough for the JSON of a usual token, so that it is written without growing.
const CLAIMS_BYTES_USUAL: usize = 768;

/// A private key, its public half and its prepared headers. `Debug` shows only the id and the algorithm.
pub struct SigningKey {
    pub(crate) pair: Pair,
    public_jwk: Jwk,
    verifying: VerifyingKey,
    headers: Headers,
}

/// Why a token could not be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The claims have no JSON form.
    #[error("the claims cannot be written as JSON")]
    Claims,
    /// The library failed to sign.
    #[error("the signature could not be made")]
    Signature,
}

impl SigningKey {
    /// Makes a new key; the second value is its PKCS#8 DER, to be sealed and stored.
    pub fn generate(algorithm: Algorithm) -> Result<(Self, Zeroizing<Vec<u8>>), KeyError> {
        let der = match algorithm {
            Algorithm::Es256 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(rejected)?;
                Zeroizing::new(pair.to_pkcs8v1().map_err(rejected)?.as_ref().to_vec())
            }
            Algorithm::EdDsa => {
                let pair = Ed25519KeyPair::generate().map_err(rejected)?;
                Zeroizing::new(pair.to_pkcs8v1().map_err(rejected)?.as_ref().to_vec())
            }
            Algorithm::Rs256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(rejected)?;
                Zeroizing::new(pair.as_der().map_err(rejected)?.as_ref().to_vec())
            }
        };
        Ok((Self::from_pkcs8(algorithm, &der)?, der))
    }

    /// Reads a key from PKCS#8 DER (RFC 5208). The key must be of the algorithm's type.
    pub fn from_pkcs8(algorithm: Algorithm, der: &[u8]) -> Result<Self, KeyError> {
        Self::from_pair(match algorithm {
            Algorithm::Es256 => Pair::Es256(
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).map_err(rejected)?,
            ),
            Algorithm::EdDsa => Pair::EdDsa(Ed25519KeyPair::from_pkcs8(der).map_err(rejected)?),
            Algorithm::Rs256 => Pair::Rs256(RsaKeyPair::from_pkcs8(der).map_err(rejected)?),
        })
    }

    pub(crate) fn from_pair(pair: Pair) -> Result<Self, KeyError> {
        let algorithm = pair.algorithm();
        let mut public_jwk = pair.public_jwk()?;
        let kid = public_jwk.thumbprint()?;
        public_jwk.kid = Some(kid.clone());
        public_jwk.alg = Some(algorithm.name().to_owned());
        public_jwk.key_use = Some("sig".to_owned());
        let verifying = VerifyingKey::from_jwk(&public_jwk)?;
        Ok(Self { pair, public_jwk, verifying, headers: Headers::new(algorithm, &kid) })
    }

    /// The key id: the RFC 7638 thumbprint, so that no two keys share one and no counter is needed.
    pub fn kid(&self) -> &str {
        self.verifying.kid()
    }

    /// The one algorithm of this key.
    pub fn algorithm(&self) -> Algorithm {
        self.verifying.algorithm()
    }

    /// The public half, as it is published.
    pub fn public_jwk(&self) -> &Jwk {
        &self.public_jwk
    }

    /// The public half, ready to verify.
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying
    }

    /// Signs `claims` as a token of kind `typ` in the compact serialization (RFC 7515 §3.1).
    pub fn sign<C: Serialize + ?Sized>(&self, typ: Typ, claims: &C) -> Result<String, SignError> {
        let mut payload = Vec::with_capacity(CLAIMS_BYTES_USUAL);
        serde_json::to_writer(&mut payload, claims).map_err(|_| SignError::Claims)?;
        self.sign_encoded(self.headers.of(typ), &payload)
    }

    /// Signs under an already encoded header.
    pub(crate) fn sign_encoded(&self, header: &str, payload: &[u8]) -> Result<String, SignError> {
        let payload_length = payload.len().div_ceil(3) * 4;
        let signature_length = self.pair.signature_bytes().div_ceil(3) * 4;
        let mut token = String::with_capacity(header.len() + payload_length + signature_length + 2);
        token.push_str(header);
        token.push('.');
        base64url::encode_into(payload, &mut token);
        self.pair.append_signature(&mut token)?;
        Ok(token)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("kid", &self.kid())
            .field("algorithm", &self.algorithm())
            .finish_non_exhaustive()
    }
}

/// The private key in the form in which the library signs with it.
pub(crate) enum Pair {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
    Rs256(RsaKeyPair),
}

impl Pair {
    fn algorithm(&self) -> Algorithm {
        match self {
            Self::Es256(_) => Algorithm::Es256,
            Self::EdDsa(_) => Algorithm::EdDsa,
            Self::Rs256(_) => Algorithm::Rs256,
        }
    }

    pub(crate) fn public_jwk(&self) -> Result<Jwk, KeyError> {
        Ok(match self {
            Self::Es256(pair) => match pair.public_key().as_ref().split_first() {
                // An uncompressed point: the marker 4, then two coordinates of equal length.
                Some((4, point)) if point.len() == 64 => {
                    let (x, y) = point.split_at(32);
                    Jwk::p256(x, y)
                }
                _ => return Err(KeyError::Rejected),
            },
            Self::EdDsa(pair) => Jwk::ed25519(pair.public_key().as_ref()),
            Self::Rs256(pair) => {
                let public = pair.public_key();
                Jwk::rsa(
                    public.modulus().big_endian_without_leading_zero(),
                    public.exponent().big_endian_without_leading_zero(),
                )
            }
        })
    }

    fn signature_bytes(&self) -> usize {
        match self {
            Self::Es256(_) | Self::EdDsa(_) => 64,
            Self::Rs256(pair) => pair.public_modulus_len(),
        }
    }

    /// Signs what `token` holds so far and appends the signature as its third part.
    fn append_signature(&self, token: &mut String) -> Result<(), SignError> {
        let message = token.as_bytes();
        let signature = match self {
            Self::Es256(pair) => pair.sign(&SystemRandom::new(), message),
            Self::EdDsa(pair) => pair.try_sign(message),
            Self::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
                    .map_err(|_| SignError::Signature)?;
                token.push('.');
                base64url::encode_into(signature, token);
                return Ok(());
            }
        };
        let signature = signature.map_err(|_| SignError::Signature)?;
        token.push('.');
        base64url::encode_into(signature, token);
        Ok(())
    }
}

/// The encoded header of each kind of token.
struct Headers {
    access_token: String,
    id_token: String,
}

impl Headers {
    fn new(algorithm: Algorithm, kid: &str) -> Self {
        // Algorithm names, kinds and thumbprints are plain ASCII without anything that JSON would escape.
        let encoded = |typ: Typ| {
            base64url::encode(format!(r#"{{"alg":"{algorithm}","typ":"{}","kid":"{kid}"}}"#, typ.name()))
        };
        Self { access_token: encoded(Typ::AccessToken), id_token: encoded(Typ::IdToken) }
    }

    fn of(&self, typ: Typ) -> &str {
        match typ {
            Typ::AccessToken => &self.access_token,
            Typ::IdToken => &self.id_token,
        }
    }
}

/// The library gives no reason, so there is none to report.
pub(crate) fn rejected<E>(_: E) -> KeyError {
    KeyError::Rejected
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::key;

    #[test]
    fn keys_survive_storage_and_keep_their_id() {
        for algorithm in Algorithm::ALL {
            let (made, der) = SigningKey::generate(algorithm).unwrap();
            let read = SigningKey::from_pkcs8(algorithm, &der).unwrap();
            assert_eq!(read.kid(), made.kid());
            assert_eq!(read.public_jwk(), made.public_jwk());
            for other in Algorithm::ALL.into_iter().filter(|other| *other != algorithm) {
                assert_eq!(SigningKey::from_pkcs8(other, &der).unwrap_err(), KeyError::Rejected);
            }
            assert!(SigningKey::from_pkcs8(algorithm, &der[..der.len() - 1]).is_err());
        }
    }

    #[test]
    fn md_05_a_published_key_has_id_algorithm_and_use_and_nothing_private() {
        for algorithm in Algorithm::ALL {
            let json = serde_json::to_value(key(algorithm).public_jwk()).unwrap();
            assert_eq!(json["alg"], algorithm.name());
            assert_eq!(json["use"], "sig");
            assert_eq!(json["kid"], key(algorithm).kid());
            for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
                assert!(json.get(private).is_none(), "{private}");
            }
        }
    }

    #[test]
    fn debug_shows_no_key_material() {
        let shown = format!("{:?}", key(Algorithm::Es256));
        assert_eq!(
            shown,
            format!("SigningKey {{ kid: {:?}, algorithm: Es256, .. }}", key(Algorithm::Es256).kid())
        );
    }

    #[test]
    fn claims_without_a_json_form_are_refused() {
        let claims = std::collections::BTreeMap::from([(vec![1_u8], 1)]);
        assert_eq!(key(Algorithm::EdDsa).sign(Typ::IdToken, &claims), Err(SignError::Claims));
    }
}
