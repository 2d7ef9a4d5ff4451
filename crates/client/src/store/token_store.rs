//! The store of an app or of the command line: a directory, and whether the keyring is used.

use std::path::{Path, PathBuf};

use proofkey_oauth::sha256;

use super::keyring::Keyring;
use super::slot::Slot;
use crate::application::Application;
use crate::error::Error;

/// Keeps the tokens of any number of sign-ins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenStore {
    directory: PathBuf,
    uses_keyring: bool,
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
        self.slot_of(sha256(&digests).iter().map(|byte| format!("{byte:02x}")).collect(), owner)
    }

    pub(super) fn slot_of(&self, key: String, owner: [String; 4]) -> Slot {
        Slot {
            directory: self.directory.clone(),
            key,
            uses_keyring: self.uses_keyring,
            keyring: Keyring::default(),
            owner,
        }
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
