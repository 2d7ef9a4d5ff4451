//! Signing keys: made, sealed, published before use, rotated, and kept until nothing that they signed lives. And the keys that
//! codes, pages and refresh tokens are made under, which come from the sealing key.
//!
//! [`rotation`] decides, [`change`] applies, a [`Keyring`] has the snapshot that requests use. It must not know what is signed.

mod change;
mod fault;
mod keyring;
mod ring;
pub mod rotation;
mod sealed;

pub(crate) use change::use_sealing_key;
pub use change::{Rotated, has_to_reseal, reseal, revoke, rotate, rotate_now};
pub use fault::KeysFault;
pub use keyring::Keyring;
pub(crate) use keyring::LOOKS_MAX;
#[cfg(test)]
pub(crate) use ring::VERIFIED_BYTES;
pub use ring::{IdTokenRefused, Keys, SignedClaims, Signers};
pub use sealed::PrivateKeySealer;
