//! base64url without padding, in its one canonical spelling (RFC 7515 §2).

use base64::{DecodeError, Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// Encodes into a new string.
pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Encodes to the end of `out`.
pub(crate) fn encode_into(bytes: impl AsRef<[u8]>, out: &mut String) {
    URL_SAFE_NO_PAD.encode_string(bytes, out);
}

/// Decodes. Padding, white space, other alphabets and non-zero trailing bits are refused, so that no second spelling of
/// a token exists that also verifies.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, DecodeError> {
    URL_SAFE_NO_PAD.decode(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rs_09_only_the_canonical_spelling_decodes() {
        assert_eq!(decode("_-8").unwrap(), [0xff, 0xef]);
        for text in ["_-8=", "/+8", "_-9", " _-8", "_-8\n", "_", "_-8.", "ä"] {
            assert!(decode(text).is_err(), "{text:?}");
        }
    }
}
