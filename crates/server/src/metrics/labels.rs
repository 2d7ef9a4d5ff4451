//! The labels: closed sets of names, each declared once.

use std::fmt;

use axum::http::StatusCode;
use prometheus_client::encoding::{EncodeLabelValue, LabelValueEncoder};

/// Declares a set of labels: the variants, the name that each has in the metrics, which queries and alerts are written
/// against, and a type that holds one value for each, so that no look-up can miss.
macro_rules! labels {
    (
        $(#[$doc:meta])*
        $type:ident, $per:ident { $($(#[$variant_doc:meta])* $variant:ident = $name:ident,)+ }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $type {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $type {
            /// Every value.
            #[cfg(test)]
            pub(super) const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name in the metrics.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($name),)+
                }
            }
        }

        impl EncodeLabelValue for $type {
            fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
                EncodeLabelValue::encode(&self.name(), encoder)
            }
        }

        #[derive(Clone, Debug)]
        pub(super) struct $per<T> {
            $($name: T,)+
        }

        impl<T> $per<T> {
            pub(super) fn new(make: impl Fn($type) -> T) -> Self {
                Self { $($name: make($type::$variant),)+ }
            }

            pub(super) const fn of(&self, label: $type) -> &T {
                match label {
                    $($type::$variant => &self.$name,)+
                }
            }
        }
    };
}

labels! {
    /// What a request was for.
    #[expect(missing_docs, reason = "each is the endpoint of that name")]
    Endpoint, PerEndpoint {
        Authorize = authorize,
        Token = token,
        Userinfo = userinfo,
        Introspect = introspect,
        Revoke = revoke,
        Jwks = jwks,
        Metadata = metadata,
        EndSession = end_session,
        SignIn = sign_in,
        Consent = consent,
        Other = other,
    }
}

labels! {
    /// How a request ended.
    RequestOutcome, PerOutcome {
        /// Served.
        Ok = ok,
        /// Refused: theirs.
        Refused = refused,
        /// Refused by a limit.
        Limited = limited,
        /// Failed: ours.
        Fault = fault,
    }
}

labels! {
    /// A security event that operators watch for.
    SecurityEvent, PerSecurityEvent {
        /// A user signed in.
        SignedIn = signed_in,
        /// A sign-in failed.
        SignInFailed = sign_in_failed,
        /// An account was locked.
        AccountLocked = account_locked,
        /// A client failed to authenticate.
        ClientRefused = client_refused,
        /// A redeemed code came again.
        CodeReplayed = code_replayed,
        /// A retired refresh token came again: its grant was revoked.
        RefreshReused = refresh_token_reused,
        /// A retired refresh token came from a client that shares its sign-ins: its grant is suspect.
        RefreshStale = refresh_token_stale,
        /// A used refresh token came again while that is forgiven, or its successor had not been used.
        RefreshRepeated = refresh_token_repeated,
        /// The same, from another address than before.
        RefreshRepeatedElsewhere = refresh_token_repeated_elsewhere,
        /// A refresh token is newer than the database.
        StoreBehind = store_behind,
        /// A signing key was rotated.
        KeyRotated = key_rotated,
    }
}

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

impl RequestOutcome {
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
