//! The client credentials grant (OAuth 2.1 §4.2): a confidential client's own access, and no refresh token. Nothing is
//! written: the token is all there is.

use std::borrow::Cow;

use proofkey_oauth::{CredentialsRequest, Scope};

use super::allowed::AllowedClient;
use super::entitlement::{Basis, Entitlement};
use super::requested::RequestedApis;
use crate::cx::Cx;
use crate::facts::ClientStatus;
use crate::refusal::Refusal;

/// A client's request for itself.
#[derive(Debug)]
pub struct CredentialsGrant<'a> {
    /// The request as it was sent.
    pub request: &'a CredentialsRequest,
    /// How the client stands.
    pub client: ClientStatus,
}

impl CredentialsGrant<'_> {
    /// A client's own scopes, or those of them that it asks for.
    pub(super) fn entitlement<'a>(
        &self,
        client: AllowedClient<'_>,
        cx: &Cx<'_>,
    ) -> Result<Entitlement<'a>, Refusal> {
        let active = self.client.check()?;
        let requested = RequestedApis::read(&self.request.resource, cx)?;
        // Scopes of APIs alone: the standard ones speak of a user, and here is none.
        let own = client.scope.filter(|token| cx.apis.owner(token).is_some());
        let scope = match self.request.scope.as_deref() {
            Some(sent) => Scope::parse(sent).map_err(|_| Refusal::ScopeMalformed)?,
            None => own.clone(),
        };
        if !scope.is_subset(&own) {
            return Err(Refusal::ScopeUnregistered);
        }
        Ok(Entitlement { scope: Cow::Owned(scope), resources: &[], requested, basis: Basis::Client(active) })
    }
}
