//! The rules of the authorization request, one per file. Each returns the value that it checked; `validate` puts them in
//! order.

mod client;
mod pkce;
mod prompt;
mod redirect_uri;
mod response;
mod scope;
mod unambiguous;
mod unscoped_api;

pub(super) use client::{EnabledClient, client};
pub(super) use pkce::pkce;
pub(super) use prompt::{Freshness, freshness};
pub use redirect_uri::RedirectTarget;
pub(super) use redirect_uri::redirect_uri;
pub(super) use response::{CodeResponse, response};
pub(super) use scope::scope;
pub(super) use unambiguous::{Unambiguous, UnambiguousTarget};
pub(super) use unscoped_api::names_unscoped_api;
