//! Each refusal in words, as the error page and the JSON answer give them: one row per rule.

use super::Refusal;

/// A refusal in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The rule's name, stable across releases.
    pub rule: &'static str,
    /// What happened.
    pub cause: &'static str,
    /// What to change.
    pub fix: &'static str,
    /// Where the rule comes from.
    pub standard: &'static str,
}

impl Refusal {
    /// Cause, cure and source.
    pub fn explain(&self) -> Explanation {
        let (rule, cause, fix, standard) = match self {
            Self::ParametersMalformed => (
                "parameters.malformed",
                "The parameters are not form-encoded text.",
                "Encode the parameters as application/x-www-form-urlencoded, at most 64 KiB and 100 parameters.",
                "OAuth 2.1 §3.1, §3.2",
            ),
            Self::ParameterRepeated => (
                "parameters.repeated",
                "A parameter was sent more than once.",
                "Send each parameter once; only resource may repeat.",
                "OAuth 2.1 §3.1; RFC 8707 §2",
            ),
            Self::ParameterMissing(name) => (
                "parameters.missing",
                match *name {
                    "grant_type" => "The parameter grant_type is missing.",
                    "code" => "The parameter code is missing.",
                    "refresh_token" => "The parameter refresh_token is missing.",
                    "token" => "The parameter token is missing.",
                    _ => "A required parameter is missing.",
                },
                "Send it in the form, once and not empty.",
                "OAuth 2.1 §3.2",
            ),
            Self::ClientUnknown => (
                "client.unknown",
                "No client is registered under this client_id.",
                "Send the client_id that the registration returned, or register the client: proofkey client add.",
                "OAuth 2.1 §4.1.2.1",
            ),
            Self::ClientDisabled => (
                "client.disabled",
                "This client has been disabled.",
                "An operator can enable it again: proofkey client enable.",
                "OAuth 2.1 §4.1.2.1",
            ),
            Self::RedirectUriMissing => (
                "redirect_uri.missing",
                "The request names no redirect_uri.",
                "Send redirect_uri. It may be left out only by a client with exactly one registered, and never with the scope openid.",
                "OAuth 2.1 §2.3.2; OpenID Connect Core §3.1.2.1",
            ),
            Self::RedirectUriUnregistered => (
                "redirect_uri.unregistered",
                "The redirect address in the request is not one that this client registered.",
                "Send a registered address, character for character. The port may differ on a loopback address of a native app; the path may not.",
                "RFC 9700 §2.1, RFC 8252 §7.3",
            ),
            Self::ResponseTypeMissing => (
                "response_type.missing",
                "The request has no response_type.",
                "Send response_type=code.",
                "OAuth 2.1 §4.1.1",
            ),
            Self::ResponseTypeUnsupported => (
                "response_type.unsupported",
                "Only the authorization code flow exists here.",
                "Send response_type=code; tokens come from the token endpoint.",
                "OAuth 2.1 §4.1.1; RFC 10017 §7",
            ),
            Self::ResponseModeUnsupported => (
                "response_mode.unsupported",
                "This response_mode is not offered.",
                "Leave response_mode out or send response_mode=query.",
                "RFC 9700 §2.1",
            ),
            Self::GrantTypeUnregistered => (
                "grant_type.unregistered",
                "This client is not registered for this grant type.",
                "Add the grant type to grant_types of the client's registration.",
                "OAuth 2.1 §3.2.4",
            ),
            Self::ChallengeMissing => (
                "pkce.challenge_missing",
                "The request has no code_challenge.",
                "Create a code_verifier, send its S256 code_challenge here and the verifier to the token endpoint.",
                "OAuth 2.1 §4.1.1, §7.5.1",
            ),
            Self::ChallengeMethodUnsupported => (
                "pkce.method_unsupported",
                "The code_challenge_method is not S256.",
                "Send code_challenge_method=S256. An absent method means plain, which does not exist here.",
                "OAuth 2.1 §4.1.1; RFC 7636 §4.3",
            ),
            Self::ChallengeMalformed => (
                "pkce.challenge_malformed",
                "The code_challenge is not 43 base64url characters.",
                "Send BASE64URL(SHA256(code_verifier)) without padding.",
                "RFC 7636 §4.2",
            ),
            Self::ScopeMalformed => (
                "scope.malformed",
                "The scope holds characters that scopes cannot have, or is longer than 4096 bytes.",
                "Send space-separated scope names of printable ASCII without quotes and backslashes.",
                "OAuth 2.1 §1.4.1",
            ),
            Self::ScopeUnregistered => (
                "scope.unregistered",
                "The request asks for a scope that this client is not registered for.",
                "Ask for less, or add the scope to the client's registration; an API scope also needs its API: proofkey api add.",
                "OAuth 2.1 §1.4.1",
            ),
            Self::ResourceMalformed => (
                "resource.malformed",
                "The resource is not an absolute URI without a fragment.",
                "Send the API's resource indicator as it was registered.",
                "RFC 8707 §2",
            ),
            Self::ResourceUnknown => (
                "resource.unknown",
                "No API is registered under this resource.",
                "Send the resource of a registered API, byte for byte, or register it: proofkey api add.",
                "RFC 8707 §2",
            ),
            Self::ResourceAmbiguous => (
                "resource.ambiguous",
                "The scopes belong to several APIs, and an access token is for one.",
                "Name the API with resource, and ask for one token per API.",
                "RFC 8707 §2.2; RFC 9068 §3",
            ),
            Self::ResourceBeyondGrant => (
                "resource.beyond_grant",
                "The resource was not part of the authorization request.",
                "Ask for a resource that was authorized, or authorize again with this one.",
                "RFC 8707 §2.2",
            ),
            Self::RequestObjectUnsupported => (
                "request.unsupported",
                "Request objects are not supported.",
                "Send the parameters themselves instead of request.",
                "OpenID Connect Core §6, §3.1.2.6",
            ),
            Self::RequestUriUnsupported => (
                "request_uri.unsupported",
                "Request objects by reference are not supported.",
                "Send the parameters themselves instead of request_uri.",
                "OpenID Connect Core §6, §3.1.2.6",
            ),
            Self::PromptMalformed => (
                "prompt.malformed",
                "The prompt holds an unknown value, or none beside another.",
                "Send prompt=none alone, or any of login, consent, select_account.",
                "OpenID Connect Core §3.1.2.1",
            ),
            Self::MaxAgeMalformed => (
                "max_age.malformed",
                "The max_age is not a number of seconds.",
                "Send max_age as a non-negative integer.",
                "OpenID Connect Core §3.1.2.1",
            ),
            Self::IdTokenHintInvalid => (
                "id_token_hint.invalid",
                "The id_token_hint is not an ID token that this server issued.",
                "Send an ID token from this issuer, unchanged, or leave the hint out.",
                "OpenID Connect Core §3.1.2.1",
            ),
            Self::RequestTooLong => (
                "request.too_long",
                "The authorization request is longer than 8 KiB.",
                "Shorten state and the other parameters.",
                "RFC 9700 §4",
            ),
            Self::LoginRequired => (
                "prompt.login_required",
                "The user is not signed in, and the request allows no page.",
                "Send the request again without prompt=none.",
                "OpenID Connect Core §3.1.2.6",
            ),
            Self::ConsentRequired => (
                "prompt.consent_required",
                "The user has not allowed this yet, and the request allows no page.",
                "Send the request again without prompt=none.",
                "OpenID Connect Core §3.1.2.6",
            ),
            Self::InteractionRequired => (
                "prompt.interaction_required",
                "An app on the device needs the user's word every time, and the request allows no page.",
                "Send the request again without prompt=none.",
                "OAuth 2.1 §7.3.1; RFC 8252 §8.6",
            ),
            Self::AccessDenied => (
                "consent.denied",
                "The user did not allow this.",
                "Explain to the user what the access is for and let them start again.",
                "OAuth 2.1 §4.1.2.1",
            ),
            Self::InteractionInvalid => (
                "interaction.invalid",
                "This address does not belong to a sign-in that was begun here.",
                "Go back to the app and start again; do not bookmark or change addresses of the sign-in.",
                "RFC 9700 §4.7",
            ),
            Self::InteractionOfAnotherBrowser => (
                "interaction.other_browser",
                "This sign-in was begun in another browser, or this browser lost its cookies.",
                "Go back to the app and start again in this browser, with cookies allowed.",
                "RFC 9700 §4.7; OWASP ASVS 7.2",
            ),
            Self::InteractionExpired => (
                "interaction.expired",
                "This sign-in took too long and has expired.",
                "Go back to the app and start again.",
                "OWASP ASVS 7.3",
            ),
            Self::FormFromAnotherSite => (
                "form.cross_site",
                "The form was sent from another site.",
                "Use the page of this server itself.",
                "OWASP ASVS 3.5",
            ),
            Self::ClientAuthenticationMissing => (
                "client_auth.missing",
                "The request does not say which client sends it.",
                "Authenticate as registered: Basic, client_secret in the form, or client_id alone for a public client.",
                "OAuth 2.1 §3.2.1",
            ),
            Self::ClientAuthenticationMalformed => (
                "client_auth.malformed",
                "The Authorization header is not a well-formed Basic credential.",
                "Form-encode id and secret, join them with a colon and send the base64 of it.",
                "RFC 6749 §2.3.1",
            ),
            Self::ClientAuthenticationAmbiguous => (
                "client_auth.ambiguous",
                "The request authenticates the client in two ways.",
                "Use one: the Authorization header or the form.",
                "OAuth 2.1 §2.4",
            ),
            Self::ClientAuthenticationMethod => (
                "client_auth.method",
                "The client authenticates in another way than it registered.",
                "Use the registered token_endpoint_auth_method, or change the registration.",
                "RFC 7591 §2; OpenID Connect Core §9",
            ),
            Self::ClientSecretWrong => (
                "client_auth.failed",
                "The client's credentials are not right.",
                "Send the client_secret as it was shown once, or replace it: proofkey client rotate-secret.",
                "OAuth 2.1 §2.4.1",
            ),
            Self::ClientPublic => (
                "client.public",
                "A public client cannot do this: nothing proves who it is.",
                "Register a confidential client for this.",
                "OAuth 2.1 §4.2",
            ),
            Self::GrantTypeUnsupported => (
                "grant_type.unsupported",
                "This grant_type does not exist here.",
                "Use authorization_code, refresh_token or client_credentials.",
                "OAuth 2.1 §3.2.4; RFC 9700 §2.4",
            ),
            Self::CodeInvalid => (
                "code.invalid",
                "The code is not one that this server issued.",
                "Send the code exactly as it arrived at the redirect URI, decoded once.",
                "OAuth 2.1 §4.1.3",
            ),
            Self::CodeOfAnotherClient => (
                "code.other_client",
                "The code was issued to another client.",
                "Redeem a code with the client_id that asked for it.",
                "OAuth 2.1 §4.1.3",
            ),
            Self::CodeExpired => (
                "code.expired",
                "The code has expired.",
                "Redeem the code at once when it arrives; start the flow again for a new one.",
                "OAuth 2.1 §4.1.2",
            ),
            Self::CodeRedeemed => (
                "code.redeemed",
                "The code has been redeemed already, so what it gave has been revoked.",
                "Redeem each code once. Look for a request sent twice, or for a code that leaked.",
                "OAuth 2.1 §4.1.3; RFC 9700 §4.5",
            ),
            Self::CodeBurnt => (
                "code.burnt",
                "Too many wrong verifiers were sent with this code.",
                "Start the flow again, and keep the verifier of each attempt with its state.",
                "RFC 7636 §7.1",
            ),
            Self::RedirectUriMismatch => (
                "code.redirect_uri",
                "The redirect_uri is not the one of the authorization request.",
                "Send the same redirect_uri in both requests, or leave it out here.",
                "OAuth 2.1 §10.2; RFC 6749 §4.1.3",
            ),
            Self::VerifierMissing => (
                "pkce.verifier_missing",
                "The code was asked for with a challenge, and no code_verifier came.",
                "Send the code_verifier whose challenge the authorization request carried.",
                "OAuth 2.1 §4.1.3",
            ),
            Self::VerifierUnexpected => (
                "pkce.verifier_unexpected",
                "A code_verifier came, but the code was asked for without a challenge.",
                "Send code_challenge in the authorization request; if you did, somebody removed it.",
                "RFC 9700 §4.8.2",
            ),
            Self::VerifierMalformed => (
                "pkce.verifier_malformed",
                "The code_verifier is not 43 to 128 unreserved characters.",
                "Make the verifier from 32 random octets in base64url.",
                "RFC 7636 §4.1",
            ),
            Self::VerifierWrong => (
                "pkce.verifier_wrong",
                "The code_verifier is not the secret behind the code_challenge.",
                "Send the verifier of the same attempt: its SHA-256 in base64url must be the challenge.",
                "RFC 7636 §4.6",
            ),
            Self::UserDisabled => (
                "user.disabled",
                "The user's account has been disabled.",
                "Sign the user in again once an operator has enabled the account.",
                "OAuth 2.1 §4.3.1",
            ),
            Self::SessionEnded => (
                "session.ended",
                "The user's session has ended, or the password was changed since.",
                "Send the user to sign in again.",
                "RFC 10017 §6.3.2.3",
            ),
            Self::ConsentWithdrawn => (
                "consent.withdrawn",
                "The user has withdrawn what was allowed.",
                "Send the user through the authorization endpoint again.",
                "OAuth 2.1 §4.3.1",
            ),
            Self::RefreshTokenInvalid => (
                "refresh_token.invalid",
                "The refresh token is not one that this server issued.",
                "Send the newest refresh token exactly as it came.",
                "OAuth 2.1 §4.3.1",
            ),
            Self::RefreshTokenOfAnotherClient => (
                "refresh_token.other_client",
                "The refresh token was issued to another client.",
                "Use a refresh token with the client_id that got it.",
                "OAuth 2.1 §4.3.1",
            ),
            Self::TokenOfAnotherClient => (
                "token.other_client",
                "The token was issued to another client.",
                "Revoke a token with the client_id that got it.",
                "RFC 7009 §2.1",
            ),
            Self::RefreshTokenExpired => (
                "refresh_token.expired",
                "The refresh token has expired.",
                "Send the user to sign in again.",
                "OAuth 2.1 §4.3.1",
            ),
            Self::RefreshTokenRetired => (
                "refresh_token.reused",
                "The refresh token was replaced by one that has been used, so the whole grant has been revoked.",
                "Store each new refresh token before using the access token beside it; if you do, a token leaked.",
                "OAuth 2.1 §4.3.1; RFC 9700 §4.14",
            ),
            Self::GrantRevoked => (
                "grant.revoked",
                "What the user granted has been revoked.",
                "Send the user to sign in again.",
                "OAuth 2.1 §4.3.1",
            ),
            Self::ScopeBeyondGrant => (
                "scope.beyond_grant",
                "The request asks for a scope that was not granted.",
                "Ask for a part of the granted scope, or authorize again.",
                "OAuth 2.1 §4.3.1",
            ),
            Self::TokenMissing => (
                "token.missing",
                "The request carries no access token.",
                "Send Authorization: Bearer and the access token. A token in the query is not read.",
                "RFC 6750 §2.1, §3",
            ),
            Self::TokenInvalid => (
                "token.invalid",
                "The access token is malformed, expired, revoked, or not from this server.",
                "Refresh the token and try again.",
                "RFC 6750 §3.1",
            ),
            Self::TokenAudience => (
                "token.audience",
                "The access token is not for this server.",
                "Ask for a token with the scope openid and without resource, or with resource set to the issuer.",
                "RFC 9068 §4",
            ),
            Self::TokenScope => (
                "token.scope",
                "The access token lacks a scope that is needed here.",
                "Authorize with the scope openid.",
                "RFC 6750 §3.1",
            ),
            Self::TokenTransports => (
                "token.transports",
                "The access token came in two ways at once.",
                "Send the token in the Authorization header alone.",
                "RFC 6750 §2",
            ),
            Self::TooManyFailures => (
                "limit.failures",
                "Too many failed attempts came from this address.",
                "Wait as long as Retry-After says, and check the credentials.",
                "OAuth 2.1 §2.4.1",
            ),
        };
        Explanation { rule, cause, fix, standard }
    }
}
