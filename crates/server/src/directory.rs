//! Clients and APIs as requests see them: an immutable snapshot in the process, refreshed when its version moves.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use proofkey_protocol::{ApiRecord, Apis, Client, ClientId, ClientRecord};
use proofkey_store::{Fault, Store, Versions};

/// The current snapshot, and how to refresh it.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    snapshot: ArcSwap<Snapshot>,
}

/// Clients and APIs at one moment.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    clients: HashMap<ClientId, Arc<Client>>,
    apis: Apis,
    introspection: Vec<ApiRecord>,
    versions: Option<Versions>,
}

impl Directory {
    /// What holds now.
    pub(crate) fn now(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Reads clients and APIs again if they have changed. Says the version of the keys, which live elsewhere.
    pub(crate) async fn refresh(&self, store: &Store) -> Result<i64, Fault> {
        let versions = store.directory_versions().await?;
        let known = self.snapshot.load().versions;
        let same = |of: fn(&Versions) -> i64| known.as_ref().is_some_and(|known| of(known) == of(&versions));
        let keys = versions.keys;
        if !(same(|v| v.clients) && same(|v| v.apis)) {
            let (clients, apis) = (store.clients().await?, store.apis().await?);
            self.snapshot.store(Arc::new(Snapshot::new(&clients, apis, versions)));
        }
        Ok(keys)
    }
}

impl Snapshot {
    fn new(records: &[ClientRecord], apis: Vec<ApiRecord>, versions: Versions) -> Self {
        let mut clients = HashMap::with_capacity(records.len());
        for record in records {
            match Client::try_from(record) {
                Ok(client) => drop(clients.insert(record.id.clone(), Arc::new(client))),
                // It was checked when it was added: only a stricter release or a damaged row comes here.
                Err(refused) => {
                    tracing::error!(client_id = %record.id, %refused, "a stored client cannot be used")
                }
            }
        }
        let introspection = apis.iter().filter(|api| api.introspection.is_some()).cloned().collect();
        Self { clients, apis: Apis::new(apis), introspection, versions: Some(versions) }
    }

    /// A client.
    pub(crate) fn client(&self, id: &str) -> Option<&Arc<Client>> {
        self.clients.get(&ClientId::new(id))
    }

    /// The APIs.
    pub(crate) const fn apis(&self) -> &Apis {
        &self.apis
    }

    /// The API that introspects under this name: its resource.
    pub(crate) fn introspecting_api(&self, resource: &str) -> Option<&ApiRecord> {
        self.introspection.iter().find(|api| api.resource.as_str() == resource)
    }

    /// Whether a client has registered this web origin.
    pub(crate) fn knows_origin(&self, origin: &str) -> bool {
        self.clients
            .values()
            .any(|client| !client.disabled && client.origins.iter().any(|known| known == origin))
    }
}
