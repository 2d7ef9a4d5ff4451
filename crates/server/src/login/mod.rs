//! Signing in: the browser's cookies, and what becomes of a username and a password.

mod attempt;
mod browser;
mod username;

pub(crate) use attempt::{Attempt, Attempted, Credentials, account_keys};
pub(crate) use browser::Browser;
pub use username::username_key;
