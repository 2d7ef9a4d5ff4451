//! Introspection (RFC 7662) and revocation (RFC 7009): both ask about one token.

use serde::Serialize;
use thiserror::Error;

use crate::params::{Params, Repeated};
use crate::required::RequiredParameter;
use crate::secret::Secret;
use crate::time::Timestamp;

/// A request about one token. `token_type_hint` is only a hint (RFC 7009 §2.1): every kind is recognised by its form.
#[derive(Debug)]
pub struct TokenQuery {
    /// The token in question, of any kind.
    pub token: Secret,
}

/// Why a token query cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TokenQueryMalformed {
    /// A parameter came twice.
    #[error(transparent)]
    Repeated(#[from] Repeated),
    /// A required parameter is absent.
    #[error("the parameter `{0}` is missing")]
    Missing(RequiredParameter),
}

impl TokenQuery {
    /// Every parameter that may come once.
    const ONCE: [&str; 6] = [
        "token",
        "token_type_hint",
        "client_id",
        "client_secret",
        "client_assertion",
        "client_assertion_type",
    ];

    /// Reads the query out of the form.
    pub fn from_params(params: &Params) -> Result<Self, TokenQueryMalformed> {
        if let Some(repeated) = params.repeated(&Self::ONCE) {
            return Err(repeated.into());
        }
        let required = RequiredParameter::Token;
        let token = params.first(required.as_str()).ok_or(TokenQueryMalformed::Missing(required))?;
        Ok(Self { token: Secret::new(token.to_owned()) })
    }
}

/// What introspection tells of a token (RFC 7662 §2.2). An inactive one is `{"active":false}` and nothing else.
#[derive(Debug, Default, Serialize)]
#[expect(missing_docs, reason = "each field is the member of the same name")]
pub struct IntrospectionResponse {
    pub active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iat: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aud: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_02_an_inactive_token_has_no_other_member() {
        let body = serde_json::to_string(&IntrospectionResponse::default()).unwrap();
        assert_eq!(body, r#"{"active":false}"#);
    }
}
