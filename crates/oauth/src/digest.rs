//! SHA-256, HMAC-SHA-256, and the one comparison that is safe for secrets.

use std::fmt;

use aws_lc_rs::{constant_time, digest, hmac};

/// The 32 bytes of a SHA-256 digest.
pub type Sha256 = [u8; 32];

/// SHA-256 of `bytes`.
pub fn sha256(bytes: &[u8]) -> Sha256 {
    first_32(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// HMAC-SHA-256 of `message` under `key` (RFC 2104).
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> Sha256 {
    HmacKey::new(key).sign([message])
}

/// A key of HMAC-SHA-256 that is used again and again: what half of each tag costs is done once.
pub struct HmacKey(hmac::Key);

impl HmacKey {
    /// The key of these bytes.
    pub fn new(key: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The tag of a message that comes in parts.
    pub fn sign<const PARTS: usize>(&self, message: [&[u8]; PARTS]) -> Sha256 {
        let mut context = hmac::Context::with_key(&self.0);
        message.into_iter().for_each(|part| context.update(part));
        first_32(context.sign().as_ref())
    }
}

impl fmt::Debug for HmacKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("HmacKey(redacted)")
    }
}

/// Compares two byte strings in a time that does not depend on where they differ.
pub fn constant_time_eq(left: &[u8], right: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(left, right).is_ok()
}

fn first_32(bytes: &[u8]) -> Sha256 {
    let mut out = [0; 32];
    out.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_match_published_vectors() {
        assert_eq!(sha256(b"abc")[..4], [0xba, 0x78, 0x16, 0xbf]);
        // RFC 4231 §4.3.
        let mac = hmac_sha256(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(mac[..4], [0x5b, 0xdc, 0xc1, 0x46]);
        let key = HmacKey::new(b"Jefe");
        assert_eq!(key.sign([b"what do ya ", b"want ", b"", b"for nothing?"]), mac);
        assert_eq!(key.sign([b"what do ya want for nothing?"]), mac, "and again");
    }
}
