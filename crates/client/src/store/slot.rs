//! One sign-in in the store: what is kept of it, where, and under which lock.
//!
//! The tokens are in the file if there is one. The mark beside it says that the keyring holds an entry of this sign-in:
//! the tokens themselves if there is no file, else what is left of earlier ones and could not be removed yet.

use std::path::PathBuf;

use zeroize::Zeroizing;

use super::file;
use super::keyring::Keyring;
use super::lock::SlotLock;
use super::record::StoredTokens;
use super::stored_at::StoredAt;
use crate::error::Error;

/// One sign-in in the store.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub(super) directory: PathBuf,
    pub(super) key: String,
    pub(super) uses_keyring: bool,
    pub(super) keyring: Keyring,
    pub(crate) owner: [String; 4],
}

impl Slot {
    /// How many files a slot has at most: tokens, mark, lock, the new content that is about to replace one of them, and one that
    /// only tries whether there is room.
    pub(super) const FILES_MAX: usize = 5;

    /// Makes sure that tokens can be kept, before a person is sent to sign in for them. The keyring needs the directory too, for its
    /// mark and for the lock, and falls back to it.
    pub(crate) async fn probe(&self) -> Result<(), Error> {
        self.on_thread(|slot| file::probe(&slot.directory, &slot.path("probe"))).await
    }

    /// The tokens; `None` if there is no sign-in.
    pub(crate) async fn load(&self) -> Result<Option<StoredTokens>, Error> {
        self.on_thread(|slot| {
            let Some(bytes) = slot.read()? else { return Ok(None) };
            let record = StoredTokens::from_bytes(&bytes).filter(|record| record.owner == slot.owner);
            record.map(Some).ok_or_else(|| Error::StoreMalformed(slot.path("json")))
        })
        .await
    }

    /// Keeps the tokens of a new sign-in; says where.
    pub(crate) async fn save_first(&self, tokens: &StoredTokens) -> Result<StoredAt, Error> {
        let bytes = tokens.to_bytes()?;
        self.on_thread(move |slot| {
            if slot.uses_keyring {
                return slot.write_keyring(&bytes);
            }
            let stored_at = slot.write_file(&bytes)?;
            // A store without the keyring leaves nothing in it either. If that fails the mark stays, and signing
            // out tries again.
            if let Err(cause) = slot.remove_entry() {
                tracing::warn!(%cause, "an earlier sign-in is still in the keyring");
            }
            Ok(stored_at)
        })
        .await
    }

    /// Keeps changed tokens where the old ones are. When this returns they survive a crash.
    pub(crate) async fn save(&self, tokens: &StoredTokens) -> Result<StoredAt, Error> {
        let bytes = tokens.to_bytes()?;
        self.on_thread(move |slot| {
            let is_in_keyring = slot.is_marked() && !slot.path("json").exists();
            if is_in_keyring { slot.write_keyring(&bytes) } else { slot.write_file(&bytes) }
        })
        .await
    }

    /// Where the tokens are; `None` if there is no sign-in.
    pub(crate) async fn stored_at(&self) -> Result<Option<StoredAt>, Error> {
        self.on_thread(|slot| {
            let path = slot.path("json");
            Ok(if path.exists() {
                Some(StoredAt::File(path))
            } else {
                slot.is_marked().then_some(StoredAt::Keyring)
            })
        })
        .await
    }

    /// Removes every trace of the tokens.
    pub(crate) async fn wipe(&self) -> Result<(), Error> {
        self.on_thread(|slot| {
            file::remove(&slot.directory, &[slot.path("json"), slot.path("new")])?;
            slot.remove_entry()
        })
        .await
    }

    /// Keeps every other process and task from this slot until the lock is dropped, however this process ends.
    pub(crate) async fn lock(&self) -> Result<SlotLock, Error> {
        let path = self.path("lock");
        let directory = self.directory.clone();
        SlotLock::acquire(directory, path).await
    }

    pub(super) fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        if let Some(bytes) = file::read(&self.path("json"))? {
            return Ok(Some(bytes));
        }
        if self.is_marked() { self.keyring.read(&self.key) } else { Ok(None) }
    }

    fn write_file(&self, bytes: &[u8]) -> Result<StoredAt, Error> {
        let path = self.path("json");
        file::replace(&self.directory, &self.path("new"), &path, bytes)?;
        Ok(StoredAt::File(path))
    }

    /// Falls back to the file: tokens that the server already rotated must not be lost to a locked keyring.
    fn write_keyring(&self, bytes: &[u8]) -> Result<StoredAt, Error> {
        // The mark says where to look; it holds nothing. It comes first: a mark without an entry is no sign-in, an entry without
        // a mark would be one that nothing finds and no sign-out removes.
        let was_marked = self.is_marked();
        if !was_marked {
            file::replace(&self.directory, &self.path("new"), &self.path("keyring"), b"")?;
        }
        if let Err(cause) = self.keyring.write(&self.key, bytes) {
            tracing::warn!(%cause, "no keyring; keeping tokens in a file");
            let stored_at = self.write_file(bytes)?;
            if !was_marked {
                file::remove(&self.directory, &[self.path("keyring")])?;
            }
            return Ok(stored_at);
        }
        file::remove(&self.directory, &[self.path("json")])?;
        Ok(StoredAt::Keyring)
    }

    /// Removes the keyring's entry, and only then what says that there is one.
    fn remove_entry(&self) -> Result<(), Error> {
        if !self.is_marked() {
            return Ok(());
        }
        self.keyring.delete(&self.key)?;
        file::remove(&self.directory, &[self.path("keyring")])
    }

    fn is_marked(&self) -> bool {
        self.path("keyring").exists()
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

#[cfg(test)]
#[cfg(all(target_os = "linux", feature = "keyring"))]
mod tests {
    use keyring_core::mock;
    use proofkey_oauth::Timestamp;

    use super::*;
    use crate::application::Application;
    use crate::store::TokenStore;

    /// A slot of the default account before a keyring that tests can break.
    fn slot(directory: &std::path::Path) -> Slot {
        let app = Application::new("https://id.example", "app").unwrap();
        let mut slot = TokenStore::in_directory(directory).slot(&app);
        slot.uses_keyring = true;
        slot.keyring.double = Some(mock::Store::new().unwrap());
        slot
    }

    fn tokens(slot: &Slot, refresh_token: &str) -> StoredTokens {
        StoredTokens::sample(slot.owner.clone(), refresh_token, Timestamp(100))
    }

    /// Has the next thing that the keyring is asked for fail.
    fn lock_keyring(slot: &Slot) {
        let entry = slot.keyring.entry(&slot.key);
        let double: &mock::Cred = entry.as_any().downcast_ref().unwrap();
        double.set_error(keyring_core::Error::Invalid("the keyring".to_owned(), "is locked".to_owned()));
    }

    fn in_keyring(slot: &Slot) -> Option<String> {
        let bytes = slot.keyring.read(&slot.key).unwrap()?;
        Some(StoredTokens::from_bytes(&bytes).unwrap().refresh_token().unwrap().expose().to_owned())
    }

    async fn kept(slot: &Slot) -> Option<String> {
        let tokens = slot.load().await.unwrap()?;
        Some(tokens.refresh_token().unwrap().expose().to_owned())
    }

    fn files(slot: &Slot) -> Vec<String> {
        let entries = std::fs::read_dir(&slot.directory).unwrap().map(|entry| entry.unwrap().path());
        let mut names: Vec<_> =
            entries.map(|path| path.extension().unwrap().to_str().unwrap().to_owned()).collect();
        names.sort();
        names
    }

    #[tokio::test]
    async fn cl_12_tokens_stay_in_the_keyring_and_only_a_mark_is_in_the_directory() {
        let directory = tempfile::tempdir().unwrap();
        let slot = slot(directory.path());
        assert_eq!(slot.save_first(&tokens(&slot, "r1")).await.unwrap(), StoredAt::Keyring);
        assert_eq!(slot.save(&tokens(&slot, "r2")).await.unwrap(), StoredAt::Keyring);
        assert_eq!((kept(&slot).await, in_keyring(&slot)), (Some("r2".into()), Some("r2".into())));
        assert_eq!(files(&slot), ["keyring"]);
        assert_eq!(std::fs::read(slot.path("keyring")).unwrap(), b"");
        slot.wipe().await.unwrap();
        assert_eq!((kept(&slot).await, in_keyring(&slot), files(&slot).len()), (None, None, 0));
    }

    #[tokio::test]
    async fn cl_12_without_a_keyring_a_sign_in_is_kept_in_a_file() {
        let directory = tempfile::tempdir().unwrap();
        let slot = slot(directory.path());
        lock_keyring(&slot);
        let stored_at = slot.save_first(&tokens(&slot, "r1")).await.unwrap();
        assert_eq!(stored_at, StoredAt::File(slot.path("json")));
        assert_eq!((kept(&slot).await, files(&slot)), (Some("r1".into()), vec!["json".into()]));
    }

    #[tokio::test]
    async fn cl_12_a_keyring_that_fails_during_a_refresh_costs_no_token_and_the_move_is_seen() {
        let directory = tempfile::tempdir().unwrap();
        let slot = slot(directory.path());
        slot.save_first(&tokens(&slot, "r1")).await.unwrap();
        assert_eq!(slot.stored_at().await.unwrap(), Some(StoredAt::Keyring));
        lock_keyring(&slot);
        assert_eq!(slot.save(&tokens(&slot, "r2")).await.unwrap(), StoredAt::File(slot.path("json")));
        assert_eq!(slot.stored_at().await.unwrap(), Some(StoredAt::File(slot.path("json"))));
        assert_eq!(kept(&slot).await, Some("r2".into()));
        // They stay where the person was told they are, and what is left in the keyring is not forgotten.
        assert_eq!(slot.save(&tokens(&slot, "r3")).await.unwrap(), StoredAt::File(slot.path("json")));
        slot.wipe().await.unwrap();
        assert_eq!((kept(&slot).await, in_keyring(&slot), files(&slot).len()), (None, None, 0));
        assert_eq!(slot.stored_at().await.unwrap(), None);
    }

    #[tokio::test]
    async fn cl_12_signing_in_without_the_keyring_leaves_nothing_in_it() {
        let directory = tempfile::tempdir().unwrap();
        let mut slot = slot(directory.path());
        slot.save_first(&tokens(&slot, "r1")).await.unwrap();
        slot.uses_keyring = false;
        slot.save_first(&tokens(&slot, "r2")).await.unwrap();
        assert_eq!((kept(&slot).await, in_keyring(&slot)), (Some("r2".into()), None));
        assert_eq!(files(&slot), ["json"]);
    }

    #[tokio::test]
    async fn cl_18_an_entry_that_cannot_be_removed_now_is_removed_by_the_next_attempt() {
        let directory = tempfile::tempdir().unwrap();
        let mut slot = slot(directory.path());
        slot.save_first(&tokens(&slot, "r1")).await.unwrap();
        slot.uses_keyring = false;
        lock_keyring(&slot);
        slot.save_first(&tokens(&slot, "r2")).await.unwrap();
        assert_eq!((kept(&slot).await, in_keyring(&slot)), (Some("r2".into()), Some("r1".into())));
        lock_keyring(&slot);
        assert!(matches!(slot.wipe().await, Err(Error::KeyringUnavailable(_))));
        assert_eq!(kept(&slot).await, Some("r1".into()), "still within reach of another sign-out");
        slot.wipe().await.unwrap();
        assert_eq!((kept(&slot).await, in_keyring(&slot), files(&slot).len()), (None, None, 0));
    }

    #[tokio::test]
    async fn cl_12_a_keyring_that_cannot_be_read_is_not_an_empty_one() {
        let directory = tempfile::tempdir().unwrap();
        let slot = slot(directory.path());
        slot.save_first(&tokens(&slot, "r1")).await.unwrap();
        lock_keyring(&slot);
        assert!(matches!(slot.load().await, Err(Error::KeyringUnavailable(_))));
        assert_eq!(kept(&slot).await, Some("r1".into()));
        // Another sign-in's entry under this name is not believed.
        let mut other = tokens(&slot, "r9");
        other.owner[1] = "other".to_owned();
        slot.keyring.write(&slot.key, &other.to_bytes().unwrap()).unwrap();
        assert!(matches!(slot.load().await, Err(Error::StoreMalformed(_))));
    }
}
