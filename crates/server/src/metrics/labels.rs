//! The labels: closed sets of names.

use std::fmt;

use axum::http::StatusCode;
use prometheus_client::encoding::{EncodeLabelValue, LabelValueEncoder};

/// What a request was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is the endpoint of that name")]
pub enum Endpoint {
    Authorize,
    Token,
    Userinfo,
    Introspect,
    Revoke,
    Jwks,
    Metadata,
    EndSession,
    SignIn,
    Consent,
    Other,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Served.
    Ok,
    /// Refused: theirs.
    Refused,
    /// Refused by a limit.
    Limited,
    /// Failed: ours.
    Fault,
}

/// A security event that operators watch for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// A user signed in.
    SignedIn,
    /// A sign-in failed.
    SignInFailed,
    /// An account was locked.
    AccountLocked,
    /// A client failed to authenticate.
    ClientRefused,
    /// A redeemed code came again.
    CodeReplayed,
    /// A retired refresh token came again.
    RefreshReused,
    /// A signing key was rotated.
    KeyRotated,
}

/// Every endpoint, each at its own place.
pub(super) const ENDPOINTS: [Endpoint; 11] = [
    Endpoint::Authorize,
    Endpoint::Token,
    Endpoint::Userinfo,
    Endpoint::Introspect,
    Endpoint::Revoke,
    Endpoint::Jwks,
    Endpoint::Metadata,
    Endpoint::EndSession,
    Endpoint::SignIn,
    Endpoint::Consent,
    Endpoint::Other,
];
/// Every event, each at its own place.
pub(super) const EVENTS: [Event; 7] = [
    Event::SignedIn,
    Event::SignInFailed,
    Event::AccountLocked,
    Event::ClientRefused,
    Event::CodeReplayed,
    Event::RefreshReused,
    Event::KeyRotated,
];

impl Endpoint {
    /// Its path under the issuer.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Authorize => "/authorize",
            Self::Token => "/token",
            Self::Userinfo => "/userinfo",
            Self::Introspect => "/introspect",
            Self::Revoke => "/revoke",
            Self::Jwks => "/jwks",
            Self::Metadata => "/.well-known",
            Self::EndSession => "/end-session",
            Self::SignIn => "/sign-in",
            Self::Consent => "/consent",
            Self::Other => "elsewhere",
        }
    }
}

impl Outcome {
    /// The outcome that a status means.
    pub fn of(status: StatusCode) -> Self {
        match status.as_u16() {
            429 => Self::Limited,
            500.. => Self::Fault,
            400.. => Self::Refused,
            _ => Self::Ok,
        }
    }
}

/// Gives each value the name that it has in the metrics: queries and alerts are written against it, whatever the code calls it.
macro_rules! label_values {
    ($type:ty: $($variant:ident => $name:literal),+ $(,)?) => {
        impl EncodeLabelValue for $type {
            fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
                let name = match self {
                    $(Self::$variant => $name,)+
                };
                EncodeLabelValue::encode(&name, encoder)
            }
        }
    };
}

label_values! { Endpoint:
    Authorize => "authorize",
    Token => "token",
    Userinfo => "userinfo",
    Introspect => "introspect",
    Revoke => "revoke",
    Jwks => "jwks",
    Metadata => "metadata",
    EndSession => "end_session",
    SignIn => "sign_in",
    Consent => "consent",
    Other => "other",
}

label_values! { Outcome:
    Ok => "ok",
    Refused => "refused",
    Limited => "limited",
    Fault => "fault",
}

label_values! { Event:
    SignedIn => "signed_in",
    SignInFailed => "sign_in_failed",
    AccountLocked => "account_locked",
    ClientRefused => "client_refused",
    CodeReplayed => "code_replayed",
    RefreshReused => "refresh_token_reused",
    KeyRotated => "key_rotated",
}
