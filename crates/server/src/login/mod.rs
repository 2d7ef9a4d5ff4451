//! Signing in: the browser's cookies, usernames as they are compared, and the hash of a password.

mod browser;
mod hashing;
mod username;

pub(crate) use browser::Browser;
pub(crate) use hashing::compare;
#[cfg(test)]
pub(crate) use username::USERNAME_BYTES_MAX;
pub(crate) use username::is_new_username;
pub use username::username_key;
