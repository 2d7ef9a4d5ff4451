//! The closed list of signature algorithms (RFC 7518 §3.1, RFC 8037 §3.1). What is not here cannot be asked for:
//! there is no `none`, no HMAC and no RSA below 2048 bits.

use std::fmt;

use aws_lc_rs::digest;

use crate::listed::listed_enum;

listed_enum! {
    /// A signature algorithm, in the order of preference. Closed on purpose: every match is total, so that each one has to
    /// decide about a new algorithm.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
    pub enum Algorithm {
        /// ECDSA on P-256 with SHA-256 (RFC 7518 §3.4).
        Es256,
        /// Ed25519 (RFC 8037 §3.1; RFC 9864 names it `Ed25519`).
        EdDsa,
        /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3), the default of OpenID Connect clients.
        Rs256,
    }
}

impl Algorithm {
    /// The registered name, as written into headers, JWKs and metadata.
    pub fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
            Self::Rs256 => "RS256",
        }
    }

    /// The algorithm of a registered name. Names are case-sensitive (RFC 7515 §4.1.1): `NonE` tricks end here.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "ES256" => Some(Self::Es256),
            "EdDSA" | "Ed25519" => Some(Self::EdDsa),
            "RS256" => Some(Self::Rs256),
            _ => None,
        }
    }

    /// The hash behind `at_hash` (OpenID Connect Core §3.1.3.6): the one that the signature itself uses.
    pub(crate) fn hash(self) -> &'static digest::Algorithm {
        match self {
            Self::Es256 | Self::Rs256 => &digest::SHA256,
            Self::EdDsa => &digest::SHA512,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_others_are_unknown() {
        for algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::from_name(algorithm.name()), Some(algorithm));
        }
        assert_eq!(Algorithm::from_name("Ed25519"), Some(Algorithm::EdDsa));
        for name in ["", "none", "NonE", "HS256", "es256", "RS512", "PS256", "ES256K", "ES256 "] {
            assert_eq!(Algorithm::from_name(name), None, "{name}");
        }
    }
}
