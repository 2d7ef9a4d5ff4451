//! Where tokens stay between runs: the system's keyring, else a file that only its owner can read.
//!
//! A sign-in lives in a [`Slot`], named by a hash of everything that tells sign-ins apart, so that no server's or API's
//! name can reach another slot or leave the directory (row V-79). Reading follows the traces in the directory: without
//! any, nobody signed in and no keyring is woken.

mod file;
mod keyring;
mod lock;
mod record;

use std::fmt;
use std::path::{Path, PathBuf};

use proofkey_oauth::sha256;
use zeroize::Zeroizing;

use crate::application::Application;
use crate::error::Error;

pub(crate) use lock::SlotLock;
pub(crate) use record::StoredTokens;

/// A place for the tokens of any number of sign-ins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenStore {
    directory: PathBuf,
    uses_keyring: bool,
}

/// Where the tokens of a sign-in ended up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// The operating system's keyring.
    Keyring,
    /// A file of mode 0600.
    File(PathBuf),
}

/// One sign-in in the store.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    directory: PathBuf,
    key: String,
    uses_keyring: bool,
    owner: [String; 4],
}

impl TokenStore {
    /// The keyring where there is one, else files in the person's data directory.
    pub fn open() -> Result<Self, Error> {
        use etcetera::BaseStrategy as _;
        let base = etcetera::choose_base_strategy().map_err(|_| Error::NoDataDirectory)?;
        Ok(Self { directory: base.data_dir().join("proofkey"), uses_keyring: true })
    }

    /// Files in a directory of the caller's choice, no keyring.
    pub fn in_directory(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into(), uses_keyring: false }
    }

    /// The same directory without the keyring.
    #[must_use]
    pub fn without_keyring(self) -> Self {
        Self { uses_keyring: false, ..self }
    }

    /// The directory; it also holds the locks.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    pub(crate) fn slot(&self, application: &Application) -> Slot {
        let resource = application.resource.as_ref().map_or_else(String::new, ToString::to_string);
        let owner = [
            application.issuer.to_string(),
            application.client_id.clone(),
            resource,
            application.account.clone(),
        ];
        // Hashes have one length, so no two lists of names run together into the same text.
        let digests: Vec<u8> = owner.iter().flat_map(|name| sha256(name.as_bytes())).collect();
        let key = sha256(&digests).iter().map(|byte| format!("{byte:02x}")).collect();
        Slot { directory: self.directory.clone(), key, uses_keyring: self.uses_keyring, owner }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keyring => out.write_str("the system's keyring"),
            Self::File(path) => {
                write!(out, "{} (no keyring: any program of yours can read this file)", path.display())
            }
        }
    }
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

    fn path(&self, extension: &str) -> PathBuf {
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
mod tests {
    use proofkey_oauth::ResourceUri;

    use super::*;

    fn app(issuer: &str, client_id: &str, resource: &str, account: &str) -> Application {
        let mut app = Application::new(issuer, client_id).unwrap();
        app.resource = ResourceUri::parse(resource).ok();
        app.account = account.to_owned();
        app
    }

    #[test]
    fn v_79_cl_12_every_parameter_is_part_of_the_name_and_no_name_leaves_the_directory() {
        let store = TokenStore::in_directory("/data");
        let apps = [
            app("https://id.example", "app", "https://api.example", "default"),
            app("https://id.example/x", "app", "https://api.example", "default"),
            app("https://id.example", "app2", "https://api.example", "default"),
            app("https://id.example", "app", "https://api.example/", "default"),
            app("https://id.example", "app", "", "default"),
            app("https://id.example", "app", "https://api.example", "../../x"),
            app("https://id.example", "../../x", "https://api.example", "default"),
            app("https://id.example/../../x", "app", "https://api.example", "default"),
            app("https://id.example", "appdefault", "https://api.example", ""),
        ];
        let keys: std::collections::BTreeSet<_> = apps.iter().map(|app| store.slot(app).key).collect();
        assert_eq!(keys.len(), apps.len());
        for app in &apps {
            let path = store.slot(app).path("json");
            assert_eq!(path.parent(), Some(Path::new("/data")));
            assert!(
                store.slot(app).key.bytes().all(|b| b.is_ascii_hexdigit()) && store.slot(app).key.len() == 64
            );
        }
    }
}
