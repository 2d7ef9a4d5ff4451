//! The token endpoint's request and response (OAuth 2.1 §3.2).

use serde::Serialize;
use thiserror::Error;
use zeroize::Zeroize as _;

use crate::params::{Params, Repeated};
use crate::required::RequiredParameter;
use crate::secret::Secret;

/// A token request, by grant type.
#[derive(Debug)]
pub enum TokenRequest {
    /// `grant_type=authorization_code` (OAuth 2.1 §4.1.3).
    AuthorizationCode(CodeRequest),
    /// `grant_type=refresh_token` (OAuth 2.1 §4.3.1).
    RefreshToken(RefreshRequest),
    /// `grant_type=client_credentials` (OAuth 2.1 §4.2.1).
    ClientCredentials(CredentialsRequest),
}

/// Parameters of the authorization code grant.
#[derive(Debug)]
pub struct CodeRequest {
    /// The code as it was sent, not yet opened.
    pub code: Secret,
    /// The redirect URI, where the client still sends it.
    pub redirect_uri: Option<String>,
    /// The PKCE verifier, unchecked.
    pub code_verifier: Option<Secret>,
    /// The APIs that the access token is for (RFC 8707 §2.2).
    pub resource: Vec<String>,
}

/// Parameters of the refresh token grant.
#[derive(Debug)]
pub struct RefreshRequest {
    /// The refresh token as it was sent, not yet read.
    pub refresh_token: Secret,
    /// A narrower scope for the access token.
    pub scope: Option<String>,
    /// The APIs that the access token is for.
    pub resource: Vec<String>,
}

/// Parameters of the client credentials grant.
#[derive(Debug)]
pub struct CredentialsRequest {
    /// The scope asked for; all that the client has, when absent.
    pub scope: Option<String>,
    /// The APIs that the access token is for.
    pub resource: Vec<String>,
}

/// Why a token request cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TokenRequestMalformed {
    /// A parameter came twice.
    #[error(transparent)]
    Repeated(#[from] Repeated),
    /// A required parameter is absent.
    #[error("the parameter `{0}` is missing")]
    Missing(RequiredParameter),
    /// A grant type that this server does not have.
    #[error("this grant type is not supported")]
    UnsupportedGrantType,
}

impl TokenRequest {
    /// Every parameter that may come once; `resource` may repeat (RFC 8707 §2.2).
    const ONCE: [&str; 10] = [
        "grant_type",
        "code",
        "redirect_uri",
        "code_verifier",
        "refresh_token",
        "scope",
        "client_id",
        "client_secret",
        "client_assertion",
        "client_assertion_type",
    ];

    /// Reads a token request out of the form.
    pub fn from_params(params: &Params) -> Result<Self, TokenRequestMalformed> {
        if let Some(repeated) = params.repeated(&Self::ONCE) {
            return Err(repeated.into());
        }
        let take = |name: &str| params.first(name).map(str::to_owned);
        let secret = |parameter: RequiredParameter| {
            take(parameter.as_str()).map(Secret::new).ok_or(TokenRequestMalformed::Missing(parameter))
        };
        let resource = params.all("resource").map(str::to_owned).collect();
        match params.first(RequiredParameter::GrantType.as_str()) {
            None => Err(TokenRequestMalformed::Missing(RequiredParameter::GrantType)),
            Some("authorization_code") => Ok(Self::AuthorizationCode(CodeRequest {
                code: secret(RequiredParameter::Code)?,
                redirect_uri: take("redirect_uri"),
                code_verifier: take("code_verifier").map(Secret::new),
                resource,
            })),
            Some("refresh_token") => Ok(Self::RefreshToken(RefreshRequest {
                refresh_token: secret(RequiredParameter::RefreshToken)?,
                scope: take("scope"),
                resource,
            })),
            Some("client_credentials") => {
                Ok(Self::ClientCredentials(CredentialsRequest { scope: take("scope"), resource }))
            }
            Some(_) => Err(TokenRequestMalformed::UnsupportedGrantType),
        }
    }
}

/// A successful token response (OAuth 2.1 §3.2.3).
#[derive(Serialize)]
pub struct TokenResponse {
    /// The access token, a signed JWT (RFC 9068).
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: &'static str,
    /// Seconds until the access token expires.
    pub expires_in: i64,
    /// The refresh token, where one was granted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// The ID token, where `openid` was granted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    /// The scope of the access token; none for an API of whose scopes the token has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

impl Drop for TokenResponse {
    fn drop(&mut self) {
        self.access_token.zeroize();
        self.refresh_token.zeroize();
        self.id_token.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refusal(form: &str) -> TokenRequestMalformed {
        TokenRequest::from_params(&Params::parse(form.as_bytes()).unwrap()).unwrap_err()
    }

    #[test]
    fn tk_02_tk_03_v_38_malformed_requests_and_unknown_grants_are_told_apart() {
        assert_eq!(refusal("grant_type="), TokenRequestMalformed::Missing(RequiredParameter::GrantType));
        assert_eq!(
            refusal("grant_type=authorization_code"),
            TokenRequestMalformed::Missing(RequiredParameter::Code)
        );
        assert_eq!(
            refusal("grant_type=refresh_token"),
            TokenRequestMalformed::Missing(RequiredParameter::RefreshToken)
        );
        assert_eq!(
            refusal("grant_type=password&username=a&password=b"),
            TokenRequestMalformed::UnsupportedGrantType
        );
        assert_eq!(refusal("grant_type=implicit"), TokenRequestMalformed::UnsupportedGrantType);
        let twice = "grant_type=authorization_code&code=a&code=b";
        assert_eq!(refusal(twice), TokenRequestMalformed::Repeated(Repeated("code")));
    }

    proptest! {
        #[test]
        fn any_form_parses_or_refuses(text in "\\PC{0,200}") {
            if let Ok(params) = Params::parse(format!("grant_type=refresh_token&{text}").as_bytes()) {
                let _ = TokenRequest::from_params(&params);
            }
        }
    }
}
