//! Whether a refresh token is good for another one, and which.

use proofkey_oauth::Secret;

use super::refused::Refused;
use crate::client::Client;
use crate::commit::Commit;
use crate::cx::Cx;
use crate::facts::GrantFacts;
use crate::refresh_chain::{RefreshChain, RefreshOverlap, RefreshUse, Unusable};
use crate::refresh_token::RefreshToken;
use crate::refusal::Refusal;

/// Proof that a refresh token may be used. Made by [`CurrentToken::check`] alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct CurrentToken<'a> {
    token: &'a RefreshToken,
    how: RefreshUse,
    overlap: RefreshOverlap,
}

/// What the use of a refresh token brings.
pub(super) struct Successor {
    pub(super) token: Secret,
    pub(super) generation: i64,
    /// Whether the token sent had been used before.
    pub(super) repeated: bool,
    /// What the row has from now on. `None` if it stays as it is.
    pub(super) chain: Option<RefreshChain>,
}

impl<'a> CurrentToken<'a> {
    /// A retired token is in two hands: what its family gave is revoked, unless it was before. A client whose processes
    /// share a sign-in cannot be told from a thief so; there the family goes on, suspect until the person signs in again.
    pub(super) fn check(
        token: &'a RefreshToken,
        grant: &GrantFacts,
        client: &Client,
        cx: &Cx<'_>,
    ) -> Result<Self, Refused> {
        let (chain, overlap) = (&grant.refresh, RefreshOverlap::of(client, cx.policy));
        let how = match chain.judge(token, overlap, cx.now, cx.keys) {
            Ok(how) => how,
            // Whatever the token is, the grant speaks first.
            Err(_) if grant.revoked_at.is_some() => return Err(Refusal::GrantRevoked.into()),
            Err(Unusable::Ahead) => return Err(Refusal::RefreshTokenAhead.into()),
            Err(Unusable::Retired) if !overlap.shared => {
                let revoke = Commit::RevokeGrant { grant: grant.id, at: cx.now };
                return Err(Refused::after(revoke, Refusal::RefreshTokenRetired));
            }
            Err(Unusable::Retired) if chain.suspect => return Err(Refusal::RefreshTokenStale.into()),
            Err(Unusable::Retired) => {
                let suspect = Commit::SuspectGrant { grant: grant.id, revision: chain.revision + 1 };
                return Err(Refused::after(suspect, Refusal::RefreshTokenStale));
            }
        };
        Ok(Self { token, how, overlap })
    }

    /// The token that follows.
    pub(super) fn successor(self, grant: &GrantFacts, cx: &mut Cx<'_>) -> Successor {
        let Self { token, how, overlap } = self;
        let (chain, repeated) = (&grant.refresh, how != RefreshUse::First);
        let next = match how {
            RefreshUse::First => Some(chain.advanced(token, overlap, cx.now, cx.keys.newest())),
            RefreshUse::Repeated => None,
            RefreshUse::Late => (!chain.forked).then(|| chain.forked()),
        };
        let current = next.as_ref().unwrap_or(chain);
        let generation = current.generation.saturating_add(1);
        let derived = current.used.zip(current.child_key).filter(|_| !current.forked);
        let token = derived
            .and_then(|(parent, key)| RefreshToken::derive(grant.id, generation, &parent, key, cx.keys))
            .unwrap_or_else(|| RefreshToken::issue(grant.id, generation, cx));
        Successor { token, generation, repeated, chain: next }
    }
}
