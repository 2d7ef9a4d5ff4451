//! The APIs under this issuer (RFC 8707): each by its resource indicator and by its internal id, and which of them own a scope.

mod audience;
mod granted;

#[cfg(test)]
mod tests;

pub use audience::Audience;
pub use granted::GrantedApis;
pub(crate) use granted::concerning;

use std::collections::HashMap;

use proofkey_oauth::{Issuer, ResourceUri, standard_scope};

use crate::ids::ApiId;
use crate::records::RegisteredApi;
use crate::refusal::Refusal;

/// Every registered API, with the ways from a resource indicator and from a scope to it.
#[derive(Debug, Default)]
pub struct Apis {
    apis: HashMap<ApiId, RegisteredApi>,
    ids: HashMap<ResourceUri, ApiId>,
    owners: HashMap<String, Vec<ApiId>>,
    newest: ApiId,
}

impl Apis {
    /// Takes over the registered APIs. Several may own a scope of the same name.
    pub fn new(mut records: Vec<RegisteredApi>) -> Self {
        records.sort_by_key(|api| api.id);
        let mut all = Self::default();
        for api in records {
            // What a standard scope opens is the user's, at this server; no API can claim it.
            let own = api.record.scopes.iter().filter(|scope| !is_standard(&scope.name));
            for scope in own {
                all.owners.entry(scope.name.clone()).or_default().push(api.id);
            }
            all.newest = api.id;
            all.ids.insert(api.record.resource.clone(), api.id);
            all.apis.insert(api.id, api);
        }
        all
    }

    /// The API of a resource indicator, if it is registered; by its own spelling first, then by one that names the same (RFC
    /// 3986 §6.2.2, §6.2.3). What is issued carries the registered text.
    pub fn find(&self, resource: &ResourceUri) -> Option<&RegisteredApi> {
        let same = || self.apis.values().filter(|api| api.record.resource.names(resource.as_str()));
        let first = || same().min_by(|a, b| a.record.resource.cmp(&b.record.resource));
        self.ids.get(resource).and_then(|id| self.apis.get(id)).or_else(first)
    }

    /// The API of a resource indicator in the spelling that it is registered under, as audiences have it.
    pub(crate) fn by_resource(&self, registered: &str) -> Option<&RegisteredApi> {
        self.find(&ResourceUri::parse(registered).ok()?)
    }

    /// The API of an internal id, if it is still registered; `None` for the issuer.
    pub fn by_id(&self, id: ApiId) -> Option<&RegisteredApi> {
        self.apis.get(&id)
    }

    /// The APIs that own a scope, in the order of their ids. No API owns a standard scope: the issuer does.
    pub fn owners(&self, scope: &str) -> &[ApiId] {
        self.owners.get(scope).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether a scope means something at an API; at the issuer the standard ones do.
    pub fn owns(&self, api: ApiId, scope: &str) -> bool {
        if api == ApiId::ISSUER { is_standard(scope) } else { self.owners(scope).contains(&api) }
    }

    /// The API or the issuer that a `resource` parameter names (RFC 8707 §2).
    pub(crate) fn named(&self, sent: &str, issuer: &Issuer) -> Result<ApiId, Refusal> {
        let resource = ResourceUri::parse(sent).map_err(|_| Refusal::ResourceMalformed)?;
        if resource.as_str() == issuer.as_str() {
            return Ok(ApiId::ISSUER);
        }
        match self.find(&resource) {
            Some(api) => Ok(api.id),
            None if resource.names(issuer.as_str()) => Ok(ApiId::ISSUER),
            None => Err(Refusal::ResourceUnknown),
        }
    }

    /// Whether an id can name something: the issuer, or an API that is still registered.
    pub(crate) fn resolves(&self, id: ApiId) -> bool {
        id == ApiId::ISSUER || self.apis.contains_key(&id)
    }

    /// Whether an API of this id has been removed for certain. One with a later id may merely be unknown here yet.
    pub(crate) fn is_gone(&self, id: ApiId) -> bool {
        id <= self.newest && !self.resolves(id)
    }
}

/// Whether OpenID Connect defines a scope.
pub(crate) fn is_standard(scope: &str) -> bool {
    standard_scope::ALL.contains(&scope)
}
