//! Private keys at rest: AES-256-GCM under a key derived from the operator's sealing key, bound to table, column and key id,
//! so that one sealed key cannot be put in another's place.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use proofkey_oauth::hmac_sha256;
use zeroize::Zeroizing;

use crate::random::SystemRandom;
use proofkey_protocol::Random as _;

/// Seals and opens private keys.
pub struct PrivateKeySealer {
    current: LessSafeKey,
    /// These only open: keys that are sealed by them are sealed anew.
    old: Vec<LessSafeKey>,
}

impl PrivateKeySealer {
    /// Derives the key from 32 bytes of key material.
    pub fn derive(sealing_key: &[u8; 32]) -> Self {
        Self { current: derived(sealing_key), old: Vec::new() }
    }

    /// The same, which opens what an older sealing key has sealed as well.
    #[must_use]
    pub fn opening(mut self, sealing_key: &[u8; 32]) -> Self {
        self.old.push(derived(sealing_key));
        self
    }

    /// Seals a private key for its row. A fresh nonce goes before it: sealing twice gives two texts.
    pub fn seal(&self, kid: &str, private: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom.fill(&mut nonce);
        let mut content = Zeroizing::new(private.to_vec());
        let nonce_of_key = Nonce::assume_unique_for_key(nonce);
        let tag = self.current.seal_in_place_separate_tag(nonce_of_key, aad(kid), &mut content);
        #[expect(clippy::expect_used, reason = "AES-GCM fails only above 64 GiB of plaintext")]
        let tag = tag.expect("a private key is small");
        [&nonce[..], content.as_slice(), tag.as_ref()].concat()
    }

    /// Opens a sealed key; `None` under another sealing key, for another id, or if it was altered.
    pub fn open(&self, kid: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        std::iter::once(&self.current).chain(&self.old).find_map(|key| open(key, kid, sealed))
    }

    /// A key that an older sealing key has sealed, sealed anew; `None` if that is not so.
    pub fn reseal(&self, kid: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let private = self.old.iter().find_map(|key| open(key, kid, sealed))?;
        Some(self.seal(kid, &private))
    }
}

fn derived(sealing_key: &[u8; 32]) -> LessSafeKey {
    let key = UnboundKey::new(&AES_256_GCM, &hmac_sha256(sealing_key, b"proofkey signing keys v1: seal"));
    #[expect(clippy::expect_used, reason = "AES-256 takes exactly the 32 bytes that HMAC-SHA-256 gives")]
    let key = key.expect("32 bytes are an AES-256 key");
    LessSafeKey::new(key)
}

fn open(key: &LessSafeKey, kid: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, content) = sealed.split_at_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut content = Zeroizing::new(content.to_vec());
    let length = key.open_in_place(nonce, aad(kid), &mut content).ok()?.len();
    content.truncate(length);
    Some(content)
}

impl fmt::Debug for PrivateKeySealer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("PrivateKeySealer(redacted)")
    }
}

fn aad(kid: &str) -> Aad<Vec<u8>> {
    Aad::from(format!("signing_keys.sealed:{kid}").into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_key_opens_under_its_own_id_and_sealing_key_alone() {
        let sealer = PrivateKeySealer::derive(&[1; 32]);
        let sealed = sealer.seal("kid", b"private");
        assert_eq!(sealer.open("kid", &sealed).unwrap().as_slice(), b"private");
        assert!(sealer.open("other", &sealed).is_none());
        assert!(PrivateKeySealer::derive(&[2; 32]).open("kid", &sealed).is_none());
        let rotated = PrivateKeySealer::derive(&[2; 32]).opening(&[1; 32]);
        assert_eq!(rotated.open("kid", &sealed).unwrap().as_slice(), b"private");
        let resealed = rotated.reseal("kid", &sealed).unwrap();
        assert_eq!(PrivateKeySealer::derive(&[2; 32]).open("kid", &resealed).unwrap().as_slice(), b"private");
        assert!(rotated.reseal("kid", &resealed).is_none() && rotated.reseal("other", &sealed).is_none());
        for index in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[index] ^= 1;
            assert!(sealer.open("kid", &altered).is_none());
        }
    }
}
