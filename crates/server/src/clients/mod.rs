//! Clients as requests find them: by id, through a bounded cache with the store behind it.
//!
//! The cache holds what a registration gives; what takes it away ([`proofkey_protocol::ClientStatus`]) is asked of the store with
//! the facts of each decision. Absence is never remembered: a client that was added a moment ago, on any
//! node, is found by the first request that names it. A change of any client makes everything remembered before it
//! unreachable, by the version that each entry carries.

#[cfg(test)]
mod bounds;
mod look_ups;
mod short_secrets;
#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) use bounds::LIMITS;
pub(crate) use short_secrets::ShortSecrets;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use moka::sync::Cache;
use proofkey_oauth::{AppOrigin, RedirectUri};
use proofkey_protocol::{Client, ClientId, ClientRecord};
use proofkey_store::{Fault, ProtocolStore};
use thiserror::Error;
use tokio::time::timeout;

use self::look_ups::{LookUps, Turn};
use crate::limit::AddressKey;
use crate::log::Foreign;

/// What remembered clients may take together. A client that registered itself may have fifty long addresses, so the bound
/// is on bytes and not on clients; a common one takes one KiB.
const REMEMBERED_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// The same, for docs/limits.md.
#[cfg(test)]
pub(crate) const REMEMBERED_BYTES: usize = REMEMBERED_BYTES_MAX as usize;
/// What a client takes beside its texts.
const CLIENT_BYTES: usize = 512;
/// How long a request waits for its turn to look a client up.
const TURN_WAIT_MAX: Duration = Duration::from_millis(100);

/// The clients of this server.
#[derive(Debug)]
pub(crate) struct Clients {
    /// The version of the clients at the last look; an entry of another version is none.
    version: AtomicI64,
    remembered: Cache<Arc<str>, Remembered>,
    look_ups: LookUps,
}

#[derive(Clone, Debug)]
struct Remembered {
    version: i64,
    client: Arc<Client>,
}

/// Why it is not known whether there is such a client.
#[derive(Debug, Error)]
pub(crate) enum LookUpFailed {
    /// Too many clients that are not remembered were asked for at once.
    #[error("too many clients are being looked up")]
    Busy,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Fault),
}

impl Clients {
    /// No clients yet.
    pub(crate) fn new() -> Self {
        let weigh = |_: &Arc<str>, remembered: &Remembered| bytes(&remembered.client);
        Self {
            version: AtomicI64::new(0),
            remembered: Cache::builder().max_capacity(REMEMBERED_BYTES_MAX).weigher(weigh).build(),
            look_ups: LookUps::default(),
        }
    }

    /// The client of this id, for a request from `address`; `None` if none is registered that can be used.
    pub(crate) async fn find(
        &self,
        store: &ProtocolStore,
        id: &str,
        address: AddressKey,
    ) -> Result<Option<Arc<Client>>, LookUpFailed> {
        let version = self.version.load(Ordering::Acquire);
        if let Some(client) = self.remembered(id, version) {
            return Ok(Some(client));
        }
        // What cannot be an id is not looked for.
        let Some(id) = ClientId::parse(id) else { return Ok(None) };
        // Boxed, so that no request for a client that is known holds the room for it.
        Box::pin(self.look_up(&id, version, address, store.client(&id))).await
    }

    /// Forgets every client if the version of the clients has moved.
    pub(crate) fn note_version(&self, version: i64) {
        self.version.store(version, Ordering::Release);
    }

    /// Loads a client when its turn has come, unless another request has found it meanwhile.
    async fn look_up(
        &self,
        id: &ClientId,
        version: i64,
        address: AddressKey,
        load: impl Future<Output = Result<Option<ClientRecord>, Fault>>,
    ) -> Result<Option<Arc<Client>>, LookUpFailed> {
        let turn = self.look_ups.turn(id, address, || self.remembered(id.as_str(), version));
        let _look_up = match timeout(TURN_WAIT_MAX, turn).await.map_err(|_| LookUpFailed::Busy)? {
            Turn::Found(client) => return Ok(Some(client)),
            Turn::Ours(look_up) => look_up,
        };
        let Some(record) = load.await? else { return Ok(None) };
        match Client::try_from(&record) {
            Ok(client) => {
                let client = Arc::new(client);
                // The version of before the read: what was read under an older one is of no use to later requests.
                let remembered = Remembered { version, client: Arc::clone(&client) };
                self.remembered.insert(Arc::from(id.as_str()), remembered);
                Ok(Some(client))
            }
            // It was checked when it was added: only a stricter release or a damaged row comes here.
            Err(refused) => {
                tracing::error!(client_id = %Foreign(&id), %refused, "a stored client cannot be used");
                Ok(None)
            }
        }
    }

    fn remembered(&self, id: &str, version: i64) -> Option<Arc<Client>> {
        let found = self.remembered.get(id)?;
        (found.version == version).then_some(found.client)
    }
}

/// About what a client takes in memory.
fn bytes(client: &Client) -> u32 {
    let texts = client.name.iter().chain(&client.uri).chain(&client.post_logout_redirect_uris);
    let uris = client.redirect_uris.iter().map(RedirectUri::as_str);
    let origins = client.origins.iter().map(AppOrigin::key);
    let all = texts.map(String::as_str).chain(origins).chain(uris).chain(client.scope.iter());
    // Each text has a header of three words.
    let held: usize = all.map(|text| text.len() + 24).sum();
    u32::try_from(CLIENT_BYTES + held).unwrap_or(u32::MAX)
}
