//! The claims of JWTs (RFC 7519 §4.1, RFC 9068 §2.2, OpenID Connect Core §2) and the checks of time on them.
//!
//! Wrong JSON types are refused rather than treated as absent: an `exp` that is a string would otherwise never expire.

mod access_token;
mod audience;
mod hash;
mod id_token;
mod numeric_date;
mod time;

use serde::de::DeserializeOwned;

use crate::{JsonError, ensure_strict};

pub use access_token::AccessTokenClaims;
pub use audience::{AUDIENCES_MAX, Audience};
pub use hash::at_hash;
pub use id_token::IdTokenClaims;
pub use numeric_date::NumericDate;
pub use time::{TimeError, ensure_issued, ensure_not_before, ensure_not_expired};

/// Why the payload of a token cannot be read as claims.
#[derive(Debug, thiserror::Error)]
pub enum ClaimsError {
    /// Not a JSON object, or one that [`ensure_strict`] refuses.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// A required claim is absent or a claim has the wrong type. The text names the claim, never its value.
    #[error("a claim is missing or has the wrong type")]
    Shape(#[source] serde_json::Error),
}

/// Reads the payload of a verified token. A member that occurs twice is refused, even one that `T` does not name.
pub fn parse<T: DeserializeOwned>(payload: &[u8]) -> Result<T, ClaimsError> {
    ensure_strict(payload)?;
    serde_json::from_slice(payload).map_err(ClaimsError::Shape)
}
