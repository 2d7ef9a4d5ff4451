//! One sign-in in the store: what is kept of it, where, and under whose lock.

use std::path::PathBuf;

use zeroize::Zeroizing;

use super::{Place, SlotLock, StoredTokens, file, keyring};
use crate::error::Error;

/// One sign-in in the store.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub(super) directory: PathBuf,
    pub(super) key: String,
    pub(super) uses_keyring: bool,
    pub(super) owner: [String; 4],
}

impl Slot {
    /// The tokens, if someone is signed in.
    pub(crate) async fn load(&self) -> Result<Option<StoredTokens>, Error> {
        self.on_thread(|slot| {
            let Some(bytes) = slot.read()? else { return Ok(None) };
            let record = StoredTokens::from_bytes(&bytes).filter(|record| record.owner == slot.owner);
            record.map(Some).ok_or_else(|| Error::StoreMalformed(slot.path("json")))
        })
        .await
    }

    /// Keeps the tokens of a new sign-in; says where.
    pub(crate) async fn save_first(&self, tokens: &StoredTokens) -> Result<Place, Error> {
        let bytes = tokens.to_bytes()?;
        self.on_thread(
            move |slot| if slot.uses_keyring { slot.write_keyring(&bytes) } else { slot.write_file(&bytes) },
        )
        .await
    }

    /// Keeps changed tokens where the old ones are. When this returns they survive a crash.
    pub(crate) async fn save(&self, tokens: &StoredTokens) -> Result<Place, Error> {
        let bytes = tokens.to_bytes()?;
        self.on_thread(move |slot| {
            if slot.path("keyring").exists() { slot.write_keyring(&bytes) } else { slot.write_file(&bytes) }
        })
        .await
    }

    /// Removes every trace of the tokens.
    pub(crate) async fn wipe(&self) -> Result<(), Error> {
        self.on_thread(|slot| {
            file::remove(&slot.directory, &[slot.path("json"), slot.path("new")])?;
            if slot.path("keyring").exists() {
                keyring::delete(&slot.key)?;
                file::remove(&slot.directory, &[slot.path("keyring")])?;
            }
            Ok(())
        })
        .await
    }

    /// Keeps every other process and task from this slot until the lock is dropped, however this process ends.
    pub(crate) async fn lock(&self) -> Result<SlotLock, Error> {
        let path = self.path("lock");
        let directory = self.directory.clone();
        SlotLock::acquire(directory, path).await
    }

    fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        if let Some(bytes) = file::read(&self.path("json"))? {
            return Ok(Some(bytes));
        }
        if self.path("keyring").exists() { keyring::read(&self.key) } else { Ok(None) }
    }

    fn write_file(&self, bytes: &[u8]) -> Result<Place, Error> {
        let path = self.path("json");
        file::replace(&self.directory, &self.path("new"), &path, bytes)?;
        file::remove(&self.directory, &[self.path("keyring")])?;
        Ok(Place::File(path))
    }

    /// Falls back to the file: tokens that the server already rotated must not be lost to a locked keyring.
    fn write_keyring(&self, bytes: &[u8]) -> Result<Place, Error> {
        if let Err(cause) = keyring::write(&self.key, bytes) {
            tracing::debug!(%cause, "no keyring; keeping tokens in a file");
            return self.write_file(bytes);
        }
        // The mark says where to look; it holds nothing.
        file::replace(&self.directory, &self.path("new"), &self.path("keyring"), b"")?;
        file::remove(&self.directory, &[self.path("json")])?;
        Ok(Place::Keyring)
    }

    pub(super) fn path(&self, extension: &str) -> PathBuf {
        self.directory.join(format!("{}.{extension}", self.key))
    }

    /// Runs blocking work off the runtime's threads.
    async fn on_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let slot = self.clone();
        tokio::task::spawn_blocking(move || work(&slot)).await.map_err(|_| Error::Interrupted)?
    }
}
