//! Why a request is refused: one variant per rule, one total match to the wire code, one to its explanation.

mod explanation;

pub use explanation::Explanation;

use proofkey_oauth::ErrorCode;

/// A rule that a request breaks. What the caller may read is in [`Refusal::explain`]; nothing here holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is explained, in words, by `explain`")]
#[non_exhaustive]
pub enum Refusal {
    // Any endpoint
    ParametersMalformed,
    ParameterRepeated,
    ParameterMissing(&'static str),
    // Authorization endpoint
    ClientUnknown,
    ClientDisabled,
    RedirectUriMissing,
    RedirectUriUnregistered,
    ResponseTypeMissing,
    ResponseTypeUnsupported,
    ResponseModeUnsupported,
    GrantTypeUnregistered,
    ChallengeMissing,
    ChallengeMethodUnsupported,
    ChallengeMalformed,
    ScopeMalformed,
    ScopeUnregistered,
    ResourceMalformed,
    ResourceUnknown,
    ResourceAmbiguous,
    ResourceBeyondGrant,
    RequestObjectUnsupported,
    RequestUriUnsupported,
    PromptMalformed,
    MaxAgeMalformed,
    IdTokenHintInvalid,
    RequestTooLong,
    LoginRequired,
    ConsentRequired,
    InteractionRequired,
    AccessDenied,
    InteractionInvalid,
    InteractionOfAnotherBrowser,
    InteractionExpired,
    FormFromAnotherSite,
    // Client authentication
    ClientAuthenticationMissing,
    ClientAuthenticationMalformed,
    ClientAuthenticationAmbiguous,
    ClientAuthenticationMethod,
    ClientSecretWrong,
    ClientPublic,
    // Token endpoint
    GrantTypeUnsupported,
    CodeInvalid,
    CodeOfAnotherClient,
    CodeExpired,
    CodeRedeemed,
    CodeBurnt,
    RedirectUriMismatch,
    VerifierMissing,
    VerifierUnexpected,
    VerifierMalformed,
    VerifierWrong,
    UserDisabled,
    SessionEnded,
    ConsentWithdrawn,
    RefreshTokenInvalid,
    RefreshTokenOfAnotherClient,
    RefreshTokenExpired,
    TokenOfAnotherClient,
    RefreshTokenRetired,
    GrantRevoked,
    ScopeBeyondGrant,
    // Token use
    TokenMissing,
    TokenInvalid,
    TokenAudience,
    TokenScope,
    TokenTransports,
    // Limits
    TooManyFailures,
}

impl Refusal {
    /// The code on the wire.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::ParametersMalformed
            | Self::ParameterRepeated
            | Self::ParameterMissing(_)
            | Self::RedirectUriMissing
            | Self::RedirectUriUnregistered
            | Self::ResponseTypeMissing
            | Self::ResponseModeUnsupported
            | Self::ChallengeMissing
            | Self::ChallengeMethodUnsupported
            | Self::ChallengeMalformed
            | Self::PromptMalformed
            | Self::MaxAgeMalformed
            | Self::IdTokenHintInvalid
            | Self::RequestTooLong
            | Self::InteractionInvalid
            | Self::InteractionOfAnotherBrowser
            | Self::InteractionExpired
            | Self::FormFromAnotherSite
            | Self::ClientAuthenticationAmbiguous
            | Self::TokenTransports => ErrorCode::InvalidRequest,
            Self::ClientUnknown
            | Self::ClientDisabled
            | Self::ClientAuthenticationMissing
            | Self::ClientAuthenticationMalformed
            | Self::ClientAuthenticationMethod
            | Self::ClientSecretWrong => ErrorCode::InvalidClient,
            Self::GrantTypeUnregistered | Self::ClientPublic => ErrorCode::UnauthorizedClient,
            Self::ResponseTypeUnsupported => ErrorCode::UnsupportedResponseType,
            Self::GrantTypeUnsupported => ErrorCode::UnsupportedGrantType,
            Self::ScopeMalformed | Self::ScopeUnregistered | Self::ScopeBeyondGrant => {
                ErrorCode::InvalidScope
            }
            Self::ResourceMalformed
            | Self::ResourceUnknown
            | Self::ResourceAmbiguous
            | Self::ResourceBeyondGrant => ErrorCode::InvalidTarget,
            Self::RequestObjectUnsupported => ErrorCode::RequestNotSupported,
            Self::RequestUriUnsupported => ErrorCode::RequestUriNotSupported,
            Self::LoginRequired => ErrorCode::LoginRequired,
            Self::ConsentRequired => ErrorCode::ConsentRequired,
            Self::InteractionRequired => ErrorCode::InteractionRequired,
            Self::AccessDenied => ErrorCode::AccessDenied,
            Self::CodeInvalid
            | Self::CodeOfAnotherClient
            | Self::CodeExpired
            | Self::CodeRedeemed
            | Self::CodeBurnt
            | Self::RedirectUriMismatch
            | Self::VerifierMissing
            | Self::VerifierUnexpected
            | Self::VerifierMalformed
            | Self::VerifierWrong
            | Self::UserDisabled
            | Self::SessionEnded
            | Self::ConsentWithdrawn
            | Self::RefreshTokenInvalid
            | Self::RefreshTokenOfAnotherClient
            | Self::RefreshTokenExpired
            | Self::TokenOfAnotherClient
            | Self::RefreshTokenRetired
            | Self::GrantRevoked => ErrorCode::InvalidGrant,
            Self::TokenMissing | Self::TokenInvalid | Self::TokenAudience => ErrorCode::InvalidToken,
            Self::TokenScope => ErrorCode::InsufficientScope,
            Self::TooManyFailures => ErrorCode::TemporarilyUnavailable,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proofkey_oauth::wire_text;

    use super::*;

    /// Every refusal; the test below counts them against the table.
    const ALL: [Refusal; 67] = [
        Refusal::ParametersMalformed,
        Refusal::ParameterRepeated,
        Refusal::ParameterMissing("x"),
        Refusal::ClientUnknown,
        Refusal::ClientDisabled,
        Refusal::RedirectUriMissing,
        Refusal::RedirectUriUnregistered,
        Refusal::ResponseTypeMissing,
        Refusal::ResponseTypeUnsupported,
        Refusal::ResponseModeUnsupported,
        Refusal::GrantTypeUnregistered,
        Refusal::ChallengeMissing,
        Refusal::ChallengeMethodUnsupported,
        Refusal::ChallengeMalformed,
        Refusal::ScopeMalformed,
        Refusal::ScopeUnregistered,
        Refusal::ResourceMalformed,
        Refusal::ResourceUnknown,
        Refusal::ResourceAmbiguous,
        Refusal::ResourceBeyondGrant,
        Refusal::RequestObjectUnsupported,
        Refusal::RequestUriUnsupported,
        Refusal::PromptMalformed,
        Refusal::MaxAgeMalformed,
        Refusal::IdTokenHintInvalid,
        Refusal::RequestTooLong,
        Refusal::LoginRequired,
        Refusal::ConsentRequired,
        Refusal::InteractionRequired,
        Refusal::AccessDenied,
        Refusal::InteractionInvalid,
        Refusal::InteractionOfAnotherBrowser,
        Refusal::InteractionExpired,
        Refusal::FormFromAnotherSite,
        Refusal::ClientAuthenticationMissing,
        Refusal::ClientAuthenticationMalformed,
        Refusal::ClientAuthenticationAmbiguous,
        Refusal::ClientAuthenticationMethod,
        Refusal::ClientSecretWrong,
        Refusal::ClientPublic,
        Refusal::GrantTypeUnsupported,
        Refusal::CodeInvalid,
        Refusal::CodeOfAnotherClient,
        Refusal::CodeExpired,
        Refusal::CodeRedeemed,
        Refusal::CodeBurnt,
        Refusal::RedirectUriMismatch,
        Refusal::VerifierMissing,
        Refusal::VerifierUnexpected,
        Refusal::VerifierMalformed,
        Refusal::VerifierWrong,
        Refusal::UserDisabled,
        Refusal::SessionEnded,
        Refusal::ConsentWithdrawn,
        Refusal::RefreshTokenInvalid,
        Refusal::RefreshTokenOfAnotherClient,
        Refusal::RefreshTokenExpired,
        Refusal::TokenOfAnotherClient,
        Refusal::RefreshTokenRetired,
        Refusal::GrantRevoked,
        Refusal::ScopeBeyondGrant,
        Refusal::TokenMissing,
        Refusal::TokenInvalid,
        Refusal::TokenAudience,
        Refusal::TokenScope,
        Refusal::TokenTransports,
        Refusal::TooManyFailures,
    ];

    #[test]
    fn az_23_every_refusal_is_explained_in_characters_that_the_wire_can_carry() {
        let rows = include_str!("refusal/explanation.rs").matches(" => (\n").count();
        assert_eq!(ALL.len(), rows, "a refusal is missing here");
        let mut rules = HashSet::new();
        for refusal in ALL {
            let Explanation { rule, cause, fix, standard } = refusal.explain();
            for text in [cause, fix, standard] {
                assert!(!text.is_empty(), "{rule}");
            }
            assert_eq!((wire_text(cause).as_ref(), wire_text(fix).as_ref()), (cause, fix), "{rule}");
            let plain = |byte: u8| byte.is_ascii_lowercase() || b"._".contains(&byte);
            assert!(rule.bytes().all(plain), "{rule}");
            assert!(rules.insert(rule), "{rule} is the name of two rules");
            assert!(!refusal.code().as_str().is_empty());
        }
    }
}
