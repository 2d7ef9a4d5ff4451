//! Secrets on the wire: how their text looks, and the two types that keep plaintext and stored form apart.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::digest::{Sha256, constant_time_eq, sha256};

/// What a token is for. The prefix lets secret scanners find a leaked one and keeps one kind from passing for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenKind {
    /// An authorization code, in the address of the redirect.
    Code,
    /// A refresh token, in token requests and responses.
    Refresh,
    /// A client secret, or the credential by which an API introspects.
    ClientSecret,
    /// A step of a sign-in under way, sealed to one browser.
    Interaction,
    /// A cookie value that marks a browser as one in which a user signed in before.
    Device,
}

impl TokenKind {
    /// The text with which every token of this kind begins.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Code => "pkc_",
            Self::Refresh => "pkr_",
            Self::ClientSecret => "pks_",
            Self::Interaction => "pki_",
            Self::Device => "pkd_",
        }
    }
}

/// A secret in clear: shown or sent once, wiped when dropped, never printed, compared or copied.
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes over a text that must not leak.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text, for the one place that sends or checks it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The form that may be stored.
    pub fn hash(&self) -> SecretHash {
        SecretHash(sha256(self.0.as_bytes()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret(redacted)")
    }
}

/// SHA-256 of a random secret: enough against guessing, for the secret has 256 random bits.
#[derive(Clone, Copy)]
pub struct SecretHash(pub Sha256);

impl SecretHash {
    /// Whether `secret` is the one that was hashed, in constant time.
    pub fn matches(&self, secret: &Secret) -> bool {
        constant_time_eq(&self.0, &secret.hash().0)
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SecretHash(redacted)")
    }
}

/// Writes a token: prefix, then base64url of payload and CRC-32.
pub fn encode_token(kind: TokenKind, payload: &[u8]) -> Secret {
    let mut bytes = Vec::with_capacity(payload.len() + 4);
    bytes.extend_from_slice(payload);
    bytes.extend_from_slice(&crc32(payload).to_be_bytes());
    let mut text = String::with_capacity(4 + bytes.len() * 4 / 3 + 4);
    text.push_str(kind.prefix());
    URL_SAFE_NO_PAD.encode_string(&bytes, &mut text);
    Secret::new(text)
}

/// The payload of a token of one kind. `None` for any other text, so that no look-up is spent on it.
pub fn decode_token(kind: TokenKind, text: &str) -> Option<Vec<u8>> {
    let mut bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(kind.prefix())?).ok()?;
    let payload_len = bytes.len().checked_sub(4)?;
    let checksum = bytes.split_off(payload_len);
    (checksum == crc32(&bytes).to_be_bytes()).then_some(bytes)
}

/// CRC-32 (IEEE 802.3, reflected), four bytes at a time. It finds typing errors and guesses early; it protects nothing.
fn crc32(bytes: &[u8]) -> u32 {
    let at = |table: &[u32; 256], index: u32| {
        let [low, ..] = index.to_le_bytes();
        table.get(usize::from(low)).copied().unwrap_or_default()
    };
    let [one, two, three, four] = &TABLES;
    let (words, rest) = bytes.as_chunks::<4>();
    let crc = words.iter().fold(!0, |crc, word| {
        let sum = crc ^ u32::from_le_bytes(*word);
        at(four, sum) ^ at(three, sum >> 8) ^ at(two, sum >> 16) ^ at(one, sum >> 24)
    });
    !rest.iter().fold(crc, |crc, byte| crc >> 8 ^ at(one, crc ^ u32::from(*byte)))
}

/// What a byte does to the checksum, with so many bytes behind it: none, one, two, three.
static TABLES: [[u32; 256]; 4] = tables();

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated at compile time, where an index out of bounds is an error"
)]
const fn tables() -> [[u32; 256]; 4] {
    let mut tables = [[0; 256]; 4];
    let mut index = 0;
    while index < 256 {
        let mut crc = index as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
            bit += 1;
        }
        tables[0][index] = crc;
        index += 1;
    }
    let mut behind = 1;
    while behind < 4 {
        let mut index = 0;
        while index < 256 {
            let before = tables[behind - 1][index];
            tables[behind][index] = before >> 8 ^ tables[0][(before & 255) as usize];
            index += 1;
        }
        behind += 1;
    }
    tables
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_checksum_is_crc_32() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        // Bit by bit, for every length that words and a rest make.
        let bytes: Vec<u8> = (0..300_u32).map(|number| (number * 37 % 251) as u8).collect();
        for length in 0..bytes.len() {
            let step = |crc: u32, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
            let slow =
                !bytes[..length].iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step));
            assert_eq!(crc32(&bytes[..length]), slow, "{length}");
        }
    }

    #[test]
    fn v_10_a_token_of_one_kind_is_no_token_of_another() {
        let kinds = [
            TokenKind::Code,
            TokenKind::Refresh,
            TokenKind::ClientSecret,
            TokenKind::Interaction,
            TokenKind::Device,
        ];
        for made in kinds {
            let token = encode_token(made, &[7; 32]);
            for read in kinds {
                assert_eq!(decode_token(read, token.expose()).is_some(), made == read);
            }
        }
    }

    /// Whether a type has `==`: the inherent constant is found first, but exists only for those that do.
    struct Probe<T>(std::marker::PhantomData<T>);
    trait WithoutEquality {
        const HAS_EQUALITY: bool = false;
    }
    impl<T> WithoutEquality for Probe<T> {}
    impl<T: PartialEq> Probe<T> {
        const HAS_EQUALITY: bool = true;
    }

    #[test]
    fn v_43_secrets_have_no_equality_and_compare_by_digest_in_constant_time() {
        const { assert!(Probe::<String>::HAS_EQUALITY, "the probe finds equality where it is") };
        const { assert!(!Probe::<Secret>::HAS_EQUALITY) };
        const { assert!(!Probe::<SecretHash>::HAS_EQUALITY) };
        const { assert!(!Probe::<crate::CodeVerifier>::HAS_EQUALITY) };
        let hash = Secret::new("the secret".into()).hash();
        assert!(hash.matches(&Secret::new("the secret".into())));
        assert!(!hash.matches(&Secret::new("the secres".into())));
    }

    #[test]
    fn tk_13_secrets_do_not_print() {
        let secret = encode_token(TokenKind::ClientSecret, &[1; 32]);
        assert_eq!(format!("{secret:?} {:?}", secret.hash()), "Secret(redacted) SecretHash(redacted)");
    }

    proptest! {
        #[test]
        fn v_33_every_prefix_suffix_and_flip_of_a_token_is_dropped(payload in any::<[u8; 24]>(), at in 0usize..41, flip in 1u8..127) {
            let token = encode_token(TokenKind::Refresh, &payload);
            let text = token.expose();
            prop_assert_eq!(decode_token(TokenKind::Refresh, text), Some(payload.to_vec()));
            let at = at % text.len();
            prop_assert_eq!(decode_token(TokenKind::Refresh, &text[..at]), None);
            prop_assert_eq!(decode_token(TokenKind::Refresh, &text[at + 1..]), None);
            let mut bytes = text.as_bytes().to_vec();
            bytes[at] ^= flip;
            if let Ok(flipped) = String::from_utf8(bytes) {
                prop_assert_eq!(decode_token(TokenKind::Refresh, &flipped), None);
            }
        }
    }
}
