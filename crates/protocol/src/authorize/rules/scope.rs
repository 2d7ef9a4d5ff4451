//! The scope: well-formed, registered for the client, and known here (OAuth 2.1 §1.4.1).

use proofkey_oauth::{GrantType, ResourceUri, Scope, standard_scope};

use super::{EnabledClient, Unambiguous};
use crate::api::Apis;
use crate::refusal::Refusal;

/// The scope of a request. Without a `scope` it is what the client may have at the APIs that it names.
pub(in crate::authorize) fn scope(
    request: Unambiguous<'_>,
    client: &EnabledClient,
    resources: &[ResourceUri],
    apis: &Apis,
) -> Result<Scope, Refusal> {
    let known = |token: &str| standard_scope::ALL.contains(&token) || apis.owner(token).is_some();
    let Some(sent) = request.scope.as_deref() else {
        let at_named = |token: &str| apis.owner(token).is_some_and(|owner| resources.contains(owner));
        return Ok(client.scope.filter(at_named));
    };
    // A client that cannot refresh gets nothing out of offline_access: it is left out, as OpenID Connect Core §11 has it.
    let refreshes = client.allows_grant(GrantType::RefreshToken);
    let scope = Scope::parse(sent).map_err(|_| Refusal::ScopeMalformed)?;
    let scope = scope.filter(|token| refreshes || token != standard_scope::OFFLINE_ACCESS);
    let allowed = scope.is_subset(&client.scope) && scope.iter().all(known);
    if allowed { Ok(scope) } else { Err(Refusal::ScopeUnregistered) }
}
