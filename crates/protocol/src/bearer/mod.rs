//! Tokens that come back to us: one file per use of them.
//!
//! A valid signature says that we issued a token, not that it still holds: whether its grant lives is judged every time.

mod introspect;
mod live;
mod revoke;
mod userinfo;

#[cfg(test)]
mod tests;

pub use introspect::{IntrospectionCaller, introspect, introspect_refresh};
pub use live::{LiveToken, TokenFacts, grant_named, live};
pub use revoke::{Revocable, revoke};
pub use userinfo::{OpenedClaims, userinfo};
