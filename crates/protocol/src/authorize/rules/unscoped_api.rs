//! An API that a request names without asking any of its scopes (RFC 8707 §2).

use proofkey_oauth::{Issuer, ResourceUri, Scope};

use crate::api::Apis;

/// Whether there is one: the consent to a scope says nothing of such an API.
pub(in crate::authorize) fn names_unscoped_api(
    resources: &[ResourceUri],
    scope: &Scope,
    apis: &Apis,
    issuer: &Issuer,
) -> bool {
    let has_scope = |resource: &ResourceUri| scope.iter().any(|token| apis.owner(token) == Some(resource));
    resources.iter().any(|resource| resource.as_str() != issuer.as_str() && !has_scope(resource))
}
