//! Access tokens that come back to us: at userinfo, introspection and revocation.
//!
//! A valid signature says that we issued a token, not that it still holds: whether its grant lives is judged every time.

use proofkey_jose::claims::AccessTokenClaims;
use proofkey_oauth::{IntrospectionResponse, Issuer, Scope, Timestamp, standard_scope};

use crate::client::{AuthenticatedClient, Client};
use crate::commit::{Commit, Verdict};
use crate::facts::{GrantFacts, SubjectFacts, UserFacts};
use crate::grant;
use crate::ids::{GrantId, TokenId};
use crate::refresh_token::RefreshToken;
use crate::refusal::Refusal;

/// What the shell loaded about an access token whose signature is ours.
#[derive(Debug)]
pub struct TokenFacts<'a> {
    /// The grant it names, with the user behind it; none for a client's own token.
    pub grant: Option<&'a (GrantFacts, SubjectFacts)>,
    /// Whether the token itself was revoked.
    pub revoked: bool,
    /// The client it was issued to, while it is registered.
    pub client: Option<&'a Client>,
}

/// Proof that an access token holds right now. Made by [`live`] alone.
#[derive(Debug)]
pub struct LiveToken<'a> {
    claims: &'a AccessTokenClaims,
    user: Option<&'a UserFacts>,
}

/// The grant that a token names, for the shell to load.
pub fn grant_named(claims: &AccessTokenClaims) -> Option<GrantId> {
    claims.grant_id.as_deref().and_then(GrantId::parse)
}

/// Judges a token.
pub fn live<'a>(
    claims: &'a AccessTokenClaims,
    facts: &TokenFacts<'a>,
    now: Timestamp,
) -> Result<LiveToken<'a>, Refusal> {
    let client = facts.client.filter(|client| !client.disabled).ok_or(Refusal::TokenInvalid)?;
    if facts.revoked || now.seconds() >= claims.exp.seconds() {
        return Err(Refusal::TokenInvalid);
    }
    if claims.grant_id.is_none() {
        let own = claims.sub == client.id.as_str();
        return if own { Ok(LiveToken { claims, user: None }) } else { Err(Refusal::TokenInvalid) };
    }
    let (grant, subject) = facts.grant.ok_or(Refusal::TokenInvalid)?;
    grant::standing(grant, subject, client, now).map_err(|_| Refusal::TokenInvalid)?;
    Ok(LiveToken { claims, user: Some(&subject.user) })
}

/// Whether a token opens userinfo, and for which user and scope (OpenID Connect Core §5.3).
pub fn userinfo<'a>(token: &LiveToken<'a>, issuer: &Issuer) -> Result<(&'a UserFacts, Scope), Refusal> {
    let scope = token.claims.scope.as_deref().map(Scope::parse).and_then(Result::ok).unwrap_or_default();
    if !token.claims.aud.contains(issuer.as_str()) {
        return Err(Refusal::TokenAudience);
    }
    if !scope.contains(standard_scope::OPENID) {
        return Err(Refusal::TokenScope);
    }
    token.user.map(|user| (user, scope)).ok_or(Refusal::TokenInvalid)
}

/// Who introspects.
#[derive(Debug)]
pub enum Caller {
    /// A client, about its own tokens.
    Client(AuthenticatedClient),
    /// An API, about tokens for it.
    Api(proofkey_oauth::ResourceUri),
}

impl Caller {
    fn may_know(&self, claims: &AccessTokenClaims) -> bool {
        match self {
            Self::Client(_) => self.is_client(&claims.client_id),
            Self::Api(resource) => claims.aud.contains(resource.as_str()),
        }
    }

    /// Whether this is the client of that id. A public one proves nothing by naming itself, so it learns nothing.
    fn is_client(&self, id: &str) -> bool {
        match self {
            Self::Client(client) => !client.client().is_public() && client.client().id.as_str() == id,
            Self::Api(_) => false,
        }
    }
}

/// What a caller learns of an access token: nothing of one that is not its own (RFC 7662 §2.2, §4).
pub fn introspect(caller: &Caller, token: &LiveToken<'_>) -> IntrospectionResponse {
    let claims = token.claims;
    if !caller.may_know(claims) {
        return IntrospectionResponse::default();
    }
    IntrospectionResponse {
        active: true,
        scope: claims.scope.clone(),
        client_id: Some(claims.client_id.clone()),
        username: token.user.map(|user| user.username.clone()),
        token_type: Some("Bearer"),
        exp: Some(Timestamp(claims.exp.seconds())),
        iat: Some(Timestamp(claims.iat.seconds())),
        sub: Some(claims.sub.clone()),
        aud: claims.aud.as_slice().to_vec(),
        iss: Some(claims.iss.clone()),
        jti: Some(claims.jti.clone()),
        auth_time: claims.auth_time.map(|at| Timestamp(at.seconds())),
    }
}

/// What a client learns of a refresh token of its own.
pub fn introspect_refresh(
    caller: &Caller,
    token: &RefreshToken,
    facts: Option<&(GrantFacts, SubjectFacts)>,
    now: Timestamp,
    issuer: &Issuer,
) -> IntrospectionResponse {
    let (Caller::Client(client), Some((grant, subject))) = (caller, facts) else {
        return IntrospectionResponse::default();
    };
    let client = client.client();
    let stands =
        caller.is_client(grant.client_id.as_str()) && grant::standing(grant, subject, client, now).is_ok();
    if !stands || token.is_retired(grant) {
        return IntrospectionResponse::default();
    }
    IntrospectionResponse {
        active: true,
        scope: Some(grant.scope.to_string()),
        client_id: Some(client.id.to_string()),
        username: Some(subject.user.username.clone()),
        exp: Some(grant.expires_at),
        iat: Some(grant.created_at),
        sub: Some(grant.user_id.to_string()),
        iss: Some(issuer.as_str().to_owned()),
        ..IntrospectionResponse::default()
    }
}

/// A token that came to be revoked, as far as it could be read.
#[derive(Debug)]
pub enum Revocable<'a> {
    /// A refresh token with the client of its grant.
    Refresh(&'a RefreshToken, &'a crate::ids::ClientId),
    /// An access token of ours.
    Access(&'a AccessTokenClaims),
    /// Anything else: there is nothing to revoke, and that is success (RFC 7009 §2.2).
    Unknown,
}

/// Decides a revocation. A refresh token takes its grant and every access token with it; an access token goes alone
/// (RFC 7009 §2.1).
pub fn revoke(
    token: &Revocable<'_>,
    client: &AuthenticatedClient,
    now: Timestamp,
) -> Verdict<Result<(), Refusal>> {
    let own = &client.client().id;
    match token {
        Revocable::Unknown => Verdict::unchanged(Ok(())),
        Revocable::Refresh(token, owner) if *owner == own => {
            Verdict::after(Commit::RevokeGrant { grant: token.grant, at: now }, Ok(()))
        }
        Revocable::Access(claims) if claims.client_id == own.as_str() => {
            if now.seconds() >= claims.exp.seconds() {
                return Verdict::unchanged(Ok(()));
            }
            let keep_until = Timestamp(claims.exp.seconds());
            let commit =
                TokenId::parse(&claims.jti).map(|token| Commit::RevokeAccessToken { token, keep_until });
            Verdict { outcome: Ok(()), commit }
        }
        Revocable::Refresh(..) | Revocable::Access(_) => {
            Verdict::unchanged(Err(Refusal::TokenOfAnotherClient))
        }
    }
}

#[cfg(test)]
mod tests;
