//! Refreshing (OAuth 2.1 §4.3): rotation that loses nothing and forgives for a while.
//!
//! A token stays good while none of its successors was used, so a lost reply costs nothing; the first successor used retires
//! it and its siblings, after an overlap. Which token is good is for [`crate::refresh_chain`] to say.

use std::borrow::Cow;

use proofkey_oauth::{RefreshRequest, Scope};

use super::allowed::AllowedClient;
use super::current_token::{CurrentToken, Successor};
use super::entitlement::{Basis, Entitlement};
use super::issue::{AccessPlan, Issue, IssuedRefresh};
use super::refused::Refused;
use super::requested::RequestedApi;
use crate::commit::{Commit, Verdict};
use crate::cx::Cx;
use crate::facts::GrantFacts;
use crate::grant::{ActiveGrant, GrantWithSubject};
use crate::records::UserRecord;
use crate::refresh_token::RefreshToken;
use crate::refusal::{Named, Refusal};

/// A request to refresh.
#[derive(Debug)]
pub struct RefreshGrant<'a> {
    /// The request as it was sent.
    pub request: &'a RefreshRequest,
    /// What the request's token read as.
    pub token: Option<&'a RefreshToken>,
    /// The grant that the token names.
    pub grant: Option<&'a GrantWithSubject>,
    /// The record of the grant's user, where [`crate::Client::needs_user`] says so.
    pub user: Option<&'a UserRecord>,
}

impl<'a> RefreshGrant<'a> {
    pub(super) fn entitlement(
        &self,
        client: AllowedClient<'_>,
        cx: &Cx<'_>,
    ) -> Result<Entitlement<'a>, Refused> {
        let token = self.token.ok_or(Refusal::RefreshTokenInvalid)?;
        let row = self.grant.ok_or(Refusal::RefreshTokenExpired)?;
        let own = row.of(&client).ok_or(Refusal::RefreshTokenOfAnotherClient)?;
        // Before the rest: a replay is a sign of theft even while the user cannot be served, and must not be forgotten until
        // the account is enabled again.
        let token = CurrentToken::check(token, own.grant(), &client, cx)?;
        let active = own.check_active(cx)?;
        let grant = active.grant();
        let scope = self.narrowed(grant)?;
        let requested = RequestedApi::read(&self.request.resource, cx)?;
        let user = self.user.filter(|user| user.id == grant.user_id);
        let (apis, basis) = (Cow::Borrowed(&grant.apis), Basis::RefreshToken(token, active));
        Ok(Entitlement { scope, apis, requested, user, basis })
    }

    /// A narrower scope narrows this access token alone; the grant keeps its own (OAuth 2.1 §4.3.1).
    fn narrowed(&self, grant: &'a GrantFacts) -> Result<Cow<'a, Scope>, Refusal> {
        let Some(sent) = self.request.scope.as_deref() else { return Ok(Cow::Borrowed(&grant.scope)) };
        let scope = Scope::parse(sent).map_err(|_| Refusal::ScopeMalformed)?;
        if let Some(token) = scope.iter().find(|token| !grant.scope.contains(token)) {
            return Err(Refusal::ScopeBeyondGrant(Named::of(token)));
        }
        Ok(Cow::Owned(scope))
    }
}

/// The tokens that follow. Within the overlap nothing is written.
pub(super) fn issue(
    current: CurrentToken<'_>,
    active: ActiveGrant<'_>,
    plan: AccessPlan<'_>,
    cx: &mut Cx<'_>,
) -> Verdict<Box<Issue>> {
    let grant = active.grant();
    let Successor { token, generation, repeated, chain } = current.successor(grant, cx);
    let commit = chain.map(|chain| Commit::UseRefreshToken {
        grant: grant.id,
        chain,
        expires_at: grant.ends_at.min(cx.now + cx.policy.refresh_idle_seconds),
    });
    let next = IssuedRefresh { token, generation, repeated };
    Verdict { outcome: plan.for_grant(grant, None, Some(next), cx), commit }
}
