//! An access token that has passed every check.

use std::sync::Arc;

use proofkey_jose::claims::{AccessTokenClaims, Audience};
use proofkey_oauth::Scope;
use serde_json::Value;

/// A validated access token. Only [`crate::validate`] makes one, so to hold one is to have checked it. Cheap to clone.
#[derive(Clone, Debug, PartialEq)]
pub struct AccessToken(Arc<Content>);

#[derive(Debug, PartialEq)]
struct Content {
    scope: Scope,
    known: AccessTokenClaims,
    claims: Value,
}

/// The identity that a token stands for. A subject is unique only within its issuer, so the pair is the identity
/// (RFC 7519 §4.1.2): never key a user by `sub` alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity<'a> {
    /// The authorization server that knows the subject.
    pub issuer: &'a str,
    /// The user or client there.
    pub subject: &'a str,
}

impl AccessToken {
    pub(crate) fn new(known: AccessTokenClaims, scope: Scope, claims: Value) -> Self {
        Self(Arc::new(Content { scope, known, claims }))
    }

    /// The claims that RFC 9068 §2.2 names.
    pub(crate) fn known(&self) -> &AccessTokenClaims {
        &self.0.known
    }

    /// The authorization server that issued it.
    pub fn issuer(&self) -> &str {
        &self.0.known.iss
    }

    /// The user, or the client itself; see [`Self::is_client_token`].
    pub fn subject(&self) -> &str {
        &self.0.known.sub
    }

    /// Issuer and subject together: the key for data about a user.
    pub fn identity(&self) -> Identity<'_> {
        Identity { issuer: &self.0.known.iss, subject: &self.0.known.sub }
    }

    /// The client that the token was issued to.
    pub fn client_id(&self) -> &str {
        &self.0.known.client_id
    }

    /// Whether the client acts for itself: no user stands behind this token (RFC 9068 §2.2).
    pub fn is_client_token(&self) -> bool {
        self.0.known.sub == self.0.known.client_id
    }

    /// The granted scopes; empty if the token has none.
    pub fn scope(&self) -> &Scope {
        &self.0.scope
    }

    /// The APIs that the token is for; this one is among them.
    pub fn audience(&self) -> &Audience {
        &self.0.known.aud
    }

    /// The id of the token.
    pub fn jti(&self) -> &str {
        &self.0.known.jti
    }

    /// When the token ends, in seconds since 1970.
    pub fn expires_at(&self) -> i64 {
        self.0.known.exp.seconds()
    }

    /// When the user signed in, in seconds since 1970.
    pub fn signed_in_at(&self) -> Option<i64> {
        self.0.known.auth_time.map(|at| at.seconds())
    }

    /// Every claim, as the issuer wrote it.
    pub fn claims(&self) -> &Value {
        &self.0.claims
    }
}
