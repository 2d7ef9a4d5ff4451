//! The configuration as it stands in the file: the grammar of the file, with every default.

use std::path::{Path, PathBuf};

use proofkey_protocol::SigningAlgorithms;
use serde::Deserialize;
use toml::Table;

use super::database_url::DatabaseUrl;
use super::error::ConfigError;
use super::nearest::with_nearest;
use super::resolved::Store;
use super::sections::{Limits, Log, Pages, Passwords, Sessions, Tokens};

/// The whole file.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct File {
    pub(super) issuer: Option<String>,
    pub(super) server: ServerFile,
    pub(super) store: StoreFile,
    pub(super) keys: KeysFile,
    pub(super) tokens: Tokens,
    pub(super) sessions: Sessions,
    pub(super) passwords: Passwords,
    pub(super) limits: Limits,
    pub(super) pages: Pages,
    pub(super) log: Log,
}

/// `[server]` as it stands in the file.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ServerFile {
    pub(super) listen: String,
    pub(super) metrics_listen: String,
    pub(super) tls_certificate: Option<PathBuf>,
    pub(super) tls_key: Option<PathBuf>,
    pub(super) trusted_proxies: Vec<String>,
    pub(super) connections_max: u32,
    pub(super) connections_address_max: u32,
    pub(super) unready_seconds: u32,
    pub(super) drain_seconds: u32,
}

/// `[store]` as it stands in the file.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct StoreFile {
    pub(super) data: Option<PathBuf>,
    pub(super) url: Option<DatabaseUrl>,
    pub(super) url_file: Option<PathBuf>,
    pub(super) wait_seconds: u32,
    pub(super) remembered_max: u32,
}

/// `[keys]` as it stands in the file. The sealing key itself has no key here: a secret in this file would be a secret in its backups.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct KeysFile {
    pub(super) sealing_key_file: Option<PathBuf>,
    pub(super) algorithms: Vec<String>,
    pub(super) rotation_days: u32,
    pub(super) publish_ahead_hours: u32,
    pub(super) jwks_max_age_seconds: u32,
}

impl Default for ServerFile {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:4455".into(),
            metrics_listen: "127.0.0.1:9464".into(),
            tls_certificate: None,
            tls_key: None,
            trusted_proxies: Vec::new(),
            connections_max: 10_000,
            connections_address_max: 0,
            unready_seconds: 0,
            drain_seconds: 10,
        }
    }
}

impl Default for StoreFile {
    fn default() -> Self {
        Self {
            data: None,
            url: None,
            url_file: None,
            wait_seconds: Store::WAIT_SECONDS,
            remembered_max: proofkey_store::Options::REMEMBERED_MAX,
        }
    }
}

impl Default for KeysFile {
    fn default() -> Self {
        Self {
            sealing_key_file: None,
            algorithms: SigningAlgorithms::default().iter().map(|algorithm| algorithm.to_string()).collect(),
            rotation_days: 90,
            publish_ahead_hours: 24,
            jwks_max_age_seconds: 300,
        }
    }
}

/// Checks the text against the grammar, while places are still known, and returns it as a table for the overrides.
pub(super) fn parse(text: &str, path: &Path) -> Result<Table, ConfigError> {
    let refused = |error: toml::de::Error| {
        let start = error.span().map_or(0, |span| span.start);
        refuse_at(text, path, start, with_nearest(error.message()))
    };
    let _well_formed: File = toml::from_str(text).map_err(refused)?;
    toml::from_str(text).map_err(refused)
}

/// An error at a byte of the file.
pub(super) fn refuse_at(text: &str, path: &Path, byte: usize, message: String) -> ConfigError {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    ConfigError::File { path: path.to_owned(), line, column, message }
}

/// Where in the text `section.key` (or a top-level key) stands.
pub(super) fn byte_of(text: &str, name: &str) -> Option<usize> {
    let table = toml::de::DeTable::parse(text).ok()?.into_inner();
    let (section, key) = name.split_once('.').unwrap_or(("", name));
    let find = |table: &toml::de::DeTable<'_>| {
        table.iter().find(|(name, _)| name.get_ref() == key).map(|(name, _)| name.span().start)
    };
    match section {
        "" => find(&table),
        section => {
            let (_, value) = table.iter().find(|(name, _)| name.get_ref() == section)?;
            find(value.get_ref().as_table()?)
        }
    }
}
