//! Signing in: the browser's cookies, usernames as they are compared, and the hash of a password.

mod browser;
mod hashing;
mod username;

pub(crate) use browser::Browser;
pub(crate) use hashing::compare;
pub(crate) use username::is_new_username;
pub use username::username_key;
