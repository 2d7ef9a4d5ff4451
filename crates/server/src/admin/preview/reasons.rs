//! Why each scope and audience is in an access token, or is not. It repeats no decision: it compares what was asked for with what
//! was granted and issued, and names the rule between them.

use proofkey_oauth::{GrantType, Scope, standard_scope};
use proofkey_protocol::token::Issue;
use proofkey_protocol::{ApiId, Apis, AuthorizationCode, Policy};
use serde_json::{Map, Value};

use super::claims;
use super::shown::{Part, PreviewRequest, Reason};
use super::tokens::Unsigned;
use super::walk::Held;

const RESOURCES: &str = "RFC 8707 §2.2; RFC 9068 §3";

/// All that there is to compare.
pub(super) struct Context<'a> {
    pub(super) request: &'a PreviewRequest,
    pub(super) held: &'a Held,
    pub(super) issue: &'a Issue,
    /// The code of a user's grant.
    pub(super) grant: Option<&'a AuthorizationCode>,
    pub(super) apis: &'a Apis,
    pub(super) policy: &'a Policy,
    pub(super) tokens: &'a Unsigned,
    pub(super) userinfo: Option<&'a Map<String, Value>>,
}

/// Every reason: scopes, audiences, claims.
pub(super) fn of(context: &Context<'_>) -> Vec<Reason> {
    let mut reasons = scopes(context);
    reasons.extend(audiences(context));
    reasons.extend(claims::of_access_token(&context.tokens.access_token.claims));
    if let Some(id_token) = &context.tokens.id_token {
        reasons.extend(claims::of_id_token(&id_token.claims, &context.issue.id_withheld));
    }
    if let Some(user) = &context.held.user {
        reasons.extend(claims::of_userinfo(context.userinfo, user));
    }
    reasons
}

fn scopes(context: &Context<'_>) -> Vec<Reason> {
    let sent = context.request.scope.as_deref().and_then(|text| Scope::parse(text).ok());
    let granted = context.grant.map_or(&context.issue.scope, |code| &code.scope);
    let asked = sent.as_ref().unwrap_or(granted);
    asked.iter().map(|token| context.scope(token, granted, sent.is_some())).collect()
}

impl Context<'_> {
    /// Why no refresh token comes along.
    pub(super) fn refresh_withheld(&self) -> Option<&'static str> {
        let why = match (&self.issue.refresh, self.grant) {
            (Some(_), _) => return None,
            (None, None) => "a token of the client's own comes without",
            (None, Some(_)) if !self.held.client.allows_grant(GrantType::RefreshToken) => {
                "the client is not registered for the grant type refresh_token"
            }
            (None, Some(_)) => "the scope offline_access is not granted",
        };
        Some(why)
    }

    fn scope(&self, token: &str, granted: &Scope, was_sent: bool) -> Reason {
        let reason = |is_given, why: String, standard| Reason {
            part: Part::Scope,
            name: token.to_owned(),
            is_given,
            why,
            standard,
        };
        if self.issue.scope.contains(token) {
            let how =
                if was_sent { "" } else { "; none was asked for, so it is what the client may have there" };
            return reason(true, format!("{}{how}", self.owners(token)), "OAuth 2.1 §1.4.1");
        }
        if token == standard_scope::OFFLINE_ACCESS && !self.held.client.allows_grant(GrantType::RefreshToken)
        {
            let why = "the client is not registered for the grant type refresh_token";
            return reason(false, why.to_owned(), "OpenID Connect Core §11");
        }
        if granted.contains(token) {
            let why = format!("granted, but {}, which this access token is not for", self.owners(token));
            return reason(false, why, RESOURCES);
        }
        let why = "no API has it; a request with openid is answered without it (scope.unowned)";
        reason(false, why.to_owned(), "OpenID Connect Core §3.1.2.1")
    }

    /// Where a scope means something.
    fn owners(&self, token: &str) -> String {
        let owners = self.apis.owners(token).iter().filter_map(|id| self.resource(*id));
        match owners.collect::<Vec<_>>().join(", ") {
            none if none.is_empty() => "it is about the user, at this server".to_owned(),
            owners => format!("it is a scope of {owners}"),
        }
    }

    fn resource(&self, id: ApiId) -> Option<&str> {
        if id == ApiId::ISSUER {
            return Some(self.policy.issuer.as_str());
        }
        self.apis.by_id(id).map(|api| api.record.resource.as_str())
    }
}

fn audiences(context: &Context<'_>) -> Vec<Reason> {
    let issue = context.issue;
    let reason = |name: &str, is_given, why: &str| Reason {
        part: Part::Audience,
        name: name.to_owned(),
        is_given,
        why: why.to_owned(),
        standard: RESOURCES,
    };
    let asked_at_token = match context.grant {
        Some(_) => !context.request.token_resources.is_empty(),
        None => !context.request.resources.is_empty(),
    };
    let is_named = context.grant.is_some_and(|code| code.apis.is_named());
    let why = |name: &str| match (asked_at_token, is_named) {
        (true, _) => "the token request names it as resource",
        (false, true) => "the authorization request names it as resource, and no other API",
        (false, false) if name == context.policy.issuer.as_str() => {
            "no resource is named, and the scope is about the user or about no API"
        }
        (false, false) if context.grant.is_some() => {
            "no resource is named, and it alone has the scopes that are granted"
        }
        (false, false) => "no resource is named, and it is the only API of the client",
    };
    let granted: Vec<&str> = match context.grant {
        Some(code) => code.apis.iter().filter_map(|id| context.resource(id)).collect(),
        None => Vec::new(),
    };
    let mut named: Vec<&str> = granted.clone();
    named.extend(
        issue.access.aud.as_slice().iter().map(String::as_str).filter(|name| !granted.contains(name)),
    );
    let judged = named.into_iter().map(|name| {
        if issue.access.aud.contains(name) {
            reason(name, true, why(name))
        } else {
            reason(name, false, "granted; the token request has to name it as resource")
        }
    });
    judged.collect()
}
