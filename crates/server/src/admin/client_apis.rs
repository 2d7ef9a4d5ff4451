//! The APIs of a client's registration: written out when it is made or changed, so that an API that comes later is open to no
//! client until it is added.

use std::collections::BTreeSet;

use proofkey_oauth::{ClientMetadata, ResourceUri};
use proofkey_protocol::{ApiRecord, Apis, Client, ClientId, ClientRecord};

use super::limits::WAITING_MAX;
use super::{Admin, AdminRefused};

impl Admin {
    /// The scopes of a client that no API of its registration has: nothing can be had by them.
    pub async fn unbound_scopes(&self, record: &ClientRecord) -> Result<Vec<String>, AdminRefused> {
        unbound(record, &self.registered_apis().await?)
    }

    /// The record with the APIs written out, if a client can be registered so: those that it names or, where it names none, the owners of its scopes.
    pub(super) async fn with_apis(&self, record: ClientRecord) -> Result<ClientRecord, AdminRefused> {
        let apis = self.registered_apis().await?;
        let resources = match &record.metadata.resources {
            Some(named) => known(named.clone(), &apis)?,
            None => owners(Client::try_from(&record)?.scope.iter(), &apis),
        };
        with_resources(record, resources)
    }

    /// At most 20 clients that are registered for a scope of this API and for no API that has it.
    pub(super) async fn clients_waiting_for(&self, api: &ApiRecord) -> Result<Vec<ClientId>, AdminRefused> {
        let apis = self.registered_apis().await?;
        let waits = |record: &ClientRecord| {
            let unbound = unbound(record, &apis).unwrap_or_default();
            api.scopes.iter().any(|scope| unbound.contains(&scope.name))
        };
        let clients = self.store.clients().await?.into_iter().filter(waits);
        Ok(clients.map(|record| record.id).take(WAITING_MAX).collect())
    }

    pub(super) async fn registered_apis(&self) -> Result<Apis, AdminRefused> {
        Ok(Apis::new(self.store.apis().await?))
    }
}

/// The record with these APIs. It is judged with them: they may be more than a client can have.
pub(super) fn with_resources(
    record: ClientRecord,
    resources: Vec<ResourceUri>,
) -> Result<ClientRecord, AdminRefused> {
    let metadata = ClientMetadata { resources: Some(resources), ..record.metadata };
    let record = ClientRecord { metadata, ..record };
    Client::try_from(&record)?;
    Ok(record)
}

/// The resources as they are registered, each once. One that is not is refused.
pub(super) fn known(resources: Vec<ResourceUri>, apis: &Apis) -> Result<Vec<ResourceUri>, AdminRefused> {
    let mut known: Vec<ResourceUri> = Vec::new();
    for (at, resource) in resources.into_iter().enumerate() {
        let found = apis.find(&resource).ok_or(AdminRefused::UnknownResource { at, resource })?;
        if !known.contains(&found.record.resource) {
            known.push(found.record.resource.clone());
        }
    }
    Ok(known)
}

/// The resources of the APIs that own one of the scopes, in the order in which they were added.
pub(super) fn owners<'a>(scopes: impl Iterator<Item = &'a str>, apis: &Apis) -> Vec<ResourceUri> {
    let ids: BTreeSet<_> = scopes.flat_map(|scope| apis.owners(scope).iter().copied()).collect();
    ids.into_iter().filter_map(|id| apis.by_id(id)).map(|api| api.record.resource.clone()).collect()
}

/// The scopes of a client that are no standard ones and belong to none of its APIs.
pub(super) fn unbound(record: &ClientRecord, apis: &Apis) -> Result<Vec<String>, AdminRefused> {
    let client = Client::try_from(record)?;
    let own: Vec<_> = client.resources.iter().filter_map(|resource| apis.find(resource)).collect();
    let bound = |scope: &str| {
        apis.owns(proofkey_protocol::ApiId::ISSUER, scope) || own.iter().any(|api| apis.owns(api.id, scope))
    };
    Ok(client.scope.iter().filter(|scope| !bound(scope)).map(str::to_owned).collect())
}
