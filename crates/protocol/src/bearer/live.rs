//! Whether an access token of ours holds right now.
//!
//! Nothing is told or given for a token that was not judged:
//!
//! ```compile_fail,E0451
//! # use proofkey_jose::claims::AccessTokenClaims;
//! # use proofkey_protocol::bearer::LiveToken;
//! fn forge(claims: &AccessTokenClaims) -> LiveToken<'_> {
//!     LiveToken { claims, user: None }
//! }
//! ```

use proofkey_jose::claims::AccessTokenClaims;
use proofkey_oauth::Timestamp;

use crate::client::Client;
use crate::clock::is_ahead;
use crate::cx::Cx;
use crate::facts::{AccessTokenFacts, ClientStatus, UserFacts, has_ended};
use crate::grant::GrantWithSubject;
use crate::ids::GrantId;
use crate::refusal::Refusal;

/// What the shell loaded about an access token whose signature is ours.
#[derive(Debug)]
pub struct TokenFacts<'a> {
    /// The grant it names, with the user behind it; none for a client's own token.
    pub grant: Option<&'a GrantWithSubject>,
    /// What the store knows of the token itself.
    pub token: AccessTokenFacts,
    /// The client it was issued to, while it is registered.
    pub client: Option<&'a Client>,
}

/// Proof that an access token holds right now. Made by [`live`] alone.
#[derive(Debug)]
pub struct LiveToken<'a> {
    claims: &'a AccessTokenClaims,
    user: Option<&'a UserFacts>,
}

impl<'a> LiveToken<'a> {
    /// What the token says.
    pub const fn claims(&self) -> &'a AccessTokenClaims {
        self.claims
    }

    /// The user whose grant it comes from; none for a client's own token.
    pub const fn user(&self) -> Option<&'a UserFacts> {
        self.user
    }
}

/// The grant that a token names, for the shell to load.
pub fn grant_named(claims: &AccessTokenClaims) -> Option<GrantId> {
    claims.grant_id.as_deref().and_then(GrantId::parse)
}

/// Judges a token.
pub fn live<'a>(
    claims: &'a AccessTokenClaims,
    facts: &TokenFacts<'a>,
    cx: &Cx<'_>,
) -> Result<LiveToken<'a>, Refusal> {
    let client = facts.client.filter(|client| !client.disabled).ok_or(Refusal::TokenInvalid)?;
    if facts.token.client != ClientStatus::Active
        || facts.token.revoked
        || cx.now.seconds() >= claims.exp.seconds()
        || is_ahead(Timestamp(claims.iat.seconds()), cx.now)
    {
        return Err(Refusal::TokenInvalid);
    }
    if claims.grant_id.is_none() {
        // No grant says when it was given.
        let mark = claims.valid_from.map(|mark| Timestamp(mark.seconds()));
        let ended = has_ended(mark, Timestamp(claims.iat.seconds()), facts.token.client_valid_from);
        let own = claims.sub == client.id.as_str();
        return if own && !ended { Ok(LiveToken { claims, user: None }) } else { Err(Refusal::TokenInvalid) };
    }
    let grant = facts.grant.and_then(|row| row.of(client)).ok_or(Refusal::TokenInvalid)?;
    let active = grant.check_active(cx).map_err(|_| Refusal::TokenInvalid)?;
    Ok(LiveToken { claims, user: Some(active.user()) })
}
