//! Reads of the directories that servers keep in memory: clients, APIs and keys.

use proofkey_oauth::{ResourceUri, SecretHash, Timestamp};
use proofkey_protocol::{Algorithm, ApiRecord, ClientId, ClientRecord, ClientSecretRecord, KeyRecord};
use rusqlite::Row;

use super::cells::Cells;
use super::engine::Engine;
use super::query::{many, one};
use crate::encode::parse_json;
use crate::fault::Fault;
use crate::reads::Versions;
use crate::sql;

/// Where the columns of the secret begin in a row of a client.
const SECRET_AT: usize = 4;

impl Engine {
    pub(crate) fn directory_versions(&self) -> Result<Versions, Fault> {
        let found = self.readers.read(|connection| {
            one(connection, sql::versions::DIRECTORY_VERSIONS, &[], |row| {
                let cells = Cells::new(row, "directory_versions", 0, &"1");
                Ok(Versions { clients: cells.integer(0)?, apis: cells.integer(1)?, keys: cells.integer(2)? })
            })
        })?;
        found.ok_or_else(|| Fault::Impossible {
            table: "directory_versions",
            column: "id".to_owned(),
            key: "1".to_owned(),
        })
    }

    pub(crate) async fn clients(&self) -> Result<Vec<ClientRecord>, Fault> {
        let rows = self.readers.read_apart(|connection| many(connection, sql::clients::CLIENTS, &[], client));
        Ok(gather(rows.await?))
    }

    pub(crate) async fn apis(&self) -> Result<Vec<ApiRecord>, Fault> {
        self.readers.read_apart(|connection| many(connection, sql::apis::APIS, &[], api)).await
    }

    pub(crate) async fn keys(&self) -> Result<Vec<KeyRecord>, Fault> {
        self.readers.read_apart(|connection| many(connection, sql::keys::KEYS, &[], key)).await
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

/// A client with at most one of its secrets.
fn client(row: &Row<'_>) -> Result<ClientRecord, Fault> {
    let id = Cells::new(row, "clients", 0, &"?").owned(0)?;
    let cells = Cells::new(row, "clients", 0, &id);
    let secret = Cells::new(row, "client_secrets", SECRET_AT, &id);
    Ok(ClientRecord {
        id: ClientId::new(id.as_str()),
        metadata: cells.parsed(1, parse_json)?,
        disabled: cells.flag(2)?,
        created_at: Timestamp(cells.integer(3)?),
        secrets: if secret.absent(0) { Vec::new() } else { vec![client_secret(secret)?] },
    })
}

fn client_secret(cells: Cells<'_>) -> Result<ClientSecretRecord, Fault> {
    Ok(ClientSecretRecord {
        hash: SecretHash(cells.bytes(0)?),
        created_at: Timestamp(cells.integer(1)?),
        expires_at: cells.optional(2, Cells::integer)?.map(Timestamp),
    })
}

fn api(row: &Row<'_>) -> Result<ApiRecord, Fault> {
    let resource = Cells::new(row, "apis", 0, &"?").owned(0)?;
    let cells = Cells::new(row, "apis", 0, &resource);
    Ok(ApiRecord {
        resource: cells.parsed(0, |text| ResourceUri::parse(text).ok())?,
        name: cells.optional(1, Cells::owned)?,
        scopes: cells.parsed(2, parse_json)?,
        access_token_seconds: cells.optional(3, Cells::integer)?,
        algorithm: cells.optional(4, |cells, at| cells.parsed(at, Algorithm::from_name))?,
        introspection: cells.optional(5, Cells::bytes)?.map(SecretHash),
    })
}

fn key(row: &Row<'_>) -> Result<KeyRecord, Fault> {
    let kid = Cells::new(row, "signing_keys", 0, &"?").owned(0)?;
    let cells = Cells::new(row, "signing_keys", 0, &kid);
    Ok(KeyRecord {
        algorithm: cells.owned(1)?,
        sequence: cells.integer(2)?,
        created_at: Timestamp(cells.integer(3)?),
        active_from: Timestamp(cells.integer(4)?),
        sealed: cells.blob(5)?.to_owned(),
        public_jwk: cells.owned(6)?,
        kid: kid.clone(),
    })
}
