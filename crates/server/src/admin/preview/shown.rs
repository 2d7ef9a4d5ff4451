//! What a preview is asked for, and what it shows. It decides nothing.

use proofkey_protocol::Refusal;
use serde_json::{Map, Value};

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct PreviewRequest {
    /// The client.
    pub client: String,
    /// The name of the user who signs in and allows it; a token of the client's own where there is none.
    pub username: Option<String>,
    /// The parameter `scope`.
    pub scope: Option<String>,
    /// The parameters `resource`: of the authorization request or, without a user, of the token request.
    pub resources: Vec<String>,
    /// The parameters `resource` of the token request that redeems a user's code.
    pub token_resources: Vec<String>,
}

/// What would come of it.
#[derive(Debug)]
pub enum TokenPreview {
    /// An endpoint would refuse it.
    Refused {
        /// The path of the endpoint.
        endpoint: &'static str,
        /// Why.
        refusal: Refusal,
    },
    /// Tokens would be issued.
    Issued(Box<PreviewedTokens>),
}

impl TokenPreview {
    /// What stands in the way of every such request, for the operator: beside the words of the refusal, which are for the caller.
    pub const fn obstacle(&self) -> Option<&'static str> {
        match self {
            // The preview sends no wrong one.
            Self::Refused { refusal: Refusal::ClientSecretWrong, .. } => {
                Some("every secret of the client has expired, or it has none")
            }
            Self::Refused { refusal: Refusal::AlgorithmOff(_), .. } => Some(
                "keys.algorithms of this configuration leaves it out, or its first key is still published ahead",
            ),
            Self::Refused { .. } | Self::Issued(_) => None,
        }
    }
}

/// The tokens that would be issued.
#[derive(Debug)]
pub struct PreviewedTokens {
    /// The access token.
    pub access_token: PreviewedToken,
    /// The ID token, if there would be one.
    pub id_token: Option<PreviewedToken>,
    /// Whether there would be a refresh token.
    pub has_refresh_token: bool,
    /// Why there would be none.
    pub refresh_withheld: Option<&'static str>,
    /// What the client is registered for, by which a request is measured that asks for no scope.
    pub client_scope: String,
    /// What userinfo would answer to the access token; `None` if it would refuse it.
    pub userinfo: Option<Map<String, Value>>,
    /// Seconds until the access token expires.
    pub expires_in: i64,
    /// How the user comes to allow it; `None` where no user is there.
    pub consent: Option<PreviewedConsent>,
    /// What gave or withheld each scope, audience and claim.
    pub reasons: Vec<Reason>,
}

/// A token without its signature.
#[derive(Debug, PartialEq, Eq)]
pub struct PreviewedToken {
    /// The JOSE header.
    pub header: Value,
    /// The claims.
    pub claims: Value,
}

/// How the user comes to allow what is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreviewedConsent {
    /// What is remembered covers it: no page is shown.
    Remembered,
    /// The consent page would be shown, and the preview supposes that the user allows it.
    Asked,
}

/// Why something is in a token, or is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What it is.
    pub part: Part,
    /// The scope, the audience or the claim.
    pub name: String,
    /// Whether it is in the token.
    pub is_given: bool,
    /// The rule, in words.
    pub why: String,
    /// Where the rule stands.
    pub standard: &'static str,
}

/// A part of an answer of the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is named after what it is")]
pub enum Part {
    Scope,
    Audience,
    AccessTokenClaim,
    IdTokenClaim,
    UserinfoClaim,
}
