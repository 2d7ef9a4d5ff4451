//! Installations made by earlier releases, kept in `tests/museum` so that every later release opens them.

use std::path::{Path, PathBuf};

use proofkey_oauth::AuthMethod;
use proofkey_server::config::Config;
use serde_json::Value;

use crate::builder::Builder;
use crate::configuration::sealed_under;
use crate::fixtures::{TestClient, TestUser};

/// One of them, with the list of what is in it.
#[derive(Clone, Debug)]
pub struct Museum {
    /// Its `manifest.json`.
    pub manifest: Value,
    directory: PathBuf,
}

impl Museum {
    /// Every installation that is kept.
    pub fn all() -> Vec<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/museum");
        let entries =
            std::fs::read_dir(root).expect("the museum").map(|entry| entry.expect("an entry").path());
        let mut directories: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
        directories.sort();
        directories.into_iter().map(Self::open).collect()
    }

    /// The oldest installation: its keys, users and clients stay as they are for good.
    pub fn first() -> Self {
        Self::all().into_iter().next().expect("the museum is not empty")
    }

    /// Whether it is that.
    pub fn is_first(&self) -> bool {
        self.directory.ends_with("0.1.0-first")
    }

    fn open(directory: PathBuf) -> Self {
        let text = std::fs::read(directory.join("manifest.json")).expect("a manifest");
        Self { manifest: serde_json::from_slice(&text).expect("a manifest of JSON"), directory }
    }

    /// A server on a copy of its database, with a clock that stands at the instant when it was made.
    pub fn builder(&self) -> Builder {
        let made_at = self.manifest["made_at"].as_i64().expect("an instant");
        Builder::default()
            .issuer(self.manifest["issuer"].as_str().expect("an issuer"))
            .set("keys.sealing_key", self.sealing_key())
            .database(self.directory.join("data/proofkey.db"), made_at)
    }

    /// Its configuration file, as this release reads it.
    pub fn config(&self) -> Config {
        let file = self.directory.join("proofkey.toml");
        let text = std::fs::read_to_string(&file).expect("a configuration");
        // Given by the environment: the key file is not taken with the mode that a checkout gives it.
        Config::parse(&text, &file, [sealed_under(&self.sealing_key())]).expect("the configuration is valid")
    }

    /// The members of a list of the manifest.
    pub fn list(&self, name: &str) -> &[Value] {
        self.manifest[name].as_array().unwrap_or_else(|| panic!("the manifest lists {name}"))
    }

    /// A user by name.
    pub fn user(&self, username: &Value) -> TestUser {
        let user = find(self.list("users"), "username", username);
        TestUser { username: text(&user["username"]), password: text(&user["password"]) }
    }

    /// A client by id.
    pub fn client(&self, id: &Value) -> TestClient {
        let client = find(self.list("clients"), "client_id", id);
        let method = client["token_endpoint_auth_method"].clone();
        let method: AuthMethod = serde_json::from_value(method).expect("a method");
        let secret = client["client_secret"].as_str().map(str::to_owned);
        let redirect_uri = client["redirect_uris"][0].as_str().unwrap_or_default().to_owned();
        TestClient { id: text(id), secret, method, redirect_uri, scope: text(&client["scope"]) }
    }

    fn sealing_key(&self) -> String {
        let text = std::fs::read_to_string(self.directory.join("sealing.key")).expect("a sealing key");
        text.trim().to_owned()
    }
}

fn find<'a>(list: &'a [Value], member: &str, value: &Value) -> &'a Value {
    list.iter().find(|entry| entry[member] == *value).unwrap_or_else(|| panic!("no {member} {value}"))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
