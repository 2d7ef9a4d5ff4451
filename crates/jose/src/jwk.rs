//! Public keys on the wire: JWK and JWK Set (RFC 7517, RFC 7518 §6, RFC 8037 §2) and the thumbprint (RFC 7638).

use aws_lc_rs::digest;
use serde::{Deserialize, Deserializer, Serialize};

use crate::{JsonError, KeyError, base64url, ensure_strict};

/// The most keys that one set may carry.
pub const KEYS_MAX: usize = 100;

/// A public key. Members that it does not list, private ones first of all, are dropped on reading and so can never be
/// written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    /// Key type: `EC`, `OKP` or `RSA`; others are carried but not used.
    pub kty: String,
    /// Key id, by which a token names the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// The one algorithm of this key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    /// What the key is for; `sig` here.
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    pub key_use: Option<String>,
    /// What operations the key is for (RFC 7517 §4.3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_ops: Option<Vec<String>>,
    /// Curve of an `EC` or `OKP` key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crv: Option<String>,
    /// First coordinate of an `EC` key, or the `OKP` key itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// Second coordinate of an `EC` key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    /// Modulus of an `RSA` key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    /// Exponent of an `RSA` key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
}

impl Jwk {
    /// A JWK for P-256, of its two coordinates.
    pub(crate) fn p256(x: &[u8], y: &[u8]) -> Self {
        Self {
            crv: Some("P-256".to_owned()),
            x: Some(base64url::encode(x)),
            y: Some(base64url::encode(y)),
            ..Self::of_type("EC")
        }
    }

    /// A JWK for Ed25519, of its 32 bytes.
    pub(crate) fn ed25519(x: &[u8]) -> Self {
        Self { crv: Some("Ed25519".to_owned()), x: Some(base64url::encode(x)), ..Self::of_type("OKP") }
    }

    /// A JWK for RSA, of modulus and exponent as big-endian bytes.
    pub(crate) fn rsa(n: &[u8], e: &[u8]) -> Self {
        Self { n: Some(base64url::encode(n)), e: Some(base64url::encode(e)), ..Self::of_type("RSA") }
    }

    fn of_type(kty: &str) -> Self {
        Self {
            kty: kty.to_owned(),
            kid: None,
            alg: None,
            key_use: None,
            key_ops: None,
            crv: None,
            x: None,
            y: None,
            n: None,
            e: None,
        }
    }

    /// The SHA-256 thumbprint in base64url (RFC 7638 §3): the same for every spelling of the same key.
    pub fn thumbprint(&self) -> Result<String, KeyError> {
        // Declared in the lexicographic order of the member names, which is the order that RFC 7638 §3.3 hashes in.
        #[derive(Serialize)]
        struct Required<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            crv: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            e: Option<&'a str>,
            kty: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            n: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            x: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            y: Option<&'a str>,
        }
        let kty = self.kty.as_str();
        let none = Required { crv: None, e: None, kty, n: None, x: None, y: None };
        let required = match kty {
            "EC" => Required {
                crv: Some(member(&self.crv, "crv")?),
                x: Some(member(&self.x, "x")?),
                y: Some(member(&self.y, "y")?),
                ..none
            },
            "OKP" => {
                Required { crv: Some(member(&self.crv, "crv")?), x: Some(member(&self.x, "x")?), ..none }
            }
            "RSA" => Required { e: Some(member(&self.e, "e")?), n: Some(member(&self.n, "n")?), ..none },
            _ => return Err(KeyError::UnsupportedKeyType),
        };
        let json = serde_json::to_vec(&required).map_err(|_| KeyError::Rejected)?;
        Ok(base64url::encode(digest::digest(&digest::SHA256, &json)))
    }
}

/// A required member of a JWK.
pub(crate) fn member<'a>(value: &'a Option<String>, name: &'static str) -> Result<&'a str, KeyError> {
    value.as_deref().ok_or(KeyError::MissingMember(name))
}

/// A set of public keys (RFC 7517 §5), at most [`KEYS_MAX`]. On reading, keys that are not understood are left out:
/// a set must not become useless because one new kind of key was added to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct JwkSet {
    /// The keys that were understood.
    pub keys: Vec<Jwk>,
}

/// Why a JWK Set is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwkSetError {
    /// The document is not acceptable JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// The document has no array `keys`, or the array is too long.
    #[error("the document is not a JWK Set of at most {KEYS_MAX} keys")]
    NotAKeySet,
}

impl JwkSet {
    /// Reads a set from a document of another party.
    pub fn from_json(bytes: &[u8]) -> Result<Self, JwkSetError> {
        ensure_strict(bytes)?;
        serde_json::from_slice(bytes).map_err(|_| JwkSetError::NotAKeySet)
    }
}

impl<'de> Deserialize<'de> for JwkSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Wire {
            keys: Vec<serde_json::Value>,
        }
        let wire = Wire::deserialize(deserializer)?;
        if wire.keys.len() > KEYS_MAX {
            return Err(serde::de::Error::custom("too many keys"));
        }
        Ok(Self { keys: wire.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect() })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rfc_7638_example_has_its_thumbprint() {
        let jwk: Jwk = serde_json::from_str(
            r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#,
        )
        .unwrap();
        assert_eq!(jwk.thumbprint().unwrap(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    #[test]
    fn rfc_8037_example_has_its_thumbprint() {
        let jwk: Jwk = serde_json::from_str(
            r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
        )
        .unwrap();
        assert_eq!(jwk.thumbprint().unwrap(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn thumbprint_needs_its_members() {
        for (json, error) in [
            (r#"{"kty":"oct","k":"AAAA"}"#, KeyError::UnsupportedKeyType),
            (r#"{"kty":"EC","crv":"P-256","x":"AA"}"#, KeyError::MissingMember("y")),
            (r#"{"kty":"OKP","x":"AA"}"#, KeyError::MissingMember("crv")),
            (r#"{"kty":"RSA","e":"AQAB"}"#, KeyError::MissingMember("n")),
        ] {
            let jwk: Jwk = serde_json::from_str(json).unwrap();
            assert_eq!(jwk.thumbprint(), Err(error), "{json}");
        }
    }

    #[test]
    fn md_05_private_members_are_dropped_on_reading() {
        let text = r#"{"kty":"OKP","crv":"Ed25519","x":"AA","d":"c2VjcmV0","p":"c2VjcmV0","k":"c2VjcmV0"}"#;
        let jwk: Jwk = serde_json::from_str(text).unwrap();
        assert!(!serde_json::to_string(&jwk).unwrap().contains("c2VjcmV0"));
    }

    #[test]
    fn a_set_keeps_what_it_understands_and_has_a_limit() {
        let set =
            JwkSet::from_json(br#"{"keys":[{"kty":"EC"},{"kid":"no kty"},7,{"kty":"new"}],"x":1}"#).unwrap();
        assert_eq!(set.keys.iter().map(|key| key.kty.as_str()).collect::<Vec<_>>(), ["EC", "new"]);

        let many = |count: usize| format!(r#"{{"keys":[{}]}}"#, vec![r#"{"kty":"EC"}"#; count].join(","));
        assert_eq!(JwkSet::from_json(many(KEYS_MAX).as_bytes()).unwrap().keys.len(), KEYS_MAX);
        let refused = [
            many(KEYS_MAX + 1),
            r#"{"keys":{}}"#.to_owned(),
            "{}".to_owned(),
            r#"{"keys":[],"keys":[]}"#.to_owned(),
            "[]".to_owned(),
        ];
        for text in refused {
            assert!(JwkSet::from_json(text.as_bytes()).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn reading_any_jwk_never_panics(kty in "EC|OKP|RSA|oct|.{0,4}", member in ".{0,60}", bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = JwkSet::from_json(&bytes);
            let jwk = Jwk {
                crv: Some("P-256".to_owned()), x: Some(member.clone()), y: Some(member.clone()),
                n: Some(base64url::encode(&bytes)), e: Some(member), ..Jwk::of_type(&kty)
            };
            let _ = jwk.thumbprint();
            let _ = crate::VerifyingKey::from_jwk(&jwk);
        }

        #[test]
        fn reading_any_ed25519_jwk_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = crate::VerifyingKey::from_jwk(&Jwk::ed25519(&bytes));
        }
    }
}
