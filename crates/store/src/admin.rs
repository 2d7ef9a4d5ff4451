//! What operators change. Each function is one transaction, and moves the version of the directory that it changes.

use proofkey_oauth::{ClientMetadata, ResourceUri, Sha256, Timestamp};
use proofkey_protocol::{
    ApiRecord, ClientId, ClientRecord, ClientSecretRecord, Committed, ConsentRecord, KeyRecord, UserId,
    UserRecord,
};
use thiserror::Error;

use crate::fault::Fault;
use crate::store::{Backend, Store};

/// Why an operator's change did not happen.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AdminFault {
    /// The id or the name is taken.
    #[error("it exists already")]
    Exists,
    /// There is nothing of that id or name.
    #[error("there is no such thing")]
    Missing,
    /// The store failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Clients and APIs.
impl Store {
    /// Registers a client with its secrets.
    pub async fn add_client(&self, client: ClientRecord) -> Result<(), AdminFault> {
        match &*self.backend {
            Backend::Sqlite(engine) => engine.add_client(client).await,
        }
    }

    /// Replaces a client's registration.
    pub async fn update_client(&self, id: &ClientId, metadata: &ClientMetadata) -> Result<(), AdminFault> {
        match &*self.backend {
            Backend::Sqlite(engine) => engine.update_client(id, metadata).await,
        }
    }

    /// Disables a client or enables it again.
    pub async fn set_client_disabled(&self, id: &ClientId, disabled: bool) -> Result<(), AdminFault> {
        match &*self.backend {
            Backend::Sqlite(engine) => engine.set_client_disabled(id, disabled).await,
        }
    }

    /// Removes a client, its secrets and the consents it had, and revokes its grants: should the id be given again, the
    /// tokens of the old client stay dead.
    pub async fn remove_client(&self, id: &ClientId, at: Timestamp) -> Result<(), AdminFault> {
        match &*self.backend {
            Backend::Sqlite(engine) => engine.remove_client(id, at).await,
        }
    }

    /// Gives a client a new secret. The one in use ends at `old_expire_at` at the latest, older ones end now: at most two
    /// live side by side.
    pub async fn add_client_secret(
        &self,
        id: &ClientId,
        secret: ClientSecretRecord,
        old_expire_at: Timestamp,
    ) -> Result<(), AdminFault> {
        match &*self.backend {
            Backend::Sqlite(engine) => engine.add_client_secret(id, secret, old_expire_at).await,
        }
    }

    /// Adds an API.
    pub async fn add_api(&self, api: ApiRecord) -> Result<(), AdminFault> {
        match &*self.backend {
            Backend::Sqlite(engine) => engine.add_api(api).await,
        }
    }

    /// Removes an API.
    pub async fn remove_api(&self, resource: &ResourceUri) -> Result<(), AdminFault> {
        match &*self.backend {
            Backend::Sqlite(engine) => engine.remove_api(resource).await,
        }
    }
}

/// Users and what they allowed.
impl Store {
    /// Adds a user.
    pub async fn add_user(&self, user: UserRecord) -> Result<(), AdminFault> {
        match &*self.backend {
            Backend::Sqlite(engine) => engine.add_user(user).await,
        }
    }

    /// At most `limit` users by name.
    pub async fn list_users(&self, limit: u32) -> Result<Vec<UserRecord>, Fault> {
        match &*self.backend {
            Backend::Sqlite(engine) => engine.list_users(limit).await,
        }
    }

    /// Disables an account or enables it again. Either way its sessions end, and disabling ends its grants for good. The
    /// instant is asked for inside the transaction, so that no grant can come between it and the change.
    pub async fn set_user_disabled(
        &self,
        username_key: &str,
        disabled: bool,
        now: impl FnOnce() -> Timestamp + Send + 'static,
    ) -> Result<(), AdminFault> {
        match &*self.backend {
            Backend::Sqlite(engine) => engine.set_user_disabled(username_key, disabled, now).await,
        }
    }

    /// Sets a password (a PHC string), ends every session and grant that began before, and forgets the failed sign-ins of
    /// `accounts`, the limiter's keys of this name. The instant is asked for inside the transaction, as above.
    pub async fn set_user_password(
        &self,
        username_key: &str,
        phc: &str,
        now: impl FnOnce() -> Timestamp + Send + 'static,
        accounts: &[Sha256],
    ) -> Result<(), AdminFault> {
        match &*self.backend {
            Backend::Sqlite(engine) => engine.set_user_password(username_key, phc, now, accounts).await,
        }
    }

    /// Replaces a user's claims.
    pub async fn set_user_claims(
        &self,
        username_key: &str,
        claims: serde_json::Map<String, serde_json::Value>,
        at: Timestamp,
    ) -> Result<(), AdminFault> {
        match &*self.backend {
            Backend::Sqlite(engine) => engine.set_user_claims(username_key, claims, at).await,
        }
    }

    /// Remembered consents of one user, of one client, or all; at most 10,000.
    pub async fn consents(
        &self,
        user: Option<&UserId>,
        client: Option<&ClientId>,
    ) -> Result<Vec<ConsentRecord>, Fault> {
        match &*self.backend {
            Backend::Sqlite(engine) => engine.consents(user, client).await,
        }
    }

    /// Withdraws a consent; the grants that rest on it end with it.
    pub async fn revoke_consent(&self, user: &UserId, client: &ClientId) -> Result<(), AdminFault> {
        match &*self.backend {
            Backend::Sqlite(engine) => engine.revoke_consent(user, client).await,
        }
    }
}

/// Signing keys.
impl Store {
    /// Adds a key, unless its place in its ring is taken: then it is a conflict, and another node has rotated.
    pub async fn insert_key(&self, key: KeyRecord) -> Result<Committed, Fault> {
        match &*self.backend {
            Backend::Sqlite(engine) => engine.insert_key(key).await,
        }
    }

    /// Removes keys; those that are gone already do not matter.
    pub async fn delete_keys(&self, kids: &[String]) -> Result<(), Fault> {
        match &*self.backend {
            Backend::Sqlite(engine) => engine.delete_keys(kids).await,
        }
    }
}
