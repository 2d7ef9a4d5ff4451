//! Userinfo: whose claims a token opens, and which.

use proofkey_oauth::{Issuer, Scope, standard_scope};
use serde_json::{Map, Value};

use super::live::LiveToken;
use crate::claims;
use crate::facts::UserFacts;
use crate::ids::UserId;
use crate::records::UserRecord;
use crate::refusal::Refusal;

/// What a token opens at userinfo. Made by [`userinfo`] alone.
#[derive(Debug)]
pub struct OpenedClaims<'a> {
    pub(super) user: &'a UserFacts,
    pub(super) scope: Scope,
}

/// Whether a token opens userinfo, and for which user and scope (OpenID Connect Core §5.3).
pub fn userinfo<'a>(token: &LiveToken<'a>, issuer: &Issuer) -> Result<OpenedClaims<'a>, Refusal> {
    let scope = token.claims().scope.as_deref().map(Scope::parse).and_then(Result::ok).unwrap_or_default();
    if !token.claims().aud.contains(issuer.as_str()) {
        return Err(Refusal::TokenAudience);
    }
    if !scope.contains(standard_scope::OPENID) {
        return Err(Refusal::TokenScope);
    }
    let user = token.user().ok_or(Refusal::TokenInvalid)?;
    Ok(OpenedClaims { user, scope })
}

impl OpenedClaims<'_> {
    /// The user whose record has to be loaded; `None` if the scope opens no more than `sub`.
    pub fn needs(&self) -> Option<&UserId> {
        self.scope.iter().any(claims::opens_any).then_some(&self.user.id)
    }

    /// The claims. `record` is that of the user whom [`OpenedClaims::needs`] names; without one the user has been removed, and
    /// the token with them.
    pub fn answer(&self, record: Option<&UserRecord>) -> Result<Map<String, Value>, Refusal> {
        let mut answer = Map::new();
        answer.insert("sub".to_owned(), Value::String(self.user.id.to_string()));
        if self.needs().is_some() {
            let record = record.ok_or(Refusal::TokenInvalid)?;
            answer.extend(claims::opened(&self.scope, record));
        }
        Ok(answer)
    }
}
