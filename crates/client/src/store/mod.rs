//! Where tokens stay between runs: the system's keyring, else a file that only its owner can read.
//!
//! A sign-in lives in a [`Slot`], named by a hash of everything that tells sign-ins apart, so that no server's or API's
//! name can reach another slot or leave the directory (row V-79). Reading follows the traces in the directory: without
//! any, there is no sign-in, and no keyring is woken.

mod file;
mod keyring;
mod list;
mod lock;
mod record;
mod slot;
mod stored_at;
mod token_store;

pub(crate) use lock::SlotLock;
pub(crate) use record::StoredTokens;
pub(crate) use slot::Slot;
pub use stored_at::StoredAt;
pub use token_store::TokenStore;
