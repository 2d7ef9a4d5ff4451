//! Clients, and the directories that servers keep in memory: APIs and keys.

use proofkey_oauth::{AppOrigin, Timestamp};
use proofkey_protocol::{ClientFacts, ClientId, ClientRecord, ClientStatus, KeyRecord, RegisteredApi};

use crate::fault::Fault;
use crate::remembered::Remembered;
use crate::row::{Cells, FromRow};
use crate::sql::versions::{self, Versions};
use crate::sql::{apis, clients, keys};
use crate::store::{ProtocolStore, Store};
use crate::value::values;

impl ProtocolStore {
    /// A client with its secrets.
    pub async fn client(&self, id: &ClientId) -> Result<Option<ClientRecord>, Fault> {
        let values = [id.as_str().into()];
        let rows = self.backend.few(&clients::CLIENT, &values, clients::client_with_secret).await?;
        Ok(gather(rows).pop())
    }

    /// How a client stands, and when all that it had been given was ended.
    pub async fn client_facts(&self, id: &ClientId) -> Result<ClientFacts, Fault> {
        let remembered = self.backend.remembered();
        if let Some(known) = remembered.and_then(|remembered| remembered.client(id)) {
            return Ok(known);
        }
        let begun = remembered.map(Remembered::begin_read);
        let decode = |cells: &mut Cells<'_>| {
            Ok(ClientFacts { status: cells.of("clients").cell()?, valid_from: cells.cell()? })
        };
        let found = self.facts(&clients::CLIENT_FACTS, &[id.as_str().into()], decode).await?;
        if let (Some(facts), Some((remembered, begun))) = (found, remembered.zip(begun)) {
            remembered.keep_client(begun, id, facts);
        }
        Ok(found.unwrap_or(ClientFacts { status: ClientStatus::Unregistered, valid_from: Timestamp(0) }))
    }

    /// Whether a client that is not disabled has registered this web origin, as browsers write it. On a loopback host any port
    /// counts as registered where some is free.
    pub async fn knows_origin(&self, origin: &str) -> Result<bool, Fault> {
        let keys = AppOrigin::keys(origin).map(Into::into);
        let found = self.backend.one(&clients::CLIENT_OF_ORIGIN, &keys, |_| Ok(())).await?;
        Ok(found.is_some())
    }
}

impl ProtocolStore {
    /// Every API.
    pub async fn apis(&self) -> Result<Vec<RegisteredApi>, Fault> {
        self.backend.many(&apis::APIS, values![], FromRow::from_row).await
    }

    /// The versions of the directories. Read them before the directories, never after.
    pub async fn directory_versions(&self) -> Result<Versions, Fault> {
        let found = self.backend.one(&versions::DIRECTORY_VERSIONS, &[], |cells| cells.skip().row());
        found.await?.ok_or_else(|| Fault::Impossible {
            table: "directory_versions",
            column: "id".to_owned(),
            key: "1".to_owned(),
        })
    }

    /// Every signing key.
    pub async fn keys(&self) -> Result<Vec<KeyRecord>, Fault> {
        self.backend.many(&keys::KEYS, values![], FromRow::from_row).await
    }

    /// The public halves of keys that were retired, as JSON with their ids, and are kept until after `now`.
    pub async fn retired_keys(&self, now: Timestamp) -> Result<Vec<(String, String)>, Fault> {
        let decode = |cells: &mut Cells<'_>| Ok((cells.of("retired_keys").cell()?, cells.cell()?));
        self.backend.many(&keys::RETIRED_KEYS, values![now], decode).await
    }
}

impl Store {
    /// Every client.
    pub async fn clients(&self) -> Result<Vec<ClientRecord>, Fault> {
        self.backend.many(&clients::CLIENTS, values![], clients::client_with_secret).await.map(gather)
    }
}

/// Joins the rows of one client, which follow one another, into one record.
fn gather(rows: Vec<ClientRecord>) -> Vec<ClientRecord> {
    let mut all: Vec<ClientRecord> = Vec::with_capacity(rows.len());
    for row in rows {
        match all.last_mut() {
            Some(last) if last.id == row.id => last.secrets.extend(row.secrets),
            _ => all.push(row),
        }
    }
    all
}
