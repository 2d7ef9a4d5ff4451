//! Error codes and the body that carries them.

use serde::Serialize;

/// The registered error codes that this server uses: closed, so that each place that answers says what each means
/// (OAuth 2.1 §4.1.2.1 and §3.2.4, RFC 6750 §3.1, RFC 8707 §2, OpenID Connect Core §3.1.2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each variant is the wire code of the same name")]
pub enum ErrorCode {
    InvalidRequest,
    InvalidClient,
    InvalidGrant,
    UnauthorizedClient,
    UnsupportedGrantType,
    UnsupportedResponseType,
    InvalidScope,
    InvalidTarget,
    AccessDenied,
    ServerError,
    TemporarilyUnavailable,
    LoginRequired,
    ConsentRequired,
    InteractionRequired,
    RequestNotSupported,
    RequestUriNotSupported,
    InvalidToken,
    InsufficientScope,
}

impl ErrorCode {
    /// The code as it is written on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::AccessDenied => "access_denied",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::InteractionRequired => "interaction_required",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
        }
    }
}

/// The JSON body of an error response (OAuth 2.1 §3.2.4), with the members by which ours explain themselves.
#[derive(Debug, Serialize)]
pub struct ErrorBody<'a> {
    /// The registered code.
    pub error: &'static str,
    /// What happened, for the developer.
    pub error_description: &'a str,
    /// The id that the log line and the page carry too.
    pub error_id: &'a str,
    /// The rule that was broken, stable across releases.
    pub error_rule: &'a str,
    /// What to change.
    pub error_fix: &'a str,
    /// Where the rule comes from.
    pub error_standard: &'a str,
    /// A page about the rule (OAuth 2.1 §3.2.4), where the operator has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_uri: Option<&'a str>,
}

/// Keeps a text to the characters that `error_description` allows: `%x20-21 / %x23-5B / %x5D-7E` (OAuth 2.1 §4.1.2.1).
pub fn wire_text(text: &str) -> String {
    let allowed = |c: char| matches!(c, '\x20'..='\x21' | '\x23'..='\x5b' | '\x5d'..='\x7e');
    text.chars().map(|c| if allowed(c) { c } else { '\'' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn az_23_descriptions_keep_to_their_characters() {
        assert_eq!(wire_text("a\"b\\c\r\nd\u{e9}"), "a'b'c''d'");
    }
}
