//! Clients, their secrets and their web origins.

use std::collections::BTreeSet;

use proofkey_oauth::{ClientMetadata, SecretHash, Sha256, Timestamp};
use proofkey_protocol::{ClientId, ClientRecord, ClientSecretRecord, web_origins};

use crate::encode::json;
use crate::fault::AdminFault;
use crate::script::{Script, ScriptStep};
use crate::sql::{clients, consents, grants, versions};
use crate::store::Store;
use crate::value::{Value, values};

/// How long it is remembered when a client was removed. Of what such a client had, nothing lives longer that is not removed
/// or revoked with it: codes live minutes, and its own tokens a day at most.
const REMOVED_SECONDS: i64 = 7 * 24 * 3600;

impl Store {
    /// Registers a client with its secrets. No version moves: servers look for a client that they do not remember, so
    /// nothing that they remember becomes wrong.
    pub async fn add_client(&self, client: ClientRecord) -> Result<(), AdminFault> {
        let ours = client.clone();
        let ClientRecord { id, metadata, secrets, disabled, created_at } = client;
        let values = values![id.clone(), json(&metadata)?, disabled, created_at];
        let script = Script::from(ScriptStep::must_add(&clients::INSERT_CLIENT, values))
            .then_all(secrets.into_iter().map(|secret| add_secret(&id, secret)))
            .then_all(add_origins(&id, &metadata));
        let is_done = async {
            let found = self.client(&ours.id).await?;
            Ok(found.is_some_and(|found| {
                (&found.metadata, found.created_at, hashes(&found))
                    == (&ours.metadata, ours.created_at, hashes(&ours))
            }))
        };
        self.change_once(script, is_done).await
    }

    /// Replaces a client's registration by one that was made of what stood at this version of the clients; a conflict when any
    /// client has changed since.
    pub async fn update_client(
        &self,
        id: &ClientId,
        metadata: &ClientMetadata,
        clients_version: i64,
    ) -> Result<(), AdminFault> {
        let replace = ScriptStep::must_find(&clients::UPDATE_CLIENT, values![id.clone(), json(metadata)?]);
        let moved = ScriptStep::must_stand(&versions::BUMP_CLIENTS_FROM, values![clients_version]);
        let script = Script::from(replace)
            .then(moved)
            .then(ScriptStep::may_find(&clients::DELETE_CLIENT_ORIGINS, values![id.clone()]))
            .then_all(add_origins(id, metadata));
        let is_done = async { Ok(self.client(id).await?.is_some_and(|found| found.metadata == *metadata)) };
        self.change_once(script, is_done).await
    }

    /// Disables a client or enables it again.
    pub async fn set_client_disabled(&self, id: &ClientId, disabled: bool) -> Result<(), AdminFault> {
        let set = ScriptStep::must_find(&clients::SET_CLIENT_DISABLED, values![id.clone(), disabled]);
        let origins = values![id.clone(), disabled];
        let script = Script::from(set)
            .then(ScriptStep::may_find(&clients::SET_CLIENT_ORIGINS_DISABLED, origins))
            .then(moved());
        self.change(script).await
    }

    /// Ends every grant of a client, and the tokens that it got for itself. The instant is asked for inside the transaction,
    /// so that no grant can come between it and the change; the rows of the grants stay as they are.
    pub async fn end_grants_of_client(
        &self,
        id: &ClientId,
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Result<(), AdminFault> {
        let values = values![id.clone(), Value::Now(Box::new(now))];
        let end = ScriptStep::must_find(&clients::END_GRANTS_OF_CLIENT, values);
        self.change(Script::from(locked(id)).then(end).then(moved())).await
    }

    /// Removes a client, its secrets and the consents it had, and revokes its grants: should the id be given again, all that
    /// the old client had stays dead. The instant is asked for inside the transaction, as above.
    pub async fn remove_client(
        &self,
        id: &ClientId,
        now: impl Fn() -> Timestamp + Clone + Send + Sync + 'static,
    ) -> Result<(), AdminFault> {
        let (at, later) = (now.clone(), now.clone());
        let keep_until = move || later() + REMOVED_SECONDS;
        let note = values![id.clone(), Value::Now(Box::new(now)), Value::Now(Box::new(keep_until))];
        let revoke = values![id.clone(), Value::Now(Box::new(at))];
        let script = Script::from(locked(id))
            .then(ScriptStep::must_find(&clients::NOTE_REMOVED_CLIENT, note))
            .then(ScriptStep::may_find(&clients::DELETE_CLIENT_SECRETS, values![id.clone()]))
            .then(ScriptStep::may_find(&clients::DELETE_CLIENT_ORIGINS, values![id.clone()]))
            .then(ScriptStep::must_find(&clients::DELETE_CLIENT, values![id.clone()]))
            .then(ScriptStep::may_find(&consents::DELETE_CONSENTS_OF_CLIENT, values![id.clone()]))
            .then(ScriptStep::may_find(&grants::REVOKE_GRANTS_OF_CLIENT, revoke))
            .then(moved());
        let is_done = async { Ok(self.client(id).await?.is_none()) };
        self.change_once(script, is_done).await
    }

    /// Gives a client one more secret, which ends by itself unless [`Store::confirm_client_secret`] keeps it. Those that it
    /// has stay as they are.
    pub async fn stage_client_secret(
        &self,
        id: &ClientId,
        secret: ClientSecretRecord,
    ) -> Result<(), AdminFault> {
        let script = Script::from(locked(id)).then(add_secret(id, secret)).then(moved());
        let is_done = async {
            let found = self.client(id).await?;
            Ok(found.is_some_and(|client| hashes(&client).contains(&secret.hash.0)))
        };
        self.change_once(script, is_done).await
    }

    /// Keeps a staged secret. The one in use until now ends at `old_expire_at` at the latest, older ones end now: at most two
    /// live side by side.
    pub async fn confirm_client_secret(
        &self,
        id: &ClientId,
        staged: SecretHash,
        old_expire_at: Timestamp,
    ) -> Result<(), AdminFault> {
        let of = || values![id.clone(), staged];
        let end = values![id.clone(), staged, old_expire_at];
        let script = Script::from(ScriptStep::must_find(&clients::KEEP_CLIENT_SECRET, of()))
            .then(ScriptStep::may_find(&clients::DELETE_OLD_CLIENT_SECRETS, of()))
            .then(ScriptStep::may_find(&clients::END_OTHER_CLIENT_SECRETS, end))
            .then(moved());
        self.change(script).await
    }
}

/// Finds the client, and keeps others from changing it until the script has ended.
fn locked(id: &ClientId) -> ScriptStep {
    ScriptStep::must_find(&clients::TOUCH_CLIENT, values![id.clone()])
}

fn hashes(client: &ClientRecord) -> BTreeSet<Sha256> {
    client.secrets.iter().map(|secret| secret.hash.0).collect()
}

fn add_secret(client: &ClientId, secret: ClientSecretRecord) -> ScriptStep {
    let values = values![client.clone(), secret.hash, secret.created_at, secret.expires_at];
    ScriptStep::must_add(&clients::INSERT_CLIENT_SECRET, values)
}

/// The steps that add each web origin of a registration.
fn add_origins(client: &ClientId, metadata: &ClientMetadata) -> impl Iterator<Item = ScriptStep> {
    let keys: BTreeSet<String> = web_origins(metadata).iter().map(|origin| origin.key().to_owned()).collect();
    let add =
        |key: String| ScriptStep::must_add(&clients::INSERT_CLIENT_ORIGIN, values![client.clone(), key]);
    keys.into_iter().map(add)
}

/// Servers forget the clients that they remember.
fn moved() -> ScriptStep {
    ScriptStep::may_find(&versions::BUMP_CLIENTS, values![])
}
