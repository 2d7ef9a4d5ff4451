//! Refreshing (OAuth 2.1 §4.3): lossless rotation.
//!
//! A token stays good while none of its successors was used, so a lost reply costs nothing. The first successor used
//! retires its parent and its siblings; a retired token revokes the family. No clock decides any of it.

use proofkey_oauth::{GrantType, RefreshRequest, Scope};

use super::issue::{AccessPlan, Issue, IssuedRefresh};
use crate::client::{AuthenticatedClient, Client};
use crate::commit::{Commit, Verdict};
use crate::cx::Cx;
use crate::facts::{GrantFacts, SubjectFacts};
use crate::grant;
use crate::refresh_token::RefreshToken;
use crate::refusal::Refusal;

/// What the shell loaded about a refresh token's grant.
pub type RefreshFacts = Option<(GrantFacts, SubjectFacts)>;

/// Decides about a refresh token. `token` is what the request's text read as.
pub fn refresh(
    request: &RefreshRequest,
    token: Option<&RefreshToken>,
    client: &AuthenticatedClient,
    facts: &RefreshFacts,
    cx: &mut Cx<'_>,
) -> Verdict<Result<Issue, Refusal>> {
    let client = client.client();
    let (token, grant, subject) = match bound_token(token, client, facts) {
        Ok(found) => found,
        Err(refusal) => return Verdict::unchanged(Err(refusal)),
    };
    // Before the rest: a replay is a sign of theft even while the user cannot be served, and must not be forgotten until
    // the account is enabled again.
    if grant.revoked_at.is_none() && token.is_retired(grant) {
        return Verdict::after(
            Commit::RevokeGrant { grant: grant.id, at: cx.now },
            Err(Refusal::RefreshTokenRetired),
        );
    }
    if let Err(refusal) = grant::standing(grant, subject, client, cx.now) {
        return Verdict::unchanged(Err(refusal));
    }
    let plan = match narrowed(request, grant, client, cx) {
        Ok(plan) => plan,
        Err(refusal) => return Verdict::unchanged(Err(refusal)),
    };
    let generation = token.generation.saturating_add(1);
    let next = IssuedRefresh { token: RefreshToken::issue(grant.id, generation, cx), generation };
    let expires_at = grant.ends_at.min(cx.now + cx.policy.refresh_idle_seconds);
    let commit = Commit::UseRefreshToken {
        grant: grant.id,
        generation: token.generation,
        token: token.hash,
        expires_at,
    };
    Verdict::after(commit, Ok(plan.for_grant(grant, client, None, Some(next), cx)))
}

fn bound_token<'a>(
    token: Option<&'a RefreshToken>,
    client: &Client,
    facts: &'a RefreshFacts,
) -> Result<(&'a RefreshToken, &'a GrantFacts, &'a SubjectFacts), Refusal> {
    if !client.may(GrantType::RefreshToken) {
        return Err(Refusal::GrantTypeUnregistered);
    }
    let token = token.ok_or(Refusal::RefreshTokenInvalid)?;
    let (grant, subject) = facts.as_ref().ok_or(Refusal::RefreshTokenExpired)?;
    if grant.client_id != client.id {
        return Err(Refusal::RefreshTokenOfAnotherClient);
    }
    Ok((token, grant, subject))
}

/// A narrower scope narrows this access token alone; the grant keeps its own (OAuth 2.1 §4.3.1).
fn narrowed(
    request: &RefreshRequest,
    grant: &GrantFacts,
    client: &Client,
    cx: &Cx<'_>,
) -> Result<AccessPlan, Refusal> {
    let scope = match request.scope.as_deref() {
        None => grant.scope.clone(),
        Some(sent) => Scope::parse(sent).map_err(|_| Refusal::ScopeMalformed)?,
    };
    if !scope.is_subset(&grant.scope) {
        return Err(Refusal::ScopeBeyondGrant);
    }
    let requested = cx.apis.resources(&request.resource, &cx.policy.issuer)?;
    AccessPlan::new(&requested, &grant.resources, &scope, client, cx)
}
