//! The keys at one moment: what signs, what verifies, and what codes, pages and refresh tokens are made under.
//!
//! A snapshot is immutable and replaced as a whole ([`super::Keyring`]); a request holds on to the one that it began with.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::HeaderValue;
use moka::sync::Cache;
use proofkey_jose::claims::{self, AccessTokenClaims, IdTokenClaims};
use proofkey_jose::{Algorithm, Expected, Jwk, JwkSet, KeySet, SigningKey, Typ, VerifyingKey, verify};
use proofkey_oauth::{Issuer, Sha256, Timestamp, sha256};
use proofkey_protocol::{ArtefactKeys, KeyRecord, SealingKeyId, SigningAlgorithms};

use super::fault::KeysFault;
use super::rotation;
use super::sealed::PrivateKeySealer;
use crate::config::SealingKeys;
use crate::metadata::entity_tag;

/// What verified access tokens may take of memory, in bytes, as far as it can be told: verifying costs three times what
/// signing does, so they are remembered.
const VERIFIED_BYTES_MAX: u64 = 8 << 20;
/// The same as a number of the page of limits.
#[cfg(test)]
pub(crate) const VERIFIED_BYTES: usize = VERIFIED_BYTES_MAX as usize;
/// What one of them takes beside its texts: the claims' fields, the entry, and what the cache keeps about it.
const VERIFIED_BYTES_EACH: usize = 700;

/// The longest header that is looked at for the name of a key, in base64.
const HEADER_BYTES_MAX: usize = 512;

/// An ID token that is not one of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdTokenRefused;

/// What the store holds of keys, as it was read.
#[derive(Debug, Default)]
pub(super) struct StoredKeys {
    /// The versions at which it was read: the keys', and that of the sealing key.
    pub(super) version: i64,
    pub(super) sealing_version: i64,
    pub(super) records: Vec<KeyRecord>,
    /// Public keys that verify hints and nothing else.
    pub(super) retired: Vec<Jwk>,
}

/// Whose tokens they sign, and by what.
#[derive(Clone, Debug)]
pub struct Signers {
    /// The `iss` of what is signed.
    pub issuer: Issuer,
    /// The algorithms that are on.
    pub algorithms: SigningAlgorithms,
}

/// The keys as they stand.
pub struct Keys {
    version: i64,
    sealing_version: i64,
    sealing: Arc<SealingKeys>,
    sealing_ends_at: Option<Timestamp>,
    artefacts: ArtefactKeys,
    sealer: PrivateKeySealer,
    signers: Signers,
    signing: Vec<SigningKey>,
    /// The algorithms of these, in the order of the list.
    signs: Vec<Algorithm>,
    verifying: KeySet,
    /// Those of the key set, and retired ones.
    of_hints: KeySet,
    jwks: Bytes,
    etag: HeaderValue,
    records: Vec<KeyRecord>,
    taken_at: Timestamp,
    /// Claims by the SHA-256 of the whole token: an id inside it would be no proof of its signature. They are kept with the keys
    /// that verified them, so that none outlives its key.
    verified: Cache<Sha256, Arc<SignedClaims>>,
}

/// The claims of an access token, and the key that signed it.
#[derive(Debug)]
pub struct SignedClaims {
    claims: AccessTokenClaims,
    kid: String,
}

impl std::ops::Deref for SignedClaims {
    type Target = AccessTokenClaims;

    fn deref(&self) -> &AccessTokenClaims {
        &self.claims
    }
}

impl Keys {
    /// Prepares the stored keys. Fails when one of them does not open.
    pub(super) fn new(
        signers: Signers,
        stored: StoredKeys,
        sealing: Arc<SealingKeys>,
        now: Timestamp,
    ) -> Result<Self, KeysFault> {
        let StoredKeys { version, sealing_version, records, retired } = stored;
        let sealer = sealing.sealer();
        let mut signing = Vec::new();
        for algorithm in signers.algorithms.iter() {
            if let Some(record) = rotation::signing(&records, algorithm, now) {
                signing.push(open(record, algorithm, &sealer)?);
            }
        }
        let jwks = JwkSet { keys: records.iter().map(public).collect::<Result<_, _>>()? };
        let json = serde_json::to_vec(&jwks).unwrap_or_default();
        let verifying = KeySet::from_jwks(&jwks);
        let of_hints = KeySet::new(
            verifying.iter().cloned().chain(KeySet::from_jwks(&JwkSet { keys: retired }).iter().cloned()),
        );
        let weight = |_: &Sha256, signed: &Arc<SignedClaims>| {
            u32::try_from(VERIFIED_BYTES_EACH + text_bytes(&signed.claims)).unwrap_or(u32::MAX)
        };
        Ok(Self {
            version,
            sealing_version,
            sealing_ends_at: sealing.next_end(now),
            artefacts: sealing.artefact_keys(now),
            sealing,
            sealer,
            signers,
            signs: signing.iter().map(SigningKey::algorithm).collect(),
            signing,
            verifying,
            of_hints,
            etag: entity_tag(&json),
            jwks: json.into(),
            records,
            taken_at: now,
            verified: Cache::builder().max_capacity(VERIFIED_BYTES_MAX).weigher(weight).build(),
        })
    }

    /// The version of the stored keys that these are.
    pub const fn version(&self) -> i64 {
        self.version
    }

    /// Under which version of the sealing key the stored keys are sealed.
    pub(super) const fn sealing_version(&self) -> i64 {
        self.sealing_version
    }

    pub(super) const fn sealing(&self) -> &Arc<SealingKeys> {
        &self.sealing
    }

    /// The sealing keys under which what is made is read.
    pub(crate) fn sealing_key_ids(&self) -> Vec<SealingKeyId> {
        self.sealing.ids()
    }

    /// The sealing key that writes.
    pub(crate) fn sealing_key_id(&self) -> SealingKeyId {
        self.sealing.writes()
    }

    /// Seals and opens private keys.
    pub(crate) const fn sealer(&self) -> &PrivateKeySealer {
        &self.sealer
    }

    /// The keys under which codes, pages' steps and refresh tokens are made and read.
    pub const fn artefacts(&self) -> &ArtefactKeys {
        &self.artefacts
    }

    /// Whether other keys should be in use by now than those that were chosen when these were taken over. So it is, too, when the
    /// clock was set back: what it had left out as ended is read again.
    pub fn is_outdated(&self, now: Timestamp) -> bool {
        let kid = |algorithm, at| rotation::signing(&self.records, algorithm, at).map(|key| key.kid.as_str());
        now < self.taken_at
            || self.sealing_ends_at.is_some_and(|end| now >= end)
            || self.algorithms().iter().any(|algorithm| kid(algorithm, self.taken_at) != kid(algorithm, now))
    }

    /// The algorithms that are on.
    pub const fn algorithms(&self) -> &SigningAlgorithms {
        &self.signers.algorithms
    }

    /// The algorithms by which one of these keys signs, in the order of the list.
    pub fn signs(&self) -> &[Algorithm] {
        &self.signs
    }

    /// The stored keys.
    pub fn records(&self) -> &[KeyRecord] {
        &self.records
    }

    /// Reads every private key, and whether it is the one that its row names: those too that wait, verify what they signed, or are
    /// of an algorithm that is off.
    pub(crate) fn check_private(&self) -> Result<(), KeysFault> {
        self.records.iter().try_for_each(|record| open(record, record.algorithm, &self.sealer).map(drop))
    }

    /// Signs claims as a token of a kind. `None` if no key of the algorithm signs.
    pub fn sign<C: serde::Serialize>(&self, typ: Typ, algorithm: Algorithm, claims: &C) -> Option<String> {
        let key = self.signing.iter().find(|key| key.algorithm() == algorithm)?;
        key.sign(typ, claims).ok()
    }

    /// The claims of an access token that we signed. Expiry is the caller's to judge.
    pub fn access_token(&self, token: &str) -> Option<Arc<SignedClaims>> {
        let digest = sha256(token.as_bytes());
        if let Some(known) = self.verified.get(&digest) {
            return Some(known);
        }
        let (claims, kid): (AccessTokenClaims, _) = claims(token, Typ::AccessToken, &self.verifying)?;
        let signed =
            (claims.iss == self.signers.issuer.as_str()).then(|| Arc::new(SignedClaims { claims, kid }))?;
        self.verified.insert(digest, Arc::clone(&signed));
        Some(signed)
    }

    /// Whether a token says that it is signed by a key that is none of these. What it says is not believed.
    pub(crate) fn lacks_signer_of(&self, token: &str) -> bool {
        #[derive(serde::Deserialize)]
        struct Header {
            kid: String,
        }
        let header = token.split('.').next().filter(|header| header.len() <= HEADER_BYTES_MAX);
        let header = header.and_then(|header| URL_SAFE_NO_PAD.decode(header).ok());
        let header: Option<Header> = header.and_then(|json| serde_json::from_slice(&json).ok());
        header.is_some_and(|header| self.verifying.get(&header.kid).is_none())
    }

    /// Whether the key that signed these claims is still one of ours.
    pub fn vouch_for(&self, claims: &SignedClaims) -> bool {
        self.verifying.get(&claims.kid).is_some()
    }

    /// The claims of an ID token that we signed, expired or not: as a hint it need not be fresh (RP-Initiated Logout §2), nor
    /// need its key still sign.
    pub fn id_token(&self, token: &str) -> Result<IdTokenClaims, IdTokenRefused> {
        let (claims, _): (IdTokenClaims, _) =
            claims(token, Typ::IdToken, &self.of_hints).ok_or(IdTokenRefused)?;
        if claims.iss == self.signers.issuer.as_str() { Ok(claims) } else { Err(IdTokenRefused) }
    }

    /// The published key set, prepared, with its entity tag.
    pub fn jwks(&self) -> (Bytes, HeaderValue) {
        (self.jwks.clone(), self.etag.clone())
    }
}

fn claims<T: serde::de::DeserializeOwned>(token: &str, typ: Typ, keys: &KeySet) -> Option<(T, String)> {
    let expected = Expected { typ: &[typ], algorithms: &rotation::ALGORITHMS };
    let verified = verify(token, keys, &expected).ok()?;
    Some((claims::parse(&verified.payload).ok()?, verified.kid))
}

impl fmt::Debug for Keys {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Keys").field("version", &self.version).finish_non_exhaustive()
    }
}

/// The bytes of a token's longer texts.
fn text_bytes(claims: &AccessTokenClaims) -> usize {
    let optional = [&claims.scope, &claims.grant_id, &claims.basis, &claims.sid, &claims.acr];
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
    let damaged = |cause: String| KeysFault::Damaged { kid: record.kid.clone(), cause };
    let key = SigningKey::from_pkcs8(algorithm, &private).map_err(|cause| damaged(cause.to_string()))?;
    // Its own id is made of its public half.
    if key.kid() == record.kid {
        Ok(key)
    } else {
        Err(damaged(format!("the private key belongs to {}", key.kid())))
    }
}

fn public(record: &KeyRecord) -> Result<Jwk, KeysFault> {
    public_jwk(&record.kid, &record.public_jwk)
}

/// Reads a public key as it is stored.
pub(super) fn public_jwk(kid: &str, json: &str) -> Result<Jwk, KeysFault> {
    let damaged =
        |cause: &dyn fmt::Display| KeysFault::Damaged { kid: kid.to_owned(), cause: cause.to_string() };
    let jwk: Jwk = serde_json::from_str(json).map_err(|cause| damaged(&cause))?;
    VerifyingKey::from_jwk(&jwk).map_err(|cause| damaged(&cause))?;
    Ok(jwk)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(number: u64) -> AccessTokenClaims {
        serde_json::from_value(serde_json::json!({
            "iss": "https://id.example", "sub": "u-1", "aud": "https://api.example", "client_id": "app",
            "iat": 1, "exp": 2, "jti": format!("{number:0600}"),
        }))
        .unwrap()
    }

    #[test]
    fn k_02_verified_tokens_take_no_more_than_their_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let sealing = Arc::clone(&crate::endpoint::tests::config(&folder).keys.sealing_keys);
        let issuer = Issuer::parse("https://id.example").unwrap();
        let signers = Signers { issuer, algorithms: SigningAlgorithms::default() };
        let keys = Keys::new(signers, StoredKeys::default(), sealing, Timestamp(1_790_000_000)).unwrap();
        for number in 0..20_000_u64 {
            let signed = SignedClaims { claims: claims(number), kid: "k".to_owned() };
            keys.verified.insert(proofkey_oauth::sha256(&number.to_be_bytes()), Arc::new(signed));
        }
        keys.verified.run_pending_tasks();
        assert!(keys.verified.weighted_size() <= VERIFIED_BYTES_MAX, "{}", keys.verified.weighted_size());
        assert!(keys.verified.entry_count() > 1_000, "and nearly as much is used");
    }
}
