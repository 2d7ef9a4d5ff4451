//! The token endpoint: one file per grant, and what they issue.

mod client_credentials;
mod code;
mod issue;
mod refresh;

#[cfg(test)]
mod tests;

pub use client_credentials::client_credentials;
pub use code::redeem;
pub use issue::{Issue, IssuedRefresh, access_token_seconds};
pub use refresh::{RefreshFacts, refresh};
