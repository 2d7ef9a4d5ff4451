//! Redeeming an authorization code (OAuth 2.1 §4.1.3), once [`CodeGrant::entitling_code`] has checked it.

use std::borrow::Cow;

use proofkey_oauth::{GrantType, standard_scope};

use super::allowed::AllowedClient;
use super::entitlement::{Basis, Entitlement};
use super::entitling_code::{CodeGrant, EntitlingCode, SKEW_SECONDS};
use super::issue::{AccessPlan, Issue, IssuedRefresh};
use super::refused::Refused;
use super::requested::RequestedApi;
use crate::code::AuthorizationCode;
use crate::commit::{Commit, Verdict};
use crate::cx::Cx;
use crate::facts::GrantFacts;
use crate::refresh_chain::RefreshChain;
use crate::refresh_token::RefreshToken;

impl<'a> CodeGrant<'a> {
    pub(super) fn entitlement(
        &self,
        client: AllowedClient<'_>,
        cx: &Cx<'_>,
    ) -> Result<Entitlement<'a>, Refused> {
        let entitling = self.entitling_code(&client, cx)?;
        let requested = RequestedApi::read(&self.request.resource, cx)?;
        let code = entitling.code();
        let (scope, apis) = (Cow::Borrowed(&code.scope), Cow::Borrowed(&code.apis));
        let user = self.user.filter(|user| user.id == code.user_id);
        Ok(Entitlement { scope, apis, requested, user, basis: Basis::Code(entitling) })
    }
}

/// The grant that a code makes, and the tokens that come with it.
pub(super) fn issue(
    entitling: EntitlingCode<'_>,
    plan: AccessPlan<'_>,
    cx: &mut Cx<'_>,
) -> Verdict<Box<Issue>> {
    let code = entitling.code();
    let refreshes = code.scope.contains(standard_scope::OFFLINE_ACCESS)
        && plan.client().allows_grant(GrantType::RefreshToken);
    let grant = new_grant(code, refreshes, &plan, cx);
    let refresh = refreshes.then(|| IssuedRefresh {
        token: RefreshToken::issue(grant.id, 1, cx),
        generation: 1,
        repeated: false,
    });
    let issue = plan.for_grant(&grant, code.nonce.clone(), refresh, cx);
    let (failures_max, ends_suspects) = (cx.policy.code_failures_max, entitling.ends_suspects());
    Verdict::after(Commit::RedeemCode { grant: Box::new(grant), failures_max, ends_suspects }, issue)
}

fn new_grant(code: &AuthorizationCode, refreshes: bool, plan: &AccessPlan<'_>, cx: &Cx<'_>) -> GrantFacts {
    let client = plan.client();
    let access_ends = plan.expires_at(cx.now).max(code.expires_at) + SKEW_SECONDS;
    let ends_at = if refreshes { cx.now + cx.policy.refresh_absolute_seconds } else { access_ends };
    let idle_ends = cx.now + cx.policy.refresh_idle_seconds;
    GrantFacts {
        id: code.id,
        client_id: client.id.clone(),
        user_id: code.user_id.clone(),
        session_id: code.session_id,
        scope: code.scope.clone(),
        apis: code.apis.clone(),
        authentication: code.authentication.clone(),
        // Not before its code, which another node may have made whose clock is a little ahead.
        created_at: cx.now.max(code.id.issued_at()),
        user_valid_from: code.user_valid_from,
        client_valid_from: code.client_valid_from,
        expires_at: if refreshes { ends_at.min(idle_ends) } else { ends_at },
        ends_at,
        session_bound: client.is_browser_app(),
        refresh: RefreshChain::default(),
        revoked_at: None,
    }
}
