//! Why a request is refused, with the status and the error code of each case (RFC 6750 §3). Both are total matches, here
//! and nowhere else.

use http::StatusCode;
use proofkey_oauth::{ErrorCode, Scope};

use crate::TokenRefusal;

/// Why a request does not reach the API.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No access token came along. Not an error of the caller's, so no error code goes back (RFC 6750 §3.1).
    #[error("this API needs an access token: send it in the header Authorization: Bearer")]
    NoToken,
    /// Several tokens, or one by several ways (OAuth 2.1 §5.2).
    #[error("the request carries more than one access token")]
    SeveralTokens,
    /// `Authorization: Bearer` without exactly one token behind it.
    #[error("the Authorization header is malformed")]
    MalformedHeader,
    /// The token breaks a rule.
    #[error(transparent)]
    Token(#[from] TokenRefusal),
    /// The token is good but does not allow this (RFC 6750 §3.1).
    #[error("the access token lacks a scope that this request needs")]
    InsufficientScope {
        /// The scope that a token needs for this request.
        required: Scope,
    },
    /// The authorization server cannot be reached, and what is known does not decide: a fault of ours, not the
    /// caller's.
    #[error("the authorization server cannot be reached to check the token")]
    Unavailable,
}

impl Refusal {
    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NoToken | Self::Token(_) => StatusCode::UNAUTHORIZED,
            Self::SeveralTokens | Self::MalformedHeader => StatusCode::BAD_REQUEST,
            Self::InsufficientScope { .. } => StatusCode::FORBIDDEN,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The registered error code, if the case has one.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::NoToken => None,
            Self::SeveralTokens | Self::MalformedHeader => Some(ErrorCode::InvalidRequest),
            Self::Token(_) => Some(ErrorCode::InvalidToken),
            Self::InsufficientScope { .. } => Some(ErrorCode::InsufficientScope),
            Self::Unavailable => Some(ErrorCode::TemporarilyUnavailable),
        }
    }
}
