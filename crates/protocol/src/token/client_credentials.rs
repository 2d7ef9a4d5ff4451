//! The client credentials grant (OAuth 2.1 §4.2): a confidential client's own access, and no refresh token. Nothing is
//! written: the token is all there is.

use std::borrow::Cow;

use proofkey_oauth::{CredentialsRequest, Scope, Timestamp};

use super::allowed::AllowedClient;
use super::entitlement::{Basis, Entitlement};
use super::requested::RequestedApi;
use crate::api::GrantedApis;
use crate::cx::Cx;
use crate::facts::ClientStatus;
use crate::ids::ApiId;
use crate::own_access::OwnAccess;
use crate::records::RegisteredApi;
use crate::refusal::{Named, Refusal};

/// A client's request for itself.
#[derive(Debug)]
pub struct CredentialsGrant<'a> {
    /// The request as it was sent.
    pub request: &'a CredentialsRequest,
    /// How the client stands.
    pub client: ClientStatus,
    /// What the client was given up to this instant has ended.
    pub client_valid_from: Timestamp,
}

impl CredentialsGrant<'_> {
    /// A client's own scopes at one of its APIs, or those of them that it asks for.
    pub(super) fn entitlement<'a>(
        &self,
        client: AllowedClient<'_>,
        cx: &Cx<'_>,
    ) -> Result<Entitlement<'a>, Refusal> {
        let active = self.client.check()?;
        let requested = RequestedApi::read(&self.request.resource, cx)?;
        let api = api(&client, requested, cx)?;
        let scope = self.scope(&client, api, cx)?;
        let (scope, apis) = (Cow::Owned(scope), Cow::Owned(GrantedApis::named([api])));
        let own = OwnAccess { api, client_valid_from: self.client_valid_from };
        Ok(Entitlement { scope, apis, requested, user: None, basis: Basis::Client(active, own) })
    }

    /// Scopes of the API alone: the standard ones speak of a user, and here is none.
    fn scope(&self, client: &AllowedClient<'_>, api: ApiId, cx: &Cx<'_>) -> Result<Scope, Refusal> {
        let Some(sent) = self.request.scope.as_deref() else {
            return Ok(client.scope.filter(|token| cx.apis.owns(api, token)));
        };
        let scope = Scope::parse(sent).map_err(|_| Refusal::ScopeMalformed)?;
        for token in scope.iter() {
            if !client.scope.contains(token) {
                return Err(Refusal::ScopeUnregistered(Named::of(token)));
            }
            if !cx.apis.owns(api, token) {
                return Err(Refusal::ScopeOfOtherApi(Named::of(token)));
            }
        }
        Ok(scope)
    }
}

/// The API that the request names, or the only one that the client is registered for.
fn api(client: &AllowedClient<'_>, requested: RequestedApi, cx: &Cx<'_>) -> Result<ApiId, Refusal> {
    let own: Vec<ApiId> = client.apis(cx.apis).map(|api| api.id).collect();
    match (requested.id(), own.as_slice()) {
        (Some(id), own) if own.contains(&id) => Ok(id),
        (Some(id), _) => {
            let resource = cx.apis.by_id(id).map_or(cx.policy.issuer.as_str(), RegisteredApi::resource);
            Err(Refusal::ResourceUnregistered(Named::of(resource)))
        }
        (None, []) => Err(Refusal::ResourceNone),
        (None, [only]) => Ok(*only),
        (None, several) => Err(cx.apis.ambiguous(several.iter().copied())),
    }
}
