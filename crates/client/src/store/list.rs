//! The sign-ins that a store holds, found by their files: no list is kept that could disagree with them.

use std::collections::BTreeSet;
use std::path::Path;

use proofkey_oauth::{ResourceUri, Scope};

use super::file;
use super::record::StoredTokens;
use super::slot::Slot;
use super::token_store::TokenStore;
use crate::application::Application;
use crate::error::Error;

/// How many sign-ins are listed at most: a bound on the work, far above what one person has.
const SIGN_INS_MAX: usize = 1_000;
/// A slot's name is a SHA-256 hash in hexadecimal.
const KEY_LENGTH: usize = 64;

impl TokenStore {
    /// The apps that are signed in, with an empty scope: what each may do was settled at its sign-in. A sign-in that
    /// cannot be read is an error in its place.
    ///
    /// Needs the keyring for those that are kept there.
    pub async fn applications(&self) -> Result<Vec<Result<Application, Error>>, Error> {
        let store = self.clone();
        let listing = tokio::task::spawn_blocking(move || {
            let keys = keys(store.directory())?;
            Ok(keys.into_iter().filter_map(|key| store.application(key).transpose()).collect())
        });
        listing.await.map_err(|_| Error::Interrupted)?
    }

    /// The app whose sign-in is kept under a key. `None` if it is gone since the directory was read.
    fn application(&self, key: String) -> Result<Option<Application>, Error> {
        let slot = self.slot_of(key, Default::default());
        let Some(bytes) = slot.read()? else { return Ok(None) };
        let owner = StoredTokens::from_bytes(&bytes).and_then(|record| application(&record.owner));
        // A file under another sign-in's name does not count: it may have been put there.
        let owner = owner.filter(|app| self.slot(app).key == slot.key);
        owner.map(Some).ok_or_else(|| Error::StoreMalformed(slot.path("json")))
    }
}

fn application([issuer, client_id, resource, account]: &[String; 4]) -> Option<Application> {
    let mut app = Application::new(issuer, client_id).ok()?;
    app.scope = Scope::default();
    app.account.clone_from(account);
    if !resource.is_empty() {
        app.resource = Some(ResourceUri::parse(resource).ok()?);
    }
    Some(app)
}

/// The names of the slots that have a file or a mark, in a fixed order.
fn keys(directory: &Path) -> Result<BTreeSet<String>, Error> {
    let is_key = |stem: &str| stem.len() == KEY_LENGTH && stem.bytes().all(|byte| byte.is_ascii_hexdigit());
    let names = file::names(directory, SIGN_INS_MAX * Slot::FILES_MAX)?;
    let stems = names.iter().filter_map(|name| name.strip_suffix(".json").or(name.strip_suffix(".keyring")));
    Ok(stems.filter(|stem| is_key(stem)).map(str::to_owned).take(SIGN_INS_MAX).collect())
}
