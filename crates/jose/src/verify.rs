//! Verification of a compact JWS (RFC 7515 §5.2) under a policy that the verifier, not the token, sets.

use serde::{Deserialize, Deserializer, de::IgnoredAny};

use crate::{Algorithm, KID_BYTES_MAX, KeySet, TOKEN_BYTES_MAX, Typ, VerifyingKey, base64url, ensure_strict};

/// What a verifier accepts. Constant for a call site; never derived from a token.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The kinds of token that are accepted.
    pub typ: &'a [Typ],
    /// The algorithms that are accepted.
    pub algorithms: &'a [Algorithm],
}

/// A token whose signature, algorithm and kind were accepted. Its claims are still to be read and checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Id of the key that verified it.
    pub kid: String,
    /// Algorithm of that key, and so of the signature.
    pub algorithm: Algorithm,
    /// The payload: bytes that the key has signed, not parsed yet.
    pub payload: Vec<u8>,
}

/// The rule that a token breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// Longer than [`TOKEN_BYTES_MAX`].
    #[error("the token is longer than {TOKEN_BYTES_MAX} bytes")]
    TooLong,
    /// Not three non-empty parts.
    #[error("the token is not a compact JWS of three parts")]
    NotCompact,
    /// A part is not canonical base64url without padding.
    #[error("a part of the token is not base64url")]
    Encoding,
    /// The header is not a JSON object with members of the right types, each of them once.
    #[error("the header of the token is malformed")]
    Header,
    /// `crit` is present: we understand no extension, so we must refuse (RFC 7515 §4.1.11).
    #[error("the token demands an extension that is not supported")]
    Critical,
    /// `b64` is present (RFC 7797): the payload could be read in two ways.
    #[error("unencoded payloads are not supported")]
    UnencodedPayload,
    /// `zip` is present: nothing is decompressed, for a small token could become a huge one.
    #[error("compressed tokens are not supported")]
    Compressed,
    /// `alg` is missing from our list, `none` and HMAC included.
    #[error("the algorithm of the token is not supported")]
    UnsupportedAlgorithm,
    /// `alg` is known but not accepted here.
    #[error("the algorithm of the token is not accepted here")]
    AlgorithmNotAllowed,
    /// `alg` is not the algorithm of the key that `kid` names.
    #[error("the algorithm of the token is not that of its key")]
    AlgorithmMismatch,
    /// `typ` is another kind of token.
    #[error("this is another kind of token")]
    WrongType,
    /// `kid` is longer than [`KID_BYTES_MAX`].
    #[error("the key id of the token is too long")]
    KeyIdTooLong,
    /// No key has this id, or, without an id, this algorithm.
    #[error("the key of the token is not known")]
    UnknownKey,
    /// There is no `kid`, and several keys have the algorithm.
    #[error("the token does not say which key signed it")]
    AmbiguousKey,
    /// The signature is not the key's.
    #[error("the signature is not valid")]
    Signature,
}

/// Verifies `token` with one of `keys`.
///
/// `jku`, `x5u`, `x5c` and `jwk` in the header are not read: a token does not bring its own key (RFC 8725 §3.10).
pub fn verify(token: &str, keys: &KeySet, expected: &Expected<'_>) -> Result<Verified, JwsError> {
    let parts = decode_parts(token)?;
    let header = Header::parse(parts.header)?;
    let algorithm = Algorithm::from_name(&header.alg).ok_or(JwsError::UnsupportedAlgorithm)?;
    if !expected.algorithms.contains(&algorithm) {
        return Err(JwsError::AlgorithmNotAllowed);
    }
    if !expected.typ.iter().any(|typ| typ.matches(header.typ.as_deref())) {
        return Err(JwsError::WrongType);
    }
    let key = select(keys, header.kid.as_deref(), algorithm)?;
    let signature = decode_part(parts.signature)?;
    if !key.accepts(parts.signed.as_bytes(), &signature) {
        return Err(JwsError::Signature);
    }
    let payload = decode_part(parts.payload)?;
    Ok(Verified { kid: key.kid().to_owned(), algorithm, payload })
}

/// The key of a token: by id, else the only one of its algorithm.
fn select<'a>(
    keys: &'a KeySet,
    kid: Option<&str>,
    algorithm: Algorithm,
) -> Result<&'a VerifyingKey, JwsError> {
    let mut of_algorithm = keys.of_algorithm(algorithm);
    let Some(kid) = kid else {
        let only = of_algorithm.next().ok_or(JwsError::UnknownKey)?;
        return match of_algorithm.next() {
            Some(_) => Err(JwsError::AmbiguousKey),
            None => Ok(only),
        };
    };
    // Ids are unique only within a key type (RFC 7517 §4.5), so the algorithm takes part in the look-up.
    match of_algorithm.find(|key| key.kid() == kid) {
        Some(key) => Ok(key),
        None if keys.get(kid).is_some() => Err(JwsError::AlgorithmMismatch),
        None => Err(JwsError::UnknownKey),
    }
}

/// The three parts of a token, still encoded.
pub(crate) struct Parts<'a> {
    pub(crate) header: &'a str,
    pub(crate) payload: &'a str,
    signature: &'a str,
    signed: &'a str,
}

pub(crate) fn decode_parts(token: &str) -> Result<Parts<'_>, JwsError> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(JwsError::TooLong);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(JwsError::NotCompact)?;
    let (header, payload) = signed.split_once('.').ok_or(JwsError::NotCompact)?;
    if header.is_empty() || payload.is_empty() || signature.is_empty() || payload.contains('.') {
        return Err(JwsError::NotCompact);
    }
    Ok(Parts { header, payload, signature, signed })
}

pub(crate) fn decode_part(part: &str) -> Result<Vec<u8>, JwsError> {
    base64url::decode(part).map_err(|_| JwsError::Encoding)
}

pub(crate) fn header_json(part: &str) -> Result<Vec<u8>, JwsError> {
    let json = decode_part(part)?;
    ensure_strict(&json).map_err(|_| JwsError::Header)?;
    Ok(json)
}

/// The members of the JOSE header that mean something to us.
#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default, deserialize_with = "not_null")]
    typ: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    kid: Option<String>,
    #[serde(default, deserialize_with = "present")]
    crit: bool,
    #[serde(default, deserialize_with = "present")]
    b64: bool,
    #[serde(default, deserialize_with = "present")]
    zip: bool,
}

impl Header {
    fn parse(part: &str) -> Result<Self, JwsError> {
        let header: Self = serde_json::from_slice(&header_json(part)?).map_err(|_| JwsError::Header)?;
        if header.crit {
            return Err(JwsError::Critical);
        }
        if header.b64 {
            return Err(JwsError::UnencodedPayload);
        }
        if header.zip {
            return Err(JwsError::Compressed);
        }
        if header.kid.as_ref().is_some_and(|kid| kid.len() > KID_BYTES_MAX) {
            return Err(JwsError::KeyIdTooLong);
        }
        Ok(header)
    }
}

/// A member that may be absent but not `null`.
pub(crate) fn not_null<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// A member whose mere presence matters, `null` included.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}
