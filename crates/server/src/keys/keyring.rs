//! The keys that requests use: one snapshot in the process, taken over from the store when that has others.

use std::sync::Arc;

use arc_swap::ArcSwap;
use proofkey_oauth::{Issuer, Timestamp};
use proofkey_store::ProtocolStore;
use tokio::sync::Mutex;

use super::fault::KeysFault;
use super::ring::{Keys, StoredKeys, public_jwk};
use crate::config::{SealingKeySource, SealingKeys};

/// The current keys, and how to take over others.
#[derive(Debug)]
pub struct Keyring {
    issuer: Issuer,
    source: SealingKeySource,
    now: ArcSwap<Keys>,
    /// One takes over at a time; whoever waited finds it done.
    turn: Mutex<()>,
}

impl Keyring {
    /// A keyring without signing keys; [`Keyring::take_over`] gives it some.
    pub fn new(
        issuer: Issuer,
        sealing: Arc<SealingKeys>,
        source: SealingKeySource,
    ) -> Result<Self, KeysFault> {
        let keys = Keys::new(issuer.clone(), StoredKeys::default(), sealing, Timestamp(0))?;
        Ok(Self { issuer, source, now: ArcSwap::from_pointee(keys), turn: Mutex::new(()) })
    }

    /// Where the sealing key comes from.
    pub const fn source(&self) -> &SealingKeySource {
        &self.source
    }

    /// The keys as they are now; a request keeps those that it began with.
    pub fn now(&self) -> Arc<Keys> {
        self.now.load_full()
    }

    /// Takes over the stored keys where they are others than those in use. Fails, and keeps what it has, when one of them does
    /// not open. The sealing key is read again when the stored keys have been sealed anew.
    pub async fn take_over(&self, store: &ProtocolStore, now: Timestamp) -> Result<(), KeysFault> {
        let _turn = self.turn.lock().await;
        let (versions, before) = (store.directory_versions().await?, self.now());
        if before.version() == versions.keys && !before.is_outdated(now) {
            return Ok(());
        }
        // After the version, never before: what is read is at least as new as the version says.
        let sealing = match &self.source {
            SealingKeySource::File(path) if before.sealing_version() != versions.sealing => {
                Arc::new(SealingKeys::read(path)?)
            }
            SealingKeySource::File(_) | SealingKeySource::Environment => Arc::clone(before.sealing()),
        };
        let records = store.keys().await?;
        let retired = store.retired_keys(now).await?;
        let retired = retired.iter().map(|(kid, jwk)| public_jwk(kid, jwk)).collect::<Result<_, _>>()?;
        let (version, sealing_version) = (versions.keys, versions.sealing);
        let stored = StoredKeys { version, sealing_version, records, retired };
        self.now.store(Arc::new(Keys::new(self.issuer.clone(), stored, sealing, now)?));
        Ok(())
    }
}
