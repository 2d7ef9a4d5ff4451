//! Changes of clients, APIs and keys. Whoever changes a directory moves its version in the same transaction.

use proofkey_oauth::{ClientMetadata, ResourceUri, SecretHash, Timestamp};
use proofkey_protocol::{
    Algorithm, ApiRecord, ClientId, ClientRecord, ClientSecretRecord, Committed, KeyRecord,
};
use rusqlite::{Connection, ToSql};

use super::cells::Cells;
use super::engine::{Engine, fault_only};
use super::query::{execute, many};
use super::users::{added, found};
use crate::admin::AdminFault;
use crate::encode::json;
use crate::fault::Fault;
use crate::sql::{apis, clients, consents, grants, keys, versions};

impl Engine {
    pub(crate) async fn add_client(&self, client: ClientRecord) -> Result<(), AdminFault> {
        self.write(move |connection| {
            let id = client.id.as_str();
            let metadata = json(&client.metadata)?;
            let values: [&dyn ToSql; 4] = [&id, &metadata, &client.disabled, &client.created_at.seconds()];
            added(execute(connection, clients::INSERT_CLIENT, &values)?)?;
            client.secrets.iter().try_for_each(|secret| insert_secret(connection, id, secret))?;
            bump(connection, versions::BUMP_CLIENTS)
        })
        .await
    }

    pub(crate) async fn update_client(
        &self,
        id: &ClientId,
        metadata: &ClientMetadata,
    ) -> Result<(), AdminFault> {
        let (id, metadata) = (id.as_str().to_owned(), json(metadata)?);
        self.write(move |connection| {
            found(execute(connection, clients::UPDATE_CLIENT, &[&id, &metadata])?)?;
            bump(connection, versions::BUMP_CLIENTS)
        })
        .await
    }

    pub(crate) async fn set_client_disabled(&self, id: &ClientId, disabled: bool) -> Result<(), AdminFault> {
        let id = id.as_str().to_owned();
        self.write(move |connection| {
            found(execute(connection, clients::SET_CLIENT_DISABLED, &[&id, &disabled])?)?;
            bump(connection, versions::BUMP_CLIENTS)
        })
        .await
    }

    pub(crate) async fn remove_client(&self, id: &ClientId, at: Timestamp) -> Result<(), AdminFault> {
        let id = id.as_str().to_owned();
        self.write(move |connection| {
            execute(connection, clients::DELETE_CLIENT_SECRETS, &[&id])?;
            found(execute(connection, clients::DELETE_CLIENT, &[&id])?)?;
            execute(connection, consents::DELETE_CONSENTS_OF_CLIENT, &[&id])?;
            execute(connection, grants::REVOKE_GRANTS_OF_CLIENT, &[&id, &at.seconds()])?;
            bump(connection, versions::BUMP_CLIENTS)
        })
        .await
    }

    pub(crate) async fn add_client_secret(
        &self,
        id: &ClientId,
        secret: ClientSecretRecord,
        old_expire_at: Timestamp,
    ) -> Result<(), AdminFault> {
        let id = id.as_str().to_owned();
        self.write(move |connection| {
            // A change of nothing: whether the client exists.
            found(execute(connection, clients::TOUCH_CLIENT, &[&id])?)?;
            retire_secrets(connection, &id, old_expire_at)?;
            insert_secret(connection, &id, &secret)?;
            bump(connection, versions::BUMP_CLIENTS)
        })
        .await
    }

    pub(crate) async fn add_api(&self, api: ApiRecord) -> Result<(), AdminFault> {
        self.write(move |connection| {
            let values: [&dyn ToSql; 6] = [
                &api.resource.as_str(),
                &api.name,
                &json(&api.scopes)?,
                &api.access_token_seconds,
                &api.algorithm.map(Algorithm::name),
                &api.introspection.map(|SecretHash(hash)| hash),
            ];
            added(execute(connection, apis::INSERT_API, &values)?)?;
            bump(connection, versions::BUMP_APIS)
        })
        .await
    }

    pub(crate) async fn remove_api(&self, resource: &ResourceUri) -> Result<(), AdminFault> {
        let resource = resource.as_str().to_owned();
        self.write(move |connection| {
            found(execute(connection, apis::DELETE_API, &[&resource])?)?;
            bump(connection, versions::BUMP_APIS)
        })
        .await
    }

    pub(crate) async fn insert_key(&self, key: KeyRecord) -> Result<Committed, Fault> {
        let written = self.write(move |connection| {
            let values: [&dyn ToSql; 7] = [
                &key.kid,
                &key.algorithm,
                &key.sequence,
                &key.created_at.seconds(),
                &key.active_from.seconds(),
                &key.sealed,
                &key.public_jwk,
            ];
            if execute(connection, keys::INSERT_KEY, &values)? == 0 {
                return Ok(Committed::Conflict);
            }
            bump(connection, versions::BUMP_KEYS)?;
            Ok(Committed::Applied)
        });
        written.await.map_err(fault_only)
    }

    pub(crate) async fn delete_keys(&self, kids: &[String]) -> Result<(), Fault> {
        let kids = kids.to_vec();
        let written = self.write(move |connection| {
            for kid in &kids {
                execute(connection, keys::DELETE_KEY, &[kid])?;
            }
            bump(connection, versions::BUMP_KEYS)
        });
        written.await.map_err(fault_only)
    }
}

fn insert_secret(connection: &Connection, id: &str, secret: &ClientSecretRecord) -> Result<(), AdminFault> {
    let ends = secret.expires_at.map(Timestamp::seconds);
    let values: [&dyn ToSql; 4] = [&id, &secret.hash.0, &secret.created_at.seconds(), &ends];
    added(execute(connection, clients::INSERT_CLIENT_SECRET, &values)?)
}

/// Lets the secret in use live until `end` at most, and drops the others.
fn retire_secrets(connection: &Connection, id: &str, end: Timestamp) -> Result<(), Fault> {
    let secrets = many(connection, clients::CLIENT_SECRETS, &[&id], |row| {
        let cells = Cells::new(row, "client_secrets", 0, &id);
        Ok((cells.bytes::<32>(0)?, cells.optional(1, Cells::integer)?))
    })?;
    for (place, (hash, expires_at)) in secrets.iter().enumerate() {
        if place == 0 {
            let end = expires_at.map_or(end.seconds(), |earlier| earlier.min(end.seconds()));
            execute(connection, clients::END_CLIENT_SECRET, &[&id, hash, &end])?;
        } else {
            execute(connection, clients::DELETE_CLIENT_SECRET, &[&id, hash])?;
        }
    }
    Ok(())
}

fn bump(connection: &Connection, text: &str) -> Result<(), AdminFault> {
    execute(connection, text, &[])?;
    Ok(())
}
