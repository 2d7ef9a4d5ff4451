//! The rules of the authorization request, one per file. Each returns the value it checked.

mod pkce;
mod prompt;
mod redirect_uri;
mod response;
mod scope;

pub(super) use pkce::pkce;
pub(super) use prompt::{Freshness, freshness};
pub use redirect_uri::RedirectTarget;
pub(super) use redirect_uri::redirect_uri;
pub(super) use response::response;
pub(super) use scope::scope;
