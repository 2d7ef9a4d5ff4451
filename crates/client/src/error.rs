//! What can go wrong, one variant per rule broken. Each message names the cause and the cure.
//!
//! Text that came from outside is clipped and stripped of control characters before it gets in here: these messages
//! are printed to terminals.

use std::path::PathBuf;

use proofkey_oauth::wire_text;
use thiserror::Error;

use crate::id_token::IdTokenError;
use crate::signed_userinfo::UserInfoError;

/// Longest piece of foreign text in a message, in characters.
const SHOWN_CHARS_MAX: usize = 200;

/// The rule that ended a call of this library, each with a message for a person.
#[derive(Debug, Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the message of each variant is its documentation")]
pub enum Error {
    // Configuration and addresses.
    #[error(
        "`{0}` is no issuer: that is an https URL (http only on 127.0.0.1, [::1] or localhost) without query and fragment"
    )]
    IssuerMalformed(String),
    #[error(
        "the client id is empty or holds characters outside printable ASCII: copy it from the registration"
    )]
    ClientIdMalformed,
    #[error(
        "the {what} `{url}` is not an absolute URL that we accept: no user information, fragment or white space"
    )]
    UrlMalformed { what: &'static str, url: String },
    #[error(
        "the {what} `{url}` is neither https nor http on a loopback address: use https, or 127.0.0.1, [::1] or localhost"
    )]
    UrlInsecure { what: &'static str, url: String },
    #[error(
        "the {what} `{url}` is not of the issuer's scheme: an https server has https addresses only, and one that is plain http \
         on this machine has http ones; report it to whoever runs the server"
    )]
    UrlOfOtherScheme { what: &'static str, url: String },
    #[error(
        "the {what} `{url}` holds characters that no authorization server needs; it is not given to a browser"
    )]
    UrlNotForBrowser { what: &'static str, url: String },

    // Discovery (RFC 8414 §3.3, OAuth 2.1 §7.10).
    #[error("{0} publishes no authorization server metadata: check the issuer's spelling")]
    MetadataNotFound(String),
    #[error("the metadata at {0} is not what RFC 8414 describes: report it to whoever runs the server")]
    MetadataMalformed(String),
    #[error(
        "asked for the issuer `{asked}`, but the metadata is that of `{claimed}`: use the name the server gives itself"
    )]
    IssuerMismatch { asked: String, claimed: String },
    #[error(
        "the server does not offer PKCE with S256, so its codes could be stolen: it has to be upgraded. If it does PKCE and only \
         does not say so, `--assume-pkce` goes on"
    )]
    ChallengeMethodMissing,
    #[error("the metadata names no {0}, which this needs")]
    EndpointMissing(&'static str),

    // Transport.
    #[error("{host} could not be reached ({cause}): check that it runs and that you are online")]
    Unreachable { host: String, cause: String },
    #[error(
        "the certificate of {host} is not trusted here ({cause}): add the authority that issued it to the system's trust store, \
         or name the server as its certificate does"
    )]
    CertificateUntrusted { host: String, cause: String },
    #[error("the {what} answered {status}: try again later")]
    ServerFailing { what: &'static str, status: u16 },
    #[error(
        "the {what} answered with a redirect, which is not followed: secrets go only where the metadata says"
    )]
    Redirected { what: &'static str },
    #[error("the {what} answered with status {status}, which has no meaning here")]
    StatusUnexpected { what: &'static str, status: u16 },
    #[error("the {what} answered with more than {bytes_max} bytes")]
    AnswerTooLong { what: &'static str, bytes_max: usize },

    // Waiting for the browser.
    #[error("no port on 127.0.0.1 or [::1] could be opened for the browser's return")]
    ListenerUnavailable(#[source] std::io::Error),
    #[error("port {port} of this machine, to which the browser is to return, could not be opened")]
    PortUnavailable {
        port: u16,
        #[source]
        cause: std::io::Error,
    },
    #[error("nobody finished the sign-in within five minutes: start it again")]
    SignInTimedOut,
    #[error(
        "the browser did not come back from signing out within five minutes: look there whether it is done"
    )]
    SignOutTimedOut,
    #[error("no browser could be started: open the printed address yourself")]
    BrowserUnavailable(#[source] std::io::Error),

    // The authorization response (OAuth 2.1 §4.1.2, RFC 9207 §2.4).
    #[error(
        "another authorization server answered than the one that was asked: sign in again, and only there"
    )]
    ResponseIssuerDiffers,
    #[error(
        "the answer does not say which authorization server it is from, though this one always does: sign in again"
    )]
    ResponseIssuerMissing,
    #[error(
        "the authorization response names a parameter twice, so it can be read in two ways: sign in again"
    )]
    ResponseAmbiguous,
    #[error(
        "the authorization response brings tokens instead of a code: this client takes no token from a browser"
    )]
    TokenInResponse,
    #[error("the authorization response has neither a code nor an error: sign in again")]
    CodeMissing,
    #[error("the authorization server refused: {code}{description}")]
    AuthorizationRefused { code: String, description: String },

    // The token response (OAuth 2.1 §3.2.3, §3.2.4).
    #[error("the {what} refused: {code}{description}{fix}")]
    TokenRefused { what: &'static str, code: String, description: String, fix: String },
    #[error("the token response cannot be used: `{0}` is missing or malformed")]
    TokenResponseMalformed(&'static str),
    #[error("the server issued a `{0}` token; this client uses bearer tokens only")]
    TokenTypeUnsupported(String),

    // Who signed in (OpenID Connect Core §3.1.3.7, §5.3.2).
    #[error(
        "`openid` was asked for, but no ID token came: the server does not do OpenID Connect for this client"
    )]
    IdTokenMissing,
    #[error(transparent)]
    IdToken(#[from] IdTokenError),
    #[error("the keys at the server's jwks_uri cannot be read")]
    KeysMalformed,
    #[error("userinfo describes another person than the ID token: the answer was discarded; sign in again")]
    SubjectDiffers,
    #[error("userinfo is not a JSON object with a `sub`")]
    UserInfoMalformed,
    #[error(
        "userinfo came encrypted, and this app has no key to read it: register no userinfo_encrypted_response_alg"
    )]
    UserInfoEncrypted,
    #[error("userinfo came signed, and cannot be believed")]
    UserInfoSignature(#[from] UserInfoError),
    #[error("userinfo needs the scope `openid`: sign in with it")]
    UserInfoNeedsOpenid,

    // The session.
    #[error("nobody is signed in: sign in first")]
    NotSignedIn,
    #[error("the sign-in has ended (signed out, revoked or too old): sign in again")]
    SignInAgain,
    #[error("the sign-in was not for all of the scope `{0}`: sign in again with it")]
    ScopeNotAsked(String),
    #[error("another process has been refreshing for too long: try again")]
    LockTimedOut,

    // Where tokens are kept.
    #[error("{path}: {cause}; check that the directory exists, is yours and has room")]
    StoreFailed { path: PathBuf, cause: std::io::Error },
    #[error("{0} cannot be read as tokens: remove it and sign in again")]
    StoreMalformed(PathBuf),
    #[error("the tokens are in the keyring, which cannot be reached now ({0}): unlock it, or sign in again")]
    KeyringUnavailable(String),
    #[error("there is no home directory to keep tokens in: set HOME")]
    NoDataDirectory,
    #[error("the operating system gives no random bytes: {0}")]
    RandomUnavailable(String),
    #[error("the background task was stopped before it ended")]
    Interrupted,

    // Calling an API (OAuth 2.1 §5.1, RFC 8707 §2).
    #[error("the sign-in names no API, so no address may get its token: sign in with --resource")]
    ResourceMissing,
    #[error("the API is named `{0}`, which is no address: nothing lies below it")]
    ResourceNotUrl(String),
    #[error("`{url}` is not at or below `{resource}`: the token is only for that API")]
    OutsideResource { url: String, resource: String },
    #[error(
        "the path of `{0}` holds encoded dots or slashes, which servers read in different ways: write them plainly"
    )]
    PathAmbiguous(String),
}

/// The kind of action that removes a failure, for programs that react to it (exit codes, retries).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    /// Sign in, or sign in again.
    SignIn,
    /// Wait for the network or the server.
    Retry,
    /// Change the configuration, the request or the server.
    Change,
}

impl Error {
    /// Which kind of action helps. The match is total, so that a new variant cannot be added without deciding this.
    pub const fn remedy(&self) -> Remedy {
        match self {
            Self::NotSignedIn
            | Self::SignInAgain
            | Self::ScopeNotAsked(_)
            | Self::StoreMalformed(_)
            | Self::KeyringUnavailable(_) => Remedy::SignIn,
            Self::Unreachable { .. } | Self::ServerFailing { .. } | Self::LockTimedOut => Remedy::Retry,
            Self::IssuerMalformed(_)
            | Self::ClientIdMalformed
            | Self::UrlMalformed { .. }
            | Self::UrlInsecure { .. }
            | Self::UrlOfOtherScheme { .. }
            | Self::UrlNotForBrowser { .. }
            | Self::MetadataNotFound(_)
            | Self::MetadataMalformed(_)
            | Self::IssuerMismatch { .. }
            | Self::ChallengeMethodMissing
            | Self::EndpointMissing(_)
            | Self::Redirected { .. }
            | Self::StatusUnexpected { .. }
            | Self::AnswerTooLong { .. }
            | Self::ListenerUnavailable(_)
            | Self::PortUnavailable { .. }
            | Self::CertificateUntrusted { .. }
            | Self::SignInTimedOut
            | Self::SignOutTimedOut
            | Self::BrowserUnavailable(_)
            | Self::ResponseIssuerDiffers
            | Self::ResponseIssuerMissing
            | Self::ResponseAmbiguous
            | Self::TokenInResponse
            | Self::CodeMissing
            | Self::AuthorizationRefused { .. }
            | Self::TokenRefused { .. }
            | Self::TokenResponseMalformed(_)
            | Self::TokenTypeUnsupported(_)
            | Self::IdTokenMissing
            | Self::IdToken(_)
            | Self::KeysMalformed
            | Self::SubjectDiffers
            | Self::UserInfoMalformed
            | Self::UserInfoEncrypted
            | Self::UserInfoSignature(_)
            | Self::UserInfoNeedsOpenid
            | Self::StoreFailed { .. }
            | Self::NoDataDirectory
            | Self::RandomUnavailable(_)
            | Self::Interrupted
            | Self::ResourceMissing
            | Self::ResourceNotUrl(_)
            | Self::OutsideResource { .. }
            | Self::PathAmbiguous(_) => Remedy::Change,
        }
    }
}

/// Foreign text made fit for a message: no control characters, no escape sequences, not endless.
pub(crate) fn shown(text: &str) -> String {
    let clipped: String = text.chars().take(SHOWN_CHARS_MAX).collect();
    wire_text(&clipped)
}

/// The same behind a separator, or nothing.
pub(crate) fn shown_after(separator: &str, text: Option<&str>) -> String {
    text.filter(|text| !text.is_empty()).map(|text| format!("{separator}{}", shown(text))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_cannot_steer_a_terminal() {
        let text = shown(&format!("\u{1b}[2J\r\n{}", "x".repeat(1000)));
        assert!(text.chars().all(|c| c.is_ascii_graphic() || c == ' '), "{text}");
        assert_eq!(text.chars().count(), SHOWN_CHARS_MAX);
        assert_eq!(
            (shown_after(": ", Some("a")), shown_after(": ", Some(""))),
            (": a".into(), String::new())
        );
    }
}
