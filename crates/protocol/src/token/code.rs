//! Redeeming an authorization code (OAuth 2.1 §4.1.3).
//!
//! The order of the checks is part of the contract: client, redirect URI, verifier, and only then whether the code was
//! redeemed before. A replay that fails an earlier check revokes nothing, so a stolen code alone is no kill switch.

use std::borrow::Cow;

use proofkey_oauth::{CodeRequest, CodeVerifier, GrantType, standard_scope};

use super::allowed::AllowedClient;
use super::entitlement::{Basis, Entitlement, Refused};
use super::issue::{AccessPlan, Issue, IssuedRefresh};
use crate::client::Client;
use crate::code::AuthorizationCode;
use crate::commit::{Commit, Verdict};
use crate::cx::Cx;
use crate::facts::{CodeFacts, GrantFacts};
use crate::refresh_token::RefreshToken;
use crate::refusal::Refusal;
use crate::session;

/// How long a spent code is remembered beyond its expiry, for clocks that differ.
const SKEW_SECONDS: i64 = 60;

/// A request to redeem a code.
#[derive(Debug)]
pub struct CodeGrant<'a> {
    /// The request as it was sent.
    pub request: &'a CodeRequest,
    /// What the request's code opened to.
    pub code: Option<&'a AuthorizationCode>,
    /// What the store knows of that code.
    pub facts: &'a CodeFacts,
}

impl<'a> CodeGrant<'a> {
    pub(super) fn entitlement(
        &self,
        client: AllowedClient<'_>,
        cx: &Cx<'_>,
    ) -> Result<Entitlement<'a>, Refused> {
        let code = self.bound_code(&client, cx)?;
        self.check_verifier(code)?;
        self.check_unspent(code, cx)?;
        self.check_subject(code, &client, cx)?;
        let scope = Cow::Borrowed(&code.scope);
        Ok(Entitlement { scope, resources: &code.resources, basis: Basis::Code(code) })
    }

    /// The code, once it is known to be this client's, in time, and asked for at this address.
    fn bound_code(&self, client: &Client, cx: &Cx<'_>) -> Result<&'a AuthorizationCode, Refusal> {
        let code = self.code.ok_or(Refusal::CodeInvalid)?;
        if code.client_id != client.id {
            return Err(Refusal::CodeOfAnotherClient);
        }
        if cx.now >= code.expires_at {
            return Err(Refusal::CodeExpired);
        }
        match self.request.redirect_uri.as_deref() {
            Some(sent) if !code.was_redirected_to(sent) => Err(Refusal::RedirectUriMismatch),
            None if client.require_redirect_uri && code.redirect_uri_sent => {
                Err(Refusal::RedirectUriMismatch)
            }
            _ => Ok(code),
        }
    }

    /// The proof key: a challenge demands its verifier, and a verifier demands a challenge (RFC 9700 §4.8.2). A verifier that
    /// is wrong is counted: it may be a guess.
    fn check_verifier(&self, code: &AuthorizationCode) -> Result<(), Refused> {
        let refusal = match (&code.challenge, &self.request.code_verifier) {
            (None, None) => return Ok(()),
            (None, Some(_)) => return Err(Refusal::VerifierUnexpected.into()),
            (Some(_), None) => return Err(Refusal::VerifierMissing.into()),
            (Some(challenge), Some(sent)) => match CodeVerifier::parse(sent.expose()) {
                Ok(verifier) if challenge.matches(&verifier) => return Ok(()),
                Ok(_) => Refusal::VerifierWrong,
                Err(_) => Refusal::VerifierMalformed,
            },
        };
        let keep_until = code.expires_at + SKEW_SECONDS;
        Err(Refused::after(Commit::CountCodeFailure { code: code.id, keep_until }, refusal))
    }

    /// A code that was redeemed before is in two hands: what it gave is revoked.
    fn check_unspent(&self, code: &AuthorizationCode, cx: &Cx<'_>) -> Result<(), Refused> {
        if let Some(redemption) = &self.facts.redemption {
            // Once is enough: of two hundred losers of a race, one writes.
            return Err(match redemption.revoked_at {
                Some(_) => Refusal::CodeRedeemed.into(),
                None => {
                    let revoke = Commit::RevokeGrant { grant: code.id, at: cx.now };
                    Refused::after(revoke, Refusal::CodeRedeemed)
                }
            });
        }
        if self.facts.failures >= cx.policy.code_failures_max {
            return Err(Refusal::CodeLocked.into());
        }
        Ok(())
    }

    /// The client, the user and the session that the code names, the consent, and the registration hold as they did.
    fn check_subject(&self, code: &AuthorizationCode, client: &Client, cx: &Cx<'_>) -> Result<(), Refusal> {
        let subject = self.facts.subject.as_ref().ok_or(Refusal::UserDisabled)?;
        subject.client.check()?;
        if subject.user.disabled {
            return Err(Refusal::UserDisabled);
        }
        let live = subject
            .session
            .as_ref()
            .is_some_and(|session| session::is_live(session, &subject.user, cx.now, cx.policy));
        if !live {
            return Err(Refusal::SessionEnded);
        }
        let consent = subject.consent.as_ref().ok_or(Refusal::ConsentWithdrawn)?;
        if !code.scope.is_subset(&consent.scope) {
            return Err(Refusal::ConsentWithdrawn);
        }
        // The registration may have been narrowed since the authorization request.
        if code.scope.is_subset(&client.scope) { Ok(()) } else { Err(Refusal::ScopeUnregistered) }
    }
}

/// The grant that a code makes, and the tokens that come with it.
pub(super) fn issue(code: &AuthorizationCode, plan: AccessPlan<'_>, cx: &mut Cx<'_>) -> Verdict<Issue> {
    let refreshes = code.scope.contains(standard_scope::OFFLINE_ACCESS)
        && plan.client().allows_grant(GrantType::RefreshToken);
    let grant = new_grant(code, refreshes, &plan, cx);
    let refresh =
        refreshes.then(|| IssuedRefresh { token: RefreshToken::issue(grant.id, 1, cx), generation: 1 });
    let issue = plan.for_grant(&grant, code.nonce.clone(), refresh, cx);
    let failures_max = cx.policy.code_failures_max;
    Verdict::after(Commit::RedeemCode { grant: Box::new(grant), failures_max }, issue)
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
        resources: code.resources.clone(),
        authentication: code.authentication.clone(),
        created_at: cx.now,
        expires_at: if refreshes { ends_at.min(idle_ends) } else { ends_at },
        ends_at,
        session_bound: client.is_browser_app(),
        generation: 0,
        used: None,
        revoked_at: None,
    }
}
