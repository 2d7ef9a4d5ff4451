//! The keys that requests use: one immutable snapshot, replaced as a whole.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::HeaderValue;
use moka::sync::Cache;
use proofkey_jose::claims::{self, AccessTokenClaims, IdTokenClaims};
use proofkey_jose::{Algorithm, Expected, Jwk, JwkSet, KeySet, SigningKey, Typ, VerifyingKey, verify};
use proofkey_oauth::{Issuer, Sha256, Timestamp, sha256};
use proofkey_protocol::KeyRecord;

use super::{KeysFault, PrivateKeySealer, rotation};
use crate::metadata::entity_tag;

/// What verified access tokens may take of memory, in bytes, as far as it can be told: verifying costs three times what
/// signing does, so they are remembered.
const VERIFIED_BYTES_MAX: u64 = 8 << 20;
/// What one of them takes beside its texts: the claims' fields, the entry, and what the cache keeps about it.
const VERIFIED_BYTES_EACH: usize = 700;

/// An ID token that is not one of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdTokenRefused;

/// Signs and verifies with the keys as they stand.
pub struct Keyring {
    issuer: Issuer,
    ring: ArcSwap<Ring>,
    /// Claims by the SHA-256 of the whole token: an id inside it would be no proof of its signature.
    verified: Cache<Sha256, Arc<AccessTokenClaims>>,
}

#[derive(Default)]
struct Ring {
    signing: Vec<SigningKey>,
    verifying: KeySet,
    jwks: Bytes,
    etag: Option<HeaderValue>,
    records: Vec<KeyRecord>,
    taken_at: Option<Timestamp>,
}

impl Keyring {
    /// A keyring without keys; [`Keyring::replace`] gives it some.
    pub fn new(issuer: Issuer) -> Self {
        let weight = |_: &Sha256, claims: &Arc<AccessTokenClaims>| {
            u32::try_from(VERIFIED_BYTES_EACH + text_bytes(claims)).unwrap_or(u32::MAX)
        };
        let verified = Cache::builder().max_capacity(VERIFIED_BYTES_MAX).weigher(weight).build();
        Self { issuer, ring: ArcSwap::default(), verified }
    }

    /// Takes over the stored keys. Fails, and keeps what it has, when one of them does not open.
    pub fn replace(
        &self,
        records: Vec<KeyRecord>,
        sealer: &PrivateKeySealer,
        now: Timestamp,
    ) -> Result<(), KeysFault> {
        let mut signing = Vec::new();
        for algorithm in rotation::ALGORITHMS {
            if let Some(record) = rotation::active(&records, algorithm, now) {
                signing.push(open(record, algorithm, sealer)?);
            }
        }
        let jwks = JwkSet { keys: records.iter().map(public).collect::<Result<_, _>>()? };
        let json = serde_json::to_vec(&jwks).unwrap_or_default();
        let etag = Some(entity_tag(&json));
        let verifying = KeySet::from_jwks(&jwks);
        self.ring.store(Arc::new(Ring {
            signing,
            verifying,
            jwks: json.into(),
            etag,
            records,
            taken_at: Some(now),
        }));
        self.verified.invalidate_all();
        Ok(())
    }

    /// Whether another key should be signing by now than the one that was chosen when the keys were taken over.
    pub fn is_outdated(&self, now: Timestamp) -> bool {
        let ring = self.ring.load();
        let taken_at = ring.taken_at.unwrap_or(Timestamp(0));
        let kid = |algorithm, at| rotation::active(&ring.records, algorithm, at).map(|key| key.kid.as_str());
        rotation::ALGORITHMS.iter().any(|algorithm| kid(*algorithm, taken_at) != kid(*algorithm, now))
    }

    /// The stored keys, as last taken over.
    pub fn records(&self) -> Vec<KeyRecord> {
        self.ring.load().records.clone()
    }

    /// Signs claims as a token of a kind. `None` if no key of the algorithm signs.
    pub fn sign<C: serde::Serialize>(&self, typ: Typ, algorithm: Algorithm, claims: &C) -> Option<String> {
        let ring = self.ring.load();
        let key = ring.signing.iter().find(|key| key.algorithm() == algorithm)?;
        key.sign(typ, claims).ok()
    }

    /// The claims of an access token that we signed. Expiry is the caller's to judge.
    pub fn access_token(&self, token: &str) -> Option<Arc<AccessTokenClaims>> {
        let digest = sha256(token.as_bytes());
        if let Some(known) = self.verified.get(&digest) {
            return Some(known);
        }
        let claims: AccessTokenClaims = self.claims(token, Typ::AccessToken)?;
        let claims = (claims.iss == self.issuer.as_str()).then(|| Arc::new(claims))?;
        self.verified.insert(digest, Arc::clone(&claims));
        Some(claims)
    }

    /// The claims of an ID token that we signed, expired or not: as a hint it need not be fresh (RP-Initiated Logout §2).
    pub fn id_token(&self, token: &str) -> Result<IdTokenClaims, IdTokenRefused> {
        let claims: IdTokenClaims = self.claims(token, Typ::IdToken).ok_or(IdTokenRefused)?;
        if claims.iss == self.issuer.as_str() { Ok(claims) } else { Err(IdTokenRefused) }
    }

    /// The published key set, prepared, with its entity tag.
    pub fn jwks(&self) -> (Bytes, HeaderValue) {
        let ring = self.ring.load();
        (ring.jwks.clone(), ring.etag.clone().unwrap_or(HeaderValue::from_static("\"\"")))
    }

    fn claims<T: serde::de::DeserializeOwned>(&self, token: &str, typ: Typ) -> Option<T> {
        let expected = Expected { typ: &[typ], algorithms: &rotation::ALGORITHMS };
        let verified = verify(token, &self.ring.load().verifying, &expected).ok()?;
        claims::parse(&verified.payload).ok()
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Keyring").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// The bytes of a token's longer texts.
fn text_bytes(claims: &AccessTokenClaims) -> usize {
    let optional = [&claims.scope, &claims.grant_id, &claims.sid, &claims.acr];
    let audiences: usize = claims.aud.as_slice().iter().map(String::len).sum();
    let texts = [&claims.iss, &claims.sub, &claims.client_id, &claims.jti];
    audiences
        + texts.iter().map(|text| text.len()).sum::<usize>()
        + optional.iter().filter_map(|text| text.as_ref().map(String::len)).sum::<usize>()
}

fn open(
    record: &KeyRecord,
    algorithm: Algorithm,
    sealer: &PrivateKeySealer,
) -> Result<SigningKey, KeysFault> {
    let private = sealer
        .open(&record.kid, &record.sealed)
        .ok_or_else(|| KeysFault::Sealed { kid: record.kid.clone() })?;
    SigningKey::from_pkcs8(algorithm, &private).map_err(|cause| damaged(record, &cause))
}

fn public(record: &KeyRecord) -> Result<Jwk, KeysFault> {
    let jwk: Jwk = serde_json::from_str(&record.public_jwk).map_err(|cause| damaged(record, &cause))?;
    VerifyingKey::from_jwk(&jwk).map_err(|cause| damaged(record, &cause))?;
    Ok(jwk)
}

fn damaged(record: &KeyRecord, cause: &dyn fmt::Display) -> KeysFault {
    KeysFault::Damaged { kid: record.kid.clone(), cause: cause.to_string() }
}
