//! What a configuration means once it was checked: paths are absolute, addresses and the sealing key are read.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use proofkey_oauth::Issuer;
use proofkey_protocol::SigningAlgorithms;

use super::database_url::DatabaseUrl;
use super::sealing_keys::{SealingKeySource, SealingKeys};
use super::sections::{Limits, Log, Pages, Passwords, Sessions, Tokens};

/// A configuration that has been checked.
#[derive(Debug)]
pub struct Config {
    /// The issuer identifier (RFC 8414 §2).
    pub issuer: Issuer,
    /// Listeners, TLS and proxies.
    pub server: Server,
    /// Where the data lies.
    pub store: Store,
    /// The sealing key and the rotation of signing keys.
    pub keys: Keys,
    /// Lifetimes of codes and tokens.
    pub tokens: Tokens,
    /// Lifetimes of browser sessions.
    pub sessions: Sessions,
    /// Cost and policy of passwords.
    pub passwords: Passwords,
    /// How often something may fail.
    pub limits: Limits,
    /// What pages say about the operator.
    pub pages: Pages,
    /// Form and amount of the log.
    pub log: Log,
    /// What the environment says that will not be read much longer.
    pub(crate) environment_warning: Option<String>,
}

/// Listeners, TLS and proxies, resolved.
#[derive(Clone, Debug)]
pub struct Server {
    /// Address of the public listener.
    pub listen: SocketAddr,
    /// Address of the metrics listener; `None` where it is off.
    pub metrics_listen: Option<SocketAddr>,
    /// Certificate chain and key, where this server ends TLS itself.
    pub tls: Option<TlsFiles>,
    /// Networks whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Most connections at once.
    pub connections_max: usize,
    /// Most connections of one address; a quarter of all where it is absent.
    pub connections_address_max: Option<usize>,
    /// How long requests are still taken after a stop signal, while readiness is denied already.
    pub unready_seconds: u64,
    /// How long requests in flight may go on after that.
    pub drain_seconds: u64,
}

/// The two files of a TLS identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// PEM, the server's certificate first.
    pub certificate: PathBuf,
    /// PEM: PKCS#8, PKCS#1 or SEC1.
    pub key: PathBuf,
}

/// Where the data lies, resolved.
#[derive(Clone, Debug)]
pub enum Store {
    /// In a directory of this machine: a database in a file.
    Directory {
        /// The directory.
        data: PathBuf,
        /// How many subjects, and how many access tokens, a server keeps in memory at most as it has read them.
        remembered_max: usize,
    },
    /// In a PostgreSQL database.
    Postgres {
        /// How to connect to it.
        url: DatabaseUrl,
        /// Its hosts with their ports, to be shown.
        hosts: String,
        /// How long a server that starts waits for a database that cannot be reached.
        wait: Duration,
    },
}

impl Store {
    /// How many seconds a server waits for its database unless the configuration says otherwise.
    pub const WAIT_SECONDS: u32 = 60;

    /// The database as messages name it: its file, or its hosts.
    pub fn place(&self) -> String {
        match self {
            Self::Directory { data, .. } => database_file(data).display().to_string(),
            Self::Postgres { hosts, .. } => hosts.clone(),
        }
    }
}

/// The database file of a data directory.
pub fn database_file(data: &Path) -> PathBuf {
    data.join("proofkey.db")
}

/// The sealing key and the rotation of signing keys, resolved.
#[derive(Debug)]
pub struct Keys {
    /// Seals private keys at rest.
    pub sealing_keys: Arc<SealingKeys>,
    /// Where it comes from.
    pub sealing_key_source: SealingKeySource,
    /// What signs tokens.
    pub algorithms: SigningAlgorithms,
    /// How long a signing key signs.
    pub rotation_days: i64,
    /// How long a key is published before its first use.
    pub publish_ahead_hours: i64,
    /// How long others may keep the key set (`Cache-Control: max-age`).
    pub jwks_max_age_seconds: i64,
}
