//! Revocation (RFC 7009): whose tokens end, and what ends with them.

use proofkey_jose::claims::AccessTokenClaims;
use proofkey_oauth::Timestamp;

use crate::client::AuthenticatedClient;
use crate::commit::{Commit, Verdict};
use crate::ids::{ClientId, TokenId};
use crate::refresh_token::RefreshToken;
use crate::refusal::Refusal;

/// A token that came to be revoked, as far as it could be read.
#[derive(Debug)]
pub enum Revocable<'a> {
    /// A refresh token with the client of its grant.
    Refresh(&'a RefreshToken, &'a ClientId),
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
