//! Tests that cross the modules of this crate, and the keys that all tests share.

mod attacks;
mod interop;
mod matrix;

use std::sync::LazyLock;

use crate::{Algorithm, Expected, JwsError, KeySet, SigningKey, Typ, Verified, base64url, verify};

/// One key of each algorithm. RSA keys take long to make, so each is made once.
pub(crate) fn key(algorithm: Algorithm) -> &'static SigningKey {
    &stored(algorithm).0
}

/// The PKCS#8 DER of the same key.
fn der(algorithm: Algorithm) -> &'static [u8] {
    &stored(algorithm).1
}

fn stored(algorithm: Algorithm) -> &'static (SigningKey, zeroize::Zeroizing<Vec<u8>>) {
    type Stored = (SigningKey, zeroize::Zeroizing<Vec<u8>>);
    static ES256: LazyLock<Stored> = LazyLock::new(|| SigningKey::generate(Algorithm::Es256).unwrap());
    static EDDSA: LazyLock<Stored> = LazyLock::new(|| SigningKey::generate(Algorithm::EdDsa).unwrap());
    static RS256: LazyLock<Stored> = LazyLock::new(|| SigningKey::generate(Algorithm::Rs256).unwrap());
    match algorithm {
        Algorithm::Es256 => &ES256,
        Algorithm::EdDsa => &EDDSA,
        Algorithm::Rs256 => &RS256,
    }
}

/// A verifier's set of all three keys.
fn keys() -> KeySet {
    KeySet::new(Algorithm::ALL.map(|algorithm| key(algorithm).verifying_key().clone()))
}

/// A verifier of access tokens that takes every algorithm we have.
const ACCESS_TOKEN: Expected<'static> = Expected { typ: &[Typ::AccessToken], algorithms: &Algorithm::ALL };

fn check(token: &str) -> Result<Verified, JwsError> {
    verify(token, &keys(), &ACCESS_TOKEN)
}

/// A token that `algorithm`'s key really signed, under any header.
fn signed_under(algorithm: Algorithm, header: &str) -> String {
    key(algorithm).sign_encoded(&base64url::encode(header), br#"{"sub":"ada"}"#).unwrap()
}
