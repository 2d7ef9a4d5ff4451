//! The check of an access token (RFC 9068 §4): pure, with keys, policy and time as arguments.

use proofkey_jose::{
    Algorithm, Expected, JwsError, KeySet, Typ,
    claims::{self, AccessTokenClaims, Audience, TimeError},
    verify,
};
use proofkey_oauth::{Scope, normal_uri};
use serde_json::Value;

use crate::AccessToken;

/// The most that clocks may differ. No honest clock is wrong by more; a longer leeway would only keep expired
/// tokens alive.
pub const LEEWAY_SECONDS_MAX: u32 = 60;

const LEEWAY_SECONDS_USUAL: u32 = 5;

/// What an API accepts. Fixed at start, never taken from a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    issuer: String,
    audience: String,
    algorithms: Vec<Algorithm>,
    leeway_seconds: u32,
}

/// The leeway is above [`LEEWAY_SECONDS_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the leeway may be {LEEWAY_SECONDS_MAX} seconds at most")]
pub struct LeewayTooLong;

impl Policy {
    /// Tokens of `issuer` for `audience`, in any algorithm that we have, with five seconds of leeway.
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            audience: audience.into(),
            algorithms: Algorithm::ALL.to_vec(),
            leeway_seconds: LEEWAY_SECONDS_USUAL,
        }
    }

    /// The same, but in these algorithms only.
    #[must_use]
    pub fn with_algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = algorithms.into_iter().collect();
        self
    }

    /// The same, but with another leeway.
    pub fn with_leeway_seconds(mut self, leeway_seconds: u32) -> Result<Self, LeewayTooLong> {
        if leeway_seconds > LEEWAY_SECONDS_MAX {
            return Err(LeewayTooLong);
        }
        self.leeway_seconds = leeway_seconds;
        Ok(self)
    }
}

/// The rule that an access token breaks. Its text goes to the caller and carries nothing that was in the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenRefusal {
    /// The form, the header, the key or the signature: [`JwsError`] says which.
    #[error(transparent)]
    Jws(#[from] JwsError),
    /// A required claim is absent, or a claim has the wrong type (RFC 9068 §2.2).
    #[error("a claim of the token is missing, doubled or of the wrong type")]
    Claims,
    /// A claim that must name something is empty.
    #[error("a claim of the token is empty")]
    EmptyClaim,
    /// `iss` is another authorization server.
    #[error("the token comes from another issuer")]
    Issuer,
    /// `aud` does not name this API.
    #[error("the token is for another API")]
    Audience,
    /// `exp` has passed, or `nbf` or `iat` lies in the future.
    #[error(transparent)]
    Time(#[from] TimeError),
    /// `scope` breaks its grammar (RFC 6749 §3.3).
    #[error("the scope of the token is malformed")]
    Scope,
    /// `cnf` is present: the token is bound to a key whose proof a bearer does not bring (RFC 9449 §7.2).
    #[error("the token is bound to a key and cannot be used as a bearer token")]
    Bound,
    /// Introspection says that the token is no longer active.
    #[error("the token has been revoked")]
    Revoked,
}

/// Checks an access token completely, or says which rule it breaks.
pub fn validate(token: &str, keys: &KeySet, policy: &Policy, now: i64) -> Result<AccessToken, TokenRefusal> {
    let expected = Expected { typ: &[Typ::AccessToken], algorithms: &policy.algorithms };
    let verified = verify(token, keys, &expected)?;
    let known: AccessTokenClaims = claims::parse(&verified.payload).map_err(|_| TokenRefusal::Claims)?;
    let all: Value = serde_json::from_slice(&verified.payload).map_err(|_| TokenRefusal::Claims)?;
    if [&known.sub, &known.client_id, &known.jti].into_iter().any(String::is_empty) {
        return Err(TokenRefusal::EmptyClaim);
    }
    if known.iss != policy.issuer {
        return Err(TokenRefusal::Issuer);
    }
    if !is_for(&known.aud, &policy.audience) {
        return Err(TokenRefusal::Audience);
    }
    in_time(&known, now, policy)?;
    if all.get("cnf").is_some() {
        return Err(TokenRefusal::Bound);
    }
    let scope = Scope::parse(known.scope.as_deref().unwrap_or_default()).map_err(|_| TokenRefusal::Scope)?;
    Ok(AccessToken::new(known, scope, all))
}

/// Whether the token is for this API: under the very name that it was given, or under another spelling of it (RFC 3986 §6.2.2,
/// §6.2.3), for the issuer writes the one that was registered there.
fn is_for(audience: &Audience, api: &str) -> bool {
    if audience.contains(api) {
        return true;
    }
    let normal = normal_uri(api);
    audience.as_slice().iter().any(|named| normal_uri(named) == normal)
}

/// The part of the check that each request makes anew, though the token has passed before.
pub(crate) fn in_time(known: &AccessTokenClaims, now: i64, policy: &Policy) -> Result<(), TimeError> {
    let leeway_seconds = policy.leeway_seconds;
    claims::ensure_not_expired(known.exp, now, leeway_seconds)?;
    claims::ensure_issued(known.iat, now, leeway_seconds)?;
    match known.nbf {
        Some(nbf) => claims::ensure_not_before(nbf, now, leeway_seconds),
        None => Ok(()),
    }
}
