//! Compact JWS, JWK and JWT claims, straight on aws-lc-rs.
//!
//! Owns: signing and verifying (RFC 7515), public keys on the wire (RFC 7517) and their thumbprints (RFC 7638), and the
//! claims of access tokens (RFC 9068) and ID tokens (OpenID Connect Core). It must not know a clock, a database, HTTP or
//! where keys are kept: `now` is an argument, keys are values.
//!
//! Three choices keep the historical attacks on JWT out (RFC 8725):
//! - a key carries its one algorithm, and a token never chooses: a header `alg` other than the key's is refused;
//! - the verifier names the [`Typ`] and the algorithms that it takes; there is no verifying without naming them;
//! - there is one serialization, compact, and one reading of it: no padding, no white space, no duplicate member.

mod algorithm;
mod base64url;
pub mod claims;
mod jwk;
mod key_error;
mod key_set;
mod listed;
mod private_jwk;
mod signing;
mod strict_json;
mod typ;
mod unverified;
mod verify;
mod verifying;

#[cfg(test)]
mod tests;

pub use algorithm::Algorithm;
pub use jwk::{Jwk, JwkSet, JwkSetError, KEYS_MAX};
pub use key_error::KeyError;
pub use key_set::KeySet;
pub use signing::{SignError, SigningKey};
pub use strict_json::{JsonError, ensure_strict};
pub use typ::Typ;
pub use unverified::{Unverified, decode_unverified};
pub use verify::{Expected, JwsError, Verified, verify};
pub use verifying::VerifyingKey;

/// The longest token that is looked at, in bytes. Longer ones are refused before anything is decoded.
pub const TOKEN_BYTES_MAX: usize = 16 * 1024;
/// The longest key id, in a header or in a JWK.
pub const KID_BYTES_MAX: usize = 256;
/// How deep the JSON of a header or payload may nest.
pub const JSON_DEPTH_MAX: usize = 32;
