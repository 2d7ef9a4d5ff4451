//! Clients: add, list, show, update, remove, disable, enable, rotate the secret, revoke the grants.

use std::io;

use proofkey_oauth::{AuthMethod, Secret, Timestamp};
use proofkey_protocol::{
    Client, ClientId, ClientRecord, ClientSecretRecord, Random as _, RegistrationRefused,
    is_short_client_secret,
};
use proofkey_store::AdminFault;

use super::client_document::ClientDocument;
use super::limits::{ATTEMPTS_MAX, SECRET_KEEP_SECONDS_MAX, SECRET_STAGED_SECONDS};
use super::noun::{Noun, Verb};
use super::signers::Unsigned;
use super::{Admin, AdminRefused, new_secret};
use crate::random::SystemRandom;
use crate::remembered::seen_by_servers;

/// A registered client, with the secret that is shown this once.
#[derive(Debug)]
pub struct AddedClient {
    /// What is stored of it.
    pub record: ClientRecord,
    /// Its secret, for a confidential client.
    pub secret: Option<Secret>,
}

/// A new secret, which is shown this once.
#[derive(Debug)]
pub struct RotatedSecret {
    /// The new secret.
    pub secret: Secret,
    /// When the one before ends.
    pub old_ends_at: Timestamp,
}

impl Admin {
    /// Checks and registers a client; makes the id and the secret that were not given.
    pub async fn add_client(&self, new: ClientDocument) -> Result<AddedClient, AdminRefused> {
        let now = self.now();
        let public = new.is_public();
        let ClientDocument { client_id, client_secret, metadata, .. } = new;
        let secret = match client_secret {
            Some(given) if public || is_short_client_secret(&given) => {
                return Err(RegistrationRefused::Secret.into());
            }
            Some(given) => Some(given),
            None => (!public).then(new_secret),
        };
        let record = ClientRecord {
            id: ClientId::new(client_id.unwrap_or_else(new_id)),
            metadata,
            secrets: secret.iter().map(|secret| stored(secret, now)).collect(),
            disabled: false,
            created_at: now,
        };
        let record = self.with_apis(record).await?;
        self.check_signed(&record).await?;
        let added = self.store.add_client(record.clone()).await;
        added.map_err(|fault| AdminRefused::about(fault, Noun::Client, &record.id))?;
        self.record_change(Verb::Add, Noun::Client, &record.id);
        Ok(AddedClient { record, secret })
    }

    /// Every client, disabled ones too, in the order of their ids.
    pub async fn clients(&self) -> Result<Vec<ClientRecord>, AdminRefused> {
        let records = self.store.clients().await?;
        self.record_list(Noun::Client);
        Ok(records)
    }

    /// The client of this id, or [`AdminRefused::Missing`].
    pub async fn client(&self, id: &ClientId) -> Result<ClientRecord, AdminRefused> {
        let record = self.find_client(id).await?;
        self.record_read(Verb::Show, Noun::Client, id);
        Ok(record)
    }

    /// Replaces a client's metadata by some that are checked like new; its id and its secrets stay. So a public client
    /// stays public and a confidential one confidential.
    pub async fn update_client(
        &self,
        id: &ClientId,
        new: ClientDocument,
    ) -> Result<ClientRecord, AdminRefused> {
        if new.client_id.as_deref().is_some_and(|given| given != id.as_str()) {
            return Err(AdminRefused::OtherClient(id.clone()));
        }
        if new.client_secret.is_some() {
            return Err(AdminRefused::SecretInUpdate(id.clone()));
        }
        let replaced = self.replace_registration(id, async |before| {
            match (before.secrets.is_empty(), new.is_public()) {
                (true, false) => Err(AdminRefused::PublicClient(id.clone())),
                (false, true) => Err(AdminRefused::ConfidentialClient(id.clone())),
                (true, true) | (false, false) => {
                    self.with_apis(ClientRecord { metadata: new.metadata.clone(), ..before }).await
                }
            }
        });
        let record = replaced.await?;
        self.record_change(Verb::Update, Noun::Client, id);
        Ok(record)
    }

    /// Writes a registration that is made of the one that stands; made anew where that has changed before it was written, a few
    /// times.
    pub(super) async fn replace_registration(
        &self,
        id: &ClientId,
        changed: impl AsyncFn(ClientRecord) -> Result<ClientRecord, AdminRefused>,
    ) -> Result<ClientRecord, AdminRefused> {
        for _ in 0..ATTEMPTS_MAX {
            let version = self.store.directory_versions().await?.clients;
            let record = changed(self.find_client(id).await?).await?;
            self.check_signed(&record).await?;
            match self.store.update_client(id, &record.metadata, version).await {
                Err(AdminFault::Conflict) => {}
                settled => {
                    settled.map_err(|fault| AdminRefused::about(fault, Noun::Client, id))?;
                    return Ok(record);
                }
            }
        }
        Err(AdminRefused::about(AdminFault::Conflict, Noun::Client, id))
    }

    /// Removes a client, its secrets and the consents it had, and ends its tokens.
    pub async fn remove_client(&self, id: &ClientId) -> Result<(), AdminRefused> {
        let clock = self.clock.clone();
        let removed = self.store.remove_client(id, move || Timestamp(clock.now())).await;
        removed.map_err(|fault| AdminRefused::about(fault, Noun::Client, id))?;
        self.record_change(Verb::Remove, Noun::Client, id);
        seen_by_servers().await;
        Ok(())
    }

    /// Refuses a client from now on.
    pub async fn disable_client(&self, id: &ClientId) -> Result<(), AdminRefused> {
        let disabled = self.store.set_client_disabled(id, true).await;
        disabled.map_err(|fault| AdminRefused::about(fault, Noun::Client, id))?;
        self.record_change(Verb::Disable, Noun::Client, id);
        seen_by_servers().await;
        Ok(())
    }

    /// Accepts a disabled client again.
    pub async fn enable_client(&self, id: &ClientId) -> Result<(), AdminRefused> {
        let enabled = self.store.set_client_disabled(id, false).await;
        enabled.map_err(|fault| AdminRefused::about(fault, Noun::Client, id))?;
        self.record_change(Verb::Enable, Noun::Client, id);
        seen_by_servers().await;
        Ok(())
    }

    /// Ends every grant of a client and every token that it has, those that it got for itself too. It may ask for new ones.
    pub async fn revoke_grants_of_client(&self, id: &ClientId) -> Result<(), AdminRefused> {
        let clock = self.clock.clone();
        let ended = self.store.end_grants_of_client(id, move || Timestamp(clock.now())).await;
        ended.map_err(|fault| AdminRefused::about(fault, Noun::Client, id))?;
        self.record_change(Verb::RevokeGrants, Noun::Client, id);
        seen_by_servers().await;
        Ok(())
    }

    /// Gives a client a new secret; the old one lives on for `keep_seconds`, so that both work while the app is changed
    /// over. Nothing that works before ends unless `deliver` has handed the new secret over.
    pub async fn rotate_client_secret(
        &self,
        id: &ClientId,
        keep_seconds: i64,
        deliver: impl FnOnce(&RotatedSecret) -> io::Result<()>,
    ) -> Result<(), AdminRefused> {
        if !(0..=SECRET_KEEP_SECONDS_MAX).contains(&keep_seconds) {
            return Err(AdminRefused::KeepSeconds);
        }
        let record = self.find_client(id).await?;
        if record.metadata.token_endpoint_auth_method == Some(AuthMethod::None) {
            return Err(AdminRefused::NoSecret(id.clone()));
        }
        let now = self.now();
        let rotated = RotatedSecret { secret: new_secret(), old_ends_at: now + keep_seconds };
        let about = |fault| AdminRefused::about(fault, Noun::Client, id);
        let expires_at = Some(now + SECRET_STAGED_SECONDS);
        let staged = ClientSecretRecord { expires_at, ..stored(&rotated.secret, now) };
        self.store.stage_client_secret(id, staged).await.map_err(about)?;
        deliver(&rotated).map_err(AdminRefused::Undelivered)?;
        self.store.confirm_client_secret(id, staged.hash, rotated.old_ends_at).await.map_err(about)?;
        self.record_change(Verb::RotateSecret, Noun::Client, id);
        Ok(())
    }

    /// Refuses a client whose ID tokens no server could sign.
    async fn check_signed(&self, record: &ClientRecord) -> Result<(), AdminRefused> {
        let client = Client::try_from(record)?;
        if !client.signs_in() {
            return Ok(());
        }
        let algorithm = client.id_token_algorithm;
        match self.unsigned(algorithm).await? {
            None => Ok(()),
            Some(Unsigned::Off(on)) => Err(AdminRefused::AlgorithmOff { algorithm, on }),
            Some(Unsigned::Ahead(when)) => Err(AdminRefused::AlgorithmAhead { algorithm, when }),
        }
    }

    pub(super) async fn find_client(&self, id: &ClientId) -> Result<ClientRecord, AdminRefused> {
        let found = self.store.client(id).await?;
        found.ok_or_else(|| AdminRefused::Missing { noun: Noun::Client, name: id.to_string() })
    }
}

fn stored(secret: &Secret, now: Timestamp) -> ClientSecretRecord {
    ClientSecretRecord { hash: secret.hash(), created_at: now, expires_at: None }
}

/// A new id of 96 random bits, in digits that no command line takes for an option.
fn new_id() -> String {
    let mut bytes = [0; 12];
    SystemRandom.fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
