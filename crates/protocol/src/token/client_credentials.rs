//! The client credentials grant (OAuth 2.1 §4.2): a confidential client's own access, and no refresh token. Nothing is
//! written: the token is all there is.

use std::borrow::Cow;

use proofkey_oauth::{CredentialsRequest, Scope};

use super::allowed::AllowedClient;
use super::entitlement::{Basis, Entitlement};
use crate::cx::Cx;
use crate::refusal::Refusal;

/// A client's own scopes, or those of them that it asks for.
pub(super) fn entitlement<'a>(
    request: &CredentialsRequest,
    client: AllowedClient<'_>,
    cx: &Cx<'_>,
) -> Result<Entitlement<'a>, Refusal> {
    // Scopes of APIs alone: the standard ones speak of a user, and here is none.
    let own = client.scope.filter(|token| cx.apis.owner(token).is_some());
    let scope = match request.scope.as_deref() {
        Some(sent) => Scope::parse(sent).map_err(|_| Refusal::ScopeMalformed)?,
        None => own.clone(),
    };
    if !scope.is_subset(&own) {
        return Err(Refusal::ScopeUnregistered);
    }
    Ok(Entitlement { scope: Cow::Owned(scope), resources: &[], basis: Basis::Client })
}
