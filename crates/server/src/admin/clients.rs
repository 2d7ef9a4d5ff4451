//! Registering clients.

use proofkey_oauth::{AuthMethod, ClientMetadata, Secret, Timestamp};
use proofkey_protocol::{Client, ClientId, ClientRecord, ClientSecretRecord, RegistrationRefused};
use proofkey_store::Store;
use serde::Deserialize;

use super::{AdminRefused, named, new_id, new_secret};

/// Shortest secret that may be given rather than made, in bytes.
const SECRET_BYTES_MIN: usize = 8;

/// A client as `client add` takes it: RFC 7591 metadata, with the id and secret where they are given.
#[derive(Deserialize)]
pub struct NewClient {
    client_id: Option<String>,
    client_secret: Option<String>,
    #[serde(flatten)]
    metadata: ClientMetadata,
}

/// A registered client, with the secret that is shown this once.
#[derive(Debug)]
pub struct AddedClient {
    /// Its record.
    pub record: ClientRecord,
    /// Its secret, for a confidential client.
    pub secret: Option<Secret>,
}

impl NewClient {
    /// Reads the JSON.
    pub fn parse(json: &str) -> Result<Self, AdminRefused> {
        serde_json::from_str(json).map_err(AdminRefused::Metadata)
    }
}

/// Checks and registers a client.
pub async fn add_client(store: &Store, new: NewClient, now: Timestamp) -> Result<AddedClient, AdminRefused> {
    let id = ClientId::new(new.client_id.unwrap_or_else(new_id));
    let public = new.metadata.token_endpoint_auth_method == Some(AuthMethod::None);
    let secret = match new.client_secret {
        Some(given) if public || given.len() < SECRET_BYTES_MIN => {
            return Err(RegistrationRefused::Secret.into());
        }
        Some(given) => Some(Secret::new(given)),
        None => (!public).then(new_secret),
    };
    let stored = secret.as_ref().map(|secret| ClientSecretRecord {
        hash: secret.hash(),
        created_at: now,
        expires_at: None,
    });
    let record = ClientRecord {
        id,
        metadata: new.metadata,
        secrets: stored.into_iter().collect(),
        disabled: false,
        created_at: now,
    };
    Client::try_from(&record)?;
    let name = format!("client {}", record.id);
    store.add_client(record.clone()).await.map_err(|fault| named(fault, name))?;
    tracing::info!(client_id = %record.id, "client registered");
    Ok(AddedClient { record, secret })
}

/// Replaces a client's registration by metadata that is checked like new.
pub async fn update_client(store: &Store, id: &ClientId, json: &str) -> Result<ClientRecord, AdminRefused> {
    let metadata: ClientMetadata = serde_json::from_str(json).map_err(AdminRefused::Metadata)?;
    let mut record = find(store, id).await?;
    record.metadata = metadata;
    Client::try_from(&record)?;
    store.update_client(id, &record.metadata).await.map_err(|fault| named(fault, format!("client {id}")))?;
    tracing::info!(client_id = %id, "client updated");
    Ok(record)
}

/// Gives a client a new secret; the old one lives on for `keep_seconds`, so that both work while the app is changed over.
pub async fn rotate_secret(
    store: &Store,
    id: &ClientId,
    keep_seconds: i64,
    now: Timestamp,
) -> Result<Secret, AdminRefused> {
    let record = find(store, id).await?;
    if record.metadata.token_endpoint_auth_method == Some(AuthMethod::None) {
        return Err(RegistrationRefused::Secret.into());
    }
    let secret = new_secret();
    let stored = ClientSecretRecord { hash: secret.hash(), created_at: now, expires_at: None };
    let added = store.add_client_secret(id, stored, now + keep_seconds).await;
    added.map_err(|fault| named(fault, format!("client {id}")))?;
    tracing::info!(client_id = %id, keep_seconds, "client secret replaced");
    Ok(secret)
}

async fn find(store: &Store, id: &ClientId) -> Result<ClientRecord, AdminRefused> {
    let found = store.clients().await?.into_iter().find(|record| record.id == *id);
    found.ok_or_else(|| AdminRefused::Missing(format!("client {id}")))
}
