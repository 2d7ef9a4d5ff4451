//! Sealed envelopes: state that travels through the browser and that only this server can open (AES-256-GCM-SIV,
//! RFC 8452, with the kind of token as associated data, so that one kind never opens as another).

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use proofkey_oauth::{HmacKey, Secret, TokenKind, constant_time_eq, decode_token, encode_token, hmac_sha256};

use crate::ids::SealingKeyId;

/// The keys under which artefacts are sealed and authenticated, all derived from the operator's sealing key. An artefact is
/// what this server makes for itself to read again: a code, a page's step, a device cookie, a refresh token.
pub struct ArtefactKeys {
    current: ArtefactKey,
    /// What was made under these is read, and nothing is made under them any more.
    old: Vec<ArtefactKey>,
}

/// What is derived from one sealing key.
struct ArtefactKey {
    id: SealingKeyId,
    aead: LessSafeKey,
    mac: HmacKey,
}

impl ArtefactKeys {
    /// Derives the keys from 32 bytes of key material.
    pub fn derive(sealing_key: &[u8; 32]) -> Self {
        Self { current: ArtefactKey::derive(sealing_key), old: Vec::new() }
    }

    /// The same keys, which also read what was made under an older sealing key.
    #[must_use]
    pub fn reading(mut self, sealing_key: &[u8; 32]) -> Self {
        self.old.push(ArtefactKey::derive(sealing_key));
        self
    }

    /// The sealing key under which what is made now is made.
    pub fn newest(&self) -> SealingKeyId {
        self.current.id
    }

    /// Whether what was made under a sealing key can still be read and made again.
    pub(crate) fn knows(&self, key: SealingKeyId) -> bool {
        self.all().any(|known| known.id == key)
    }

    /// Seals `content` as a token of `kind`.
    ///
    /// The nonce is random, and one key seals every envelope of a server's life, those for strangers too. Under AES-GCM a
    /// nonce that came twice would give the authentication key away and with it the power to make codes; with a synthetic
    /// nonce it tells no more than whether two envelopes are equal (RFC 8452 §1).
    pub(crate) fn seal(&self, kind: TokenKind, content: &[u8], nonce: [u8; NONCE_LEN]) -> Secret {
        let mut bytes = Vec::with_capacity(NONCE_LEN + content.len() + 16);
        bytes.extend_from_slice(content);
        let sealed = self.current.aead.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(kind.prefix().as_bytes()),
            &mut bytes,
        );
        #[expect(clippy::expect_used, reason = "AES-GCM-SIV fails only above 64 GiB of plaintext")]
        sealed.expect("an envelope is small");
        bytes.splice(0..0, nonce);
        encode_token(kind, &bytes)
    }

    /// Opens a token of `kind`. `None` if it is garbage, altered, of another kind or of another server.
    pub fn open(&self, kind: TokenKind, token: &str) -> Option<Vec<u8>> {
        let bytes = decode_token(kind, token)?;
        let open_old = || self.old.iter().find_map(|key| key.open(kind, bytes.clone()));
        // Opening destroys what does not open, so it is given a copy where there is another key to try.
        if self.old.is_empty() {
            self.current.open(kind, bytes)
        } else {
            self.current.open(kind, bytes.clone()).or_else(open_old)
        }
    }

    /// The authentication tag of `message`, for what carries no hidden content.
    pub fn authenticate(&self, purpose: &'static [u8], message: &[u8]) -> [u8; 32] {
        self.current.authenticate(purpose, message)
    }

    /// Whether `tag` is the authentication tag of `message` under a key that is still read.
    pub fn is_authentic(&self, purpose: &'static [u8], message: &[u8], tag: &[u8]) -> bool {
        self.all().any(|key| constant_time_eq(&key.authenticate(purpose, message), tag))
    }

    /// The authentication tag of `message` under the sealing key that is named. `None` if that is not here.
    pub(crate) fn authenticate_under(
        &self,
        key: SealingKeyId,
        purpose: &'static [u8],
        message: &[u8],
    ) -> Option<[u8; 32]> {
        let known = self.all().find(|known| known.id == key)?;
        Some(known.authenticate(purpose, message))
    }

    fn all(&self) -> impl Iterator<Item = &ArtefactKey> {
        std::iter::once(&self.current).chain(&self.old)
    }
}

impl ArtefactKey {
    fn derive(sealing_key: &[u8; 32]) -> Self {
        let aead = hmac_sha256(sealing_key, b"proofkey artefacts v1: seal");
        let mac = HmacKey::new(&hmac_sha256(sealing_key, b"proofkey artefacts v1: authenticate"));
        let name = hmac_sha256(sealing_key, b"proofkey artefacts v1: name");
        let mut id = SealingKeyId([0; 16]);
        id.0.iter_mut().zip(name).for_each(|(to, from)| *to = from);
        let key = UnboundKey::new(&AES_256_GCM_SIV, &aead);
        #[expect(clippy::expect_used, reason = "AES-256 takes exactly the 32 bytes that HMAC-SHA-256 gives")]
        let aead = LessSafeKey::new(key.expect("32 bytes are an AES-256 key"));
        Self { id, aead, mac }
    }

    fn open(&self, kind: TokenKind, mut bytes: Vec<u8>) -> Option<Vec<u8>> {
        let nonce: [u8; NONCE_LEN] = bytes.get(..NONCE_LEN)?.try_into().ok()?;
        let sealed = bytes.get_mut(NONCE_LEN..)?;
        let nonce = Nonce::assume_unique_for_key(nonce);
        let content = self.aead.open_in_place(nonce, Aad::from(kind.prefix().as_bytes()), sealed).ok()?;
        Some(content.to_vec())
    }

    fn authenticate(&self, purpose: &'static [u8], message: &[u8]) -> [u8; 32] {
        self.mac.sign([purpose, b"\0", message])
    }
}

impl fmt::Debug for ArtefactKeys {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("ArtefactKeys(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{World, keys};

    #[test]
    fn v_06_v_10_an_envelope_opens_unaltered_as_its_own_kind_under_its_own_key() {
        let keys = keys();
        let token = World::new().cx().seal(TokenKind::Code, b"content");
        assert_eq!(keys.open(TokenKind::Code, token.expose()).as_deref(), Some(&b"content"[..]));
        assert_eq!(keys.open(TokenKind::Interaction, &token.expose().replace("pkc_", "pki_")), None);
        assert_eq!(ArtefactKeys::derive(&[8; 32]).open(TokenKind::Code, token.expose()), None);
        for index in 0..token.expose().len() {
            for replacement in ["A", "b", "-", "9"] {
                let mut altered = token.expose().to_owned();
                altered.replace_range(index..=index, replacement);
                if altered != token.expose() {
                    assert_eq!(keys.open(TokenKind::Code, &altered), None, "{index}");
                }
            }
        }
    }

    #[test]
    fn k_16_what_an_older_sealing_key_made_is_read_as_long_as_that_is_named() {
        let mut world = World::new();
        let token = world.cx().seal(TokenKind::Code, b"content");
        let tag = keys().authenticate(b"purpose", b"message");
        let (old, new, old_id) = ([7; 32], [9; 32], keys().newest());
        for (keys, read) in [
            (ArtefactKeys::derive(&new), false),
            (ArtefactKeys::derive(&new).reading(&[8; 32]), false),
            (ArtefactKeys::derive(&new).reading(&old), true),
            (ArtefactKeys::derive(&new).reading(&[8; 32]).reading(&old), true),
            (ArtefactKeys::derive(&old).reading(&new), true),
        ] {
            assert_eq!(keys.open(TokenKind::Code, token.expose()).is_some(), read);
            assert_eq!(keys.open(TokenKind::Interaction, &token.expose().replace("pkc_", "pki_")), None);
            assert_eq!(keys.is_authentic(b"purpose", b"message", &tag), read);
            assert!(!keys.is_authentic(b"purpose", b"another", &tag));
            let again = keys.authenticate_under(old_id, b"purpose", b"message");
            assert_eq!((again, keys.knows(old_id)), (read.then_some(tag), read));
        }
        let rotated = ArtefactKeys::derive(&new).reading(&old);
        let written = rotated.seal(TokenKind::Code, b"new", [1; 12]);
        assert_eq!(keys().open(TokenKind::Code, written.expose()), None, "the new one writes");
        assert_ne!(rotated.authenticate(b"purpose", b"message"), tag);
    }
}
