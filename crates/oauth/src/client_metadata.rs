//! Client metadata (RFC 7591 §2, OpenID Connect Registration §2) as `client add` takes it.

use serde::{Deserialize, Serialize};

use crate::listed_enum;
use crate::resource::ResourceUri;
use crate::scope::Scope;

/// Where an app runs (OpenID Connect Registration §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ApplicationType {
    /// In a browser or on a web server.
    Web,
    /// On a person's own device.
    Native,
}

listed_enum! {
    /// How a client authenticates at the token endpoint.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum AuthMethod {
        /// It does not: a public client has no secret.
        None,
        /// Secret in the `Authorization` header.
        ClientSecretBasic,
        /// Secret in the form, for clients that cannot set headers.
        ClientSecretPost,
    }
}

impl AuthMethod {
    /// The name of the method, as metadata spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
        }
    }
}

listed_enum! {
    /// The grant types that a client can be registered for.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    #[expect(missing_docs, reason = "each variant is the grant type of the same name")]
    pub enum GrantType {
        AuthorizationCode,
        RefreshToken,
        ClientCredentials,
    }
}

impl GrantType {
    /// The value of `grant_type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
        }
    }
}

/// Whether a client must use PKCE.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PkcePolicy {
    /// Each authorization request needs a challenge.
    #[default]
    Required,
    /// Only a request that has a challenge is held to it. For confidential OpenID clients whose code cannot be changed.
    Optional,
}

/// A client's registration. Members that are not listed here are ignored (RFC 7591 §2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "most fields are the member of the same name")]
pub struct ClientMetadata {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<String>,
    pub redirect_uris: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub post_logout_redirect_uris: Vec<String>,
    /// Ours, under the name that other servers give it: web origins that may read our answers beside those of the redirect
    /// URIs, as browsers write them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed_cors_origins: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_method: Option<AuthMethod>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application_type: Option<ApplicationType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_types: Option<Vec<GrantType>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_types: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// Ours: the APIs that the client may ask for. Where a registration does not name them, they are the owners of its scopes at
    /// that moment, written out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<Vec<ResourceUri>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_signed_response_alg: Option<String>,
    /// Ours: claims of the user that its ID tokens carry, as far as the granted scope opens them; the most important first. For
    /// clients that do not ask userinfo.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub id_token_claims: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<serde_json::Value>,
    /// Ours: `optional` lets a confidential OpenID client work without PKCE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pkce: Option<PkcePolicy>,
    /// Ours: seconds that this client's codes live, at most the server's own setting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_seconds: Option<i64>,
    /// Ours: ceiling in seconds for this client's access tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_seconds: Option<i64>,
    /// Ours: seconds for which a used refresh token goes on, for replies that are lost and for processes that refresh at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_overlap_seconds: Option<i64>,
    /// Ours: several processes share one sign-in and do not lock it, so that a stale refresh token does not end it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_shared: Option<bool>,
    /// Ours: the client follows RFC 6749, so the token request must repeat the redirect URI (OAuth 2.1 §10.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_redirect_uri: Option<bool>,
    /// Ours: a private-use scheme of its redirect URIs need not be a reversed domain name. Any other app on the device can claim
    /// such a scheme, so it is for the operator to set, and for no stranger who registers a client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_dotless_scheme: Option<bool>,
    /// Ours: the secret is taken by the registered method alone (otherwise by header or form).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict_auth_method: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn md_01_names_are_those_of_the_metadata() {
        let names = |all: &[&str]| serde_json::to_value(all).unwrap();
        assert_eq!(
            serde_json::to_value(GrantType::ALL).unwrap(),
            names(&GrantType::ALL.map(GrantType::as_str))
        );
        assert_eq!(
            serde_json::to_value(AuthMethod::ALL).unwrap(),
            names(&AuthMethod::ALL.map(AuthMethod::as_str))
        );
    }
}
