//! Redeeming an authorization code (OAuth 2.1 §4.1.3).
//!
//! The order of the checks is part of the contract: client, redirect URI, verifier, and only then whether the code was
//! redeemed before. A replay that fails an earlier check revokes nothing, so a stolen code alone is no kill switch.

use proofkey_oauth::{CodeRequest, CodeVerifier, GrantType, standard_scope};

use super::issue::{AccessPlan, Issue, IssuedRefresh};
use crate::client::{AuthenticatedClient, Client};
use crate::code::AuthorizationCode;
use crate::commit::{Commit, Verdict};
use crate::cx::Cx;
use crate::facts::{CodeFacts, GrantFacts};
use crate::refresh_token::RefreshToken;
use crate::refusal::Refusal;
use crate::session;

/// How long a spent code is remembered beyond its expiry, for clocks that differ.
const SKEW_SECONDS: i64 = 60;

/// Decides about a code. `code` is what the token request's text opened to.
pub fn redeem(
    request: &CodeRequest,
    code: Option<&AuthorizationCode>,
    client: &AuthenticatedClient,
    facts: &CodeFacts,
    cx: &mut Cx<'_>,
) -> Verdict<Result<Issue, Refusal>> {
    let client = client.client();
    let code = match bound_code(request, code, client, cx) {
        Ok(code) => code,
        Err(refusal) => return Verdict::unchanged(Err(refusal)),
    };
    if let Err(refusal) = verify(request, code) {
        let guessed = matches!(refusal, Refusal::VerifierWrong | Refusal::VerifierMalformed);
        let keep_until = code.expires_at + SKEW_SECONDS;
        let commit = guessed.then_some(Commit::CountCodeFailure { code: code.id, keep_until });
        return Verdict { outcome: Err(refusal), commit };
    }
    if let Some(redemption) = &facts.redemption {
        // Once is enough: of two hundred losers of a race, one writes.
        let live = redemption.revoked_at.is_none();
        let commit = live.then_some(Commit::RevokeGrant { grant: code.id, at: cx.now });
        return Verdict { outcome: Err(Refusal::CodeRedeemed), commit };
    }
    if facts.failures >= cx.policy.code_failures_max {
        return Verdict::unchanged(Err(Refusal::CodeLocked));
    }
    match grant(request, code, client, facts, cx) {
        Err(refusal) => Verdict::unchanged(Err(refusal)),
        Ok((grant, plan)) => {
            let refresh = may_refresh(code, client)
                .then(|| IssuedRefresh { token: RefreshToken::issue(grant.id, 1, cx), generation: 1 });
            let issue = plan.for_grant(&grant, client, code.nonce.clone(), refresh, cx);
            let failures_max = cx.policy.code_failures_max;
            Verdict::after(Commit::RedeemCode { grant: Box::new(grant), failures_max }, Ok(issue))
        }
    }
}

/// The code, once it is known to be this client's, in time, and asked for at this address.
fn bound_code<'a>(
    request: &CodeRequest,
    code: Option<&'a AuthorizationCode>,
    client: &Client,
    cx: &Cx<'_>,
) -> Result<&'a AuthorizationCode, Refusal> {
    if !client.may(GrantType::AuthorizationCode) {
        return Err(Refusal::GrantTypeUnregistered);
    }
    let code = code.ok_or(Refusal::CodeInvalid)?;
    if code.client_id != client.id {
        return Err(Refusal::CodeOfAnotherClient);
    }
    if cx.now >= code.expires_at {
        return Err(Refusal::CodeExpired);
    }
    match request.redirect_uri.as_deref() {
        Some(sent) if !code.went_to(sent) => Err(Refusal::RedirectUriMismatch),
        None if client.require_redirect_uri && code.redirect_uri_sent => Err(Refusal::RedirectUriMismatch),
        _ => Ok(code),
    }
}

/// The proof key: a challenge demands its verifier, and a verifier demands a challenge (RFC 9700 §4.8.2).
fn verify(request: &CodeRequest, code: &AuthorizationCode) -> Result<(), Refusal> {
    match (&code.challenge, &request.code_verifier) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(Refusal::VerifierUnexpected),
        (Some(_), None) => Err(Refusal::VerifierMissing),
        (Some(challenge), Some(sent)) => {
            let verifier = CodeVerifier::parse(sent.expose()).map_err(|_| Refusal::VerifierMalformed)?;
            if challenge.matches(&verifier) { Ok(()) } else { Err(Refusal::VerifierWrong) }
        }
    }
}

fn may_refresh(code: &AuthorizationCode, client: &Client) -> bool {
    code.scope.contains(standard_scope::OFFLINE_ACCESS) && client.may(GrantType::RefreshToken)
}

/// The grant that this code makes, if the user and the session it names still stand.
fn grant(
    request: &CodeRequest,
    code: &AuthorizationCode,
    client: &Client,
    facts: &CodeFacts,
    cx: &Cx<'_>,
) -> Result<(GrantFacts, AccessPlan), Refusal> {
    let subject = facts.subject.as_ref().ok_or(Refusal::UserDisabled)?;
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
    if !code.scope.is_subset(&client.scope) {
        return Err(Refusal::ScopeUnregistered);
    }
    let requested = cx.apis.resources(&request.resource, &cx.policy.issuer)?;
    let plan = AccessPlan::new(&requested, &code.resources, &code.scope, client, cx)?;
    let refreshes = may_refresh(code, client);
    let access_ends = plan.expires_at(cx.now).max(code.expires_at) + SKEW_SECONDS;
    let ends_at = if refreshes { cx.now + cx.policy.refresh_absolute_seconds } else { access_ends };
    let idle_ends = cx.now + cx.policy.refresh_idle_seconds;
    let grant = GrantFacts {
        id: code.id,
        client_id: client.id.clone(),
        user_id: code.user_id.clone(),
        session_id: code.session_id,
        scope: code.scope.clone(),
        resources: code.resources.clone(),
        auth_time: code.auth_time,
        created_at: cx.now,
        expires_at: if refreshes { ends_at.min(idle_ends) } else { ends_at },
        ends_at,
        session_bound: client.is_browser_app(),
        generation: 0,
        used: None,
        revoked_at: None,
    };
    Ok((grant, plan))
}
