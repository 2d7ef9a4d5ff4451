//! The keys that requests use: one snapshot in the process, taken over from the store when that has others.

use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;
use proofkey_oauth::Timestamp;
use proofkey_store::{ProtocolStore, Versions};
use tokio::sync::Mutex;

use super::fault::KeysFault;
use super::ring::{Keys, Signers, StoredKeys, public_jwk};
use crate::config::{SealingKeySource, SealingKeys};

/// How often the stored keys are looked at when they are sealed anew each time.
pub(crate) const LOOKS_MAX: usize = 8;

/// The current keys, and how to take over others.
#[derive(Debug)]
pub struct Keyring {
    signers: Signers,
    source: SealingKeySource,
    now: ArcSwap<Keys>,
    /// One takes over at a time; a caller that waited finds it done.
    turn: Mutex<()>,
}

impl Keyring {
    /// A keyring without signing keys; [`Keyring::take_over`] gives it some.
    pub fn new(
        signers: Signers,
        sealing: Arc<SealingKeys>,
        source: SealingKeySource,
    ) -> Result<Self, KeysFault> {
        let keys = Keys::new(signers.clone(), StoredKeys::default(), sealing, Timestamp(0))?;
        Ok(Self { signers, source, now: ArcSwap::from_pointee(keys), turn: Mutex::new(()) })
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
        let mut versions = store.directory_versions().await?;
        for _ in 0..LOOKS_MAX {
            let before = self.now();
            if before.version() == versions.keys && !before.is_outdated(now) {
                return Ok(());
            }
            match self.stored(store, versions, now).await {
                Err(sealed @ KeysFault::Sealed { .. }) => {
                    // Keys that were sealed anew after the version was read open under a sealing key that was not.
                    let later = store.directory_versions().await?;
                    if later == versions {
                        return Err(sealed);
                    }
                    versions = later;
                }
                stored => {
                    self.now.store(Arc::new(stored?));
                    return Ok(());
                }
            }
        }
        Err(KeysFault::Unsettled)
    }

    /// Reads the file of the sealing key again, and takes over what stands there. `false` where that is what is in use, or where
    /// there is no file.
    pub(crate) async fn reread(&self, store: &ProtocolStore, now: Timestamp) -> Result<bool, KeysFault> {
        let SealingKeySource::File(path) = &self.source else { return Ok(false) };
        let _turn = self.turn.lock().await;
        let versions = store.directory_versions().await?;
        let sealing = read(path, store).await?;
        if sealing.is_alike(self.now().sealing()) {
            return Ok(false);
        }
        let keys = self.stored_under(Arc::new(sealing), store, versions, now).await?;
        self.now.store(Arc::new(keys));
        Ok(true)
    }

    /// The stored keys, under the sealing keys by which they are sealed.
    async fn stored(
        &self,
        store: &ProtocolStore,
        versions: Versions,
        now: Timestamp,
    ) -> Result<Keys, KeysFault> {
        let before = self.now();
        let sealing = match &self.source {
            SealingKeySource::File(path) if before.sealing_version() != versions.sealing => {
                Arc::new(read(path, store).await?)
            }
            SealingKeySource::File(_) | SealingKeySource::Environment => Arc::clone(before.sealing()),
        };
        self.stored_under(sealing, store, versions, now).await
    }

    /// The stored keys, read after their version and never before: they are at least as new as it says.
    async fn stored_under(
        &self,
        sealing: Arc<SealingKeys>,
        store: &ProtocolStore,
        versions: Versions,
        now: Timestamp,
    ) -> Result<Keys, KeysFault> {
        let records = store.keys().await?;
        let retired = store.retired_keys(now).await?;
        let retired = retired.iter().map(|(kid, jwk)| public_jwk(kid, jwk)).collect::<Result<_, _>>()?;
        let (version, sealing_version) = (versions.keys, versions.sealing);
        let stored = StoredKeys { version, sealing_version, records, retired };
        Keys::new(self.signers.clone(), stored, sealing, now)
    }
}

/// The sealing keys of a file, as the database says what they are good for.
async fn read(path: &Path, store: &ProtocolStore) -> Result<SealingKeys, KeysFault> {
    // The file after what is said of it: a key that writes by now was there before that was said.
    let told = store.sealing_keys().await?;
    Ok(SealingKeys::read(path)?.ruled_by(&told, path)?)
}
