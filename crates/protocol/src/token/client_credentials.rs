//! The client credentials grant (OAuth 2.1 §4.2): a confidential client's own access, and no refresh token.

use proofkey_oauth::{CredentialsRequest, GrantType, Scope};

use super::issue::{AccessPlan, Issue};
use crate::client::AuthenticatedClient;
use crate::cx::Cx;
use crate::refusal::Refusal;

/// Decides about a client's own token. Nothing is written: the token is all there is.
pub fn client_credentials(
    request: &CredentialsRequest,
    client: &AuthenticatedClient,
    cx: &mut Cx<'_>,
) -> Result<Issue, Refusal> {
    let client = client.client();
    if client.is_public() {
        return Err(Refusal::ClientPublic);
    }
    if !client.may(GrantType::ClientCredentials) {
        return Err(Refusal::GrantTypeUnregistered);
    }
    // Scopes of APIs alone: the standard ones speak of a user, and here is none.
    let own = client.scope.filter(|token| cx.apis.owner(token).is_some());
    let requested = cx.apis.resources(&request.resource, &cx.policy.issuer)?;
    let at_named = |token: &str| {
        requested.is_empty() || cx.apis.owner(token).is_some_and(|owner| requested.contains(owner))
    };
    let scope = match request.scope.as_deref() {
        None => own.filter(at_named),
        Some(sent) => Scope::parse(sent).map_err(|_| Refusal::ScopeMalformed)?,
    };
    if !scope.is_subset(&own) {
        return Err(Refusal::ScopeUnregistered);
    }
    let plan = AccessPlan::new(&requested, &[], &scope, client, cx)?;
    Ok(plan.for_subject(client.id.as_str(), client, cx))
}
