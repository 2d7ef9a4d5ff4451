//! Signing in: the browser's cookies, and what becomes of a username and a password.

mod attempt;
mod browser;
mod cookies;
mod username;

pub(crate) use attempt::{Attempt, Attempted, Credentials, account_keys};
pub(crate) use browser::Browser;
pub(crate) use cookies::CookieNames;
pub use username::username_key;
