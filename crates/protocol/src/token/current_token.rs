//! Whether a refresh token is retired: then it is in two hands.

use super::refused::Refused;
use crate::commit::Commit;
use crate::cx::Cx;
use crate::facts::GrantFacts;
use crate::refresh_token::RefreshToken;
use crate::refusal::Refusal;

/// Proof that a refresh token is not retired. Made by [`CurrentToken::check`] alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct CurrentToken<'a>(&'a RefreshToken);

impl<'a> CurrentToken<'a> {
    /// What the family of a retired token gave is revoked, unless it was before.
    pub(super) fn check(token: &'a RefreshToken, grant: &GrantFacts, cx: &Cx<'_>) -> Result<Self, Refused> {
        if grant.revoked_at.is_none() && token.is_retired(grant) {
            let revoke = Commit::RevokeGrant { grant: grant.id, at: cx.now };
            return Err(Refused::after(revoke, Refusal::RefreshTokenRetired));
        }
        Ok(Self(token))
    }

    pub(super) const fn token(self) -> &'a RefreshToken {
        self.0
    }
}
