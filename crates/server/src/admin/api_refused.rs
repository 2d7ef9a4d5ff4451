//! Why an API cannot be registered.

use proofkey_oauth::{ResourceMalformed, ScopeMalformed};
use proofkey_protocol::Algorithm;
use thiserror::Error;

use super::limits::SCOPES_MAX;
use super::member::Member;
use crate::config::ACCESS_TOKEN_SECONDS_MAX;

/// Why an API cannot be registered. The text says what is wrong, [`ApiRefused::member`] where.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "each variant says itself what is wrong")]
#[non_exhaustive]
pub enum ApiRefused {
    #[error("{0}")]
    Resource(ResourceMalformed),
    #[error("name 1 to {SCOPES_MAX} scopes")]
    ScopeCount,
    #[error("`{name}`: {cause}")]
    ScopeMalformed { at: usize, name: String, cause: ScopeMalformed },
    #[error("`{name}` is not one scope: give each by itself")]
    ScopeNotSingle { at: usize, name: String },
    #[error("`{name}`: this scope belongs to OpenID Connect")]
    ScopeStandard { at: usize, name: String },
    #[error("1 to {ACCESS_TOKEN_SECONDS_MAX}")]
    AccessTokenSeconds,
    #[error("one of ES256, EdDSA, RS256")]
    Algorithm,
    #[error("{algorithm} is left out by keys.algorithms: one of {on}")]
    AlgorithmOff { algorithm: Algorithm, on: String },
    #[error("{algorithm} is new on the list, and its first key is published before it signs: {when}")]
    AlgorithmAhead { algorithm: Algorithm, when: String },
}

impl ApiRefused {
    /// The member of the API that is wrong.
    pub fn member(&self) -> Member {
        match self {
            Self::Resource(_) => Member::whole("resource"),
            Self::ScopeCount => Member::whole("scopes"),
            Self::ScopeMalformed { at, .. }
            | Self::ScopeNotSingle { at, .. }
            | Self::ScopeStandard { at, .. } => Member::item("scopes", *at),
            Self::AccessTokenSeconds => Member::whole("access_token_seconds"),
            Self::Algorithm | Self::AlgorithmOff { .. } | Self::AlgorithmAhead { .. } => {
                Member::whole("algorithm")
            }
        }
    }
}
