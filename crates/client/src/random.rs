//! The one source of randomness: the operating system.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::Error;

/// 32 fresh octets: 256 bits, more than any attacker can guess.
#[expect(clippy::disallowed_methods, reason = "the one place of the client that reads randomness")]
pub(crate) fn octets() -> Result<[u8; 32], Error> {
    let mut octets = [0; 32];
    getrandom::fill(&mut octets).map_err(|cause| Error::RandomUnavailable(cause.to_string()))?;
    Ok(octets)
}

/// 32 fresh octets as 43 base64url characters, for parameters.
pub(crate) fn text() -> Result<String, Error> {
    octets().map(|octets| URL_SAFE_NO_PAD.encode(octets))
}
