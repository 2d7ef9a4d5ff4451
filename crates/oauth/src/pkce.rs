//! Proof Key for Code Exchange (RFC 7636), method S256 only: `plain` does not exist here.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::digest::{Sha256, constant_time_eq, sha256};
use crate::uri::is_unreserved;

/// The only `code_challenge_method` that is offered and accepted.
pub const CHALLENGE_METHOD: &str = "S256";

/// `BASE64URL(SHA256(code_verifier))` (RFC 7636 §4.2), kept as the digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeChallenge(Sha256);

/// The secret behind a challenge (RFC 7636 §4.1).
pub struct CodeVerifier(Zeroizing<String>);

/// A `code_challenge` that is not 43 base64url characters of 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the code challenge is not 43 base64url characters")]
pub struct ChallengeMalformed;

/// A `code_verifier` outside `[A-Za-z0-9-._~]{43,128}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the code verifier is not 43 to 128 unreserved characters")]
pub struct VerifierMalformed;

impl CodeChallenge {
    /// Reads a `code_challenge` parameter; only its one canonical spelling is accepted.
    pub fn parse(text: &str) -> Result<Self, ChallengeMalformed> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| ChallengeMalformed)?;
        bytes.try_into().map(Self).map_err(|_| ChallengeMalformed)
    }

    /// A challenge from its digest, as a sealed code carries it.
    pub const fn from_digest(digest: Sha256) -> Self {
        Self(digest)
    }

    /// The digest, to be sealed into a code.
    pub const fn digest(&self) -> &Sha256 {
        &self.0
    }

    /// Whether `verifier` is the secret behind this challenge.
    pub fn matches(&self, verifier: &CodeVerifier) -> bool {
        constant_time_eq(&self.0, &verifier.challenge().0)
    }
}

impl fmt::Display for CodeChallenge {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl CodeVerifier {
    /// Reads a `code_verifier` parameter: 43 to 128 unreserved characters.
    pub fn parse(text: &str) -> Result<Self, VerifierMalformed> {
        if !(43..=128).contains(&text.len()) || !text.bytes().all(is_unreserved) {
            return Err(VerifierMalformed);
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// A verifier from 32 random octets, as RFC 7636 §4.1 recommends.
    pub fn from_random(octets: &[u8; 32]) -> Self {
        Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(octets)))
    }

    /// Its S256 challenge, to be sent with the authorization request.
    pub fn challenge(&self) -> CodeChallenge {
        CodeChallenge(sha256(self.0.as_bytes()))
    }

    /// The text to send to the token endpoint.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CodeVerifier {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("CodeVerifier(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_7636_appendix_b_holds() {
        let verifier = CodeVerifier::parse("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").unwrap();
        let challenge = CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap();
        assert!(challenge.matches(&verifier));
        assert_eq!(verifier.challenge().to_string(), challenge.to_string());
        assert!(!format!("{verifier:?}").contains("dBj"));
    }

    #[test]
    fn az_11_a_challenge_is_43_base64url_characters() {
        let good = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let longer = format!("{good}A");
        for bad in ["", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c", &longer, &good.replace('-', "+")] {
            assert_eq!(CodeChallenge::parse(bad), Err(ChallengeMalformed), "{bad}");
        }
        // The last character carries two bits that must be zero: another spelling of the same digest is refused.
        assert!(CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cN").is_err());
    }

    #[test]
    fn tk_09_v_03_a_verifier_keeps_to_its_grammar() {
        for bad in ["a", &"a".repeat(42), &"a".repeat(129), &format!("{}+", "a".repeat(43)), &"é".repeat(43)]
        {
            assert!(CodeVerifier::parse(bad).is_err(), "{bad}");
        }
        assert!(CodeVerifier::parse(&"~".repeat(128)).is_ok());
    }
}
