//! The parameters without which a request to an endpoint of clients means nothing.

use std::fmt;

/// A parameter that a request must carry. Closed, so that each one's absence has its explanation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is the parameter of the same name")]
pub enum RequiredParameter {
    ClientId,
    GrantType,
    Code,
    RefreshToken,
    Token,
}

impl RequiredParameter {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientId => "client_id",
            Self::GrantType => "grant_type",
            Self::Code => "code",
            Self::RefreshToken => "refresh_token",
            Self::Token => "token",
        }
    }
}

impl fmt::Display for RequiredParameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
