//! Sealed envelopes: state that travels through the browser and that only this server can open (AES-256-GCM-SIV,
//! RFC 8452, with the kind of token as associated data, so that one kind never opens as another).

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use proofkey_oauth::{Secret, TokenKind, decode_token, encode_token, hmac_sha256};

use crate::ids::SealingKeyId;

/// The keys under which artefacts are sealed and authenticated, all derived from the operator's sealing key. An artefact is
/// what this server makes for itself to read again: a code, a page's step, a device cookie, a refresh token.
pub struct ArtefactKeys {
    id: SealingKeyId,
    aead: LessSafeKey,
    mac: [u8; 32],
}

impl ArtefactKeys {
    /// Derives the keys from 32 bytes of key material.
    pub fn derive(sealing_key: &[u8; 32]) -> Self {
        let aead = hmac_sha256(sealing_key, b"proofkey artefacts v1: seal");
        let mac = hmac_sha256(sealing_key, b"proofkey artefacts v1: authenticate");
        let name = hmac_sha256(sealing_key, b"proofkey artefacts v1: name");
        let mut id = SealingKeyId([0; 16]);
        id.0.iter_mut().zip(name).for_each(|(to, from)| *to = from);
        let key = UnboundKey::new(&AES_256_GCM_SIV, &aead);
        #[expect(clippy::expect_used, reason = "AES-256 takes exactly the 32 bytes that HMAC-SHA-256 gives")]
        let aead = LessSafeKey::new(key.expect("32 bytes are an AES-256 key"));
        Self { id, aead, mac }
    }

    /// The sealing key under which what is made now is made.
    pub fn newest(&self) -> SealingKeyId {
        self.id
    }

    /// Whether what was made under a sealing key can still be read and made again.
    pub(crate) fn knows(&self, key: SealingKeyId) -> bool {
        self.id == key
    }

    /// Seals `content` as a token of `kind`.
    ///
    /// The nonce is random, and one key seals every envelope of a server's life, those for strangers too. Under AES-GCM a
    /// nonce that came twice would give the authentication key away and with it the power to make codes; with a synthetic
    /// nonce it tells no more than whether two envelopes are equal (RFC 8452 §1).
    pub(crate) fn seal(&self, kind: TokenKind, content: &[u8], nonce: [u8; NONCE_LEN]) -> Secret {
        let mut bytes = Vec::with_capacity(NONCE_LEN + content.len() + 16);
        bytes.extend_from_slice(content);
        let sealed = self.aead.seal_in_place_append_tag(
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
        let mut bytes = decode_token(kind, token)?;
        let nonce: [u8; NONCE_LEN] = bytes.get(..NONCE_LEN)?.try_into().ok()?;
        let sealed = bytes.get_mut(NONCE_LEN..)?;
        let nonce = Nonce::assume_unique_for_key(nonce);
        let content = self.aead.open_in_place(nonce, Aad::from(kind.prefix().as_bytes()), sealed).ok()?;
        Some(content.to_vec())
    }

    /// The authentication tag of `message`, for what carries no hidden content.
    pub fn authenticate(&self, purpose: &'static [u8], message: &[u8]) -> [u8; 32] {
        self.tag(purpose, message)
    }

    /// The same under the sealing key that is named. `None` if that is not here.
    pub(crate) fn authenticate_under(
        &self,
        key: SealingKeyId,
        purpose: &'static [u8],
        message: &[u8],
    ) -> Option<[u8; 32]> {
        self.knows(key).then(|| self.tag(purpose, message))
    }

    fn tag(&self, purpose: &'static [u8], message: &[u8]) -> [u8; 32] {
        let mut input = Vec::with_capacity(purpose.len() + 1 + message.len());
        input.extend_from_slice(purpose);
        input.push(0);
        input.extend_from_slice(message);
        hmac_sha256(&self.mac, &input)
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
}
