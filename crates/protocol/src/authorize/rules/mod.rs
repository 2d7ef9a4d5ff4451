//! The rules of the authorization request, one per file. Each returns the value that it checked; `validate` puts them in
//! order.

mod client;
mod pkce;
mod prompt;
mod redirect_uri;
mod response;
mod scope;
mod unambiguous;

pub(super) use client::{EnabledClient, client};
pub(super) use pkce::pkce;
pub(super) use prompt::{Freshness, freshness};
pub use redirect_uri::RedirectTarget;
pub(super) use redirect_uri::redirect_uri;
pub(super) use response::{CodeResponse, response};
pub(super) use scope::{AskedAccess, access, resources};
pub(super) use unambiguous::{Unambiguous, UnambiguousTarget};
