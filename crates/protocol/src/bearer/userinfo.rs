//! Userinfo: whose claims a token opens, and which.

use proofkey_oauth::{Issuer, Scope, standard_scope};

use super::live::LiveToken;
use crate::facts::UserFacts;
use crate::refusal::Refusal;

/// Whether a token opens userinfo, and for which user and scope (OpenID Connect Core §5.3).
pub fn userinfo<'a>(token: &LiveToken<'a>, issuer: &Issuer) -> Result<(&'a UserFacts, Scope), Refusal> {
    let scope = token.claims().scope.as_deref().map(Scope::parse).and_then(Result::ok).unwrap_or_default();
    if !token.claims().aud.contains(issuer.as_str()) {
        return Err(Refusal::TokenAudience);
    }
    if !scope.contains(standard_scope::OPENID) {
        return Err(Refusal::TokenScope);
    }
    token.user().map(|user| (user, scope)).ok_or(Refusal::TokenInvalid)
}
