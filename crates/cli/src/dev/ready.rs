//! The ready file: what a tool has to know to use a running `proofkey dev`.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde::Serialize;

/// The content of the ready file.
#[derive(Debug, Serialize)]
pub(super) struct Ready {
    pub(super) issuer: String,
    pub(super) app: String,
    pub(super) api: String,
    pub(super) users: Vec<User>,
    pub(super) clients: Vec<Client>,
}

/// A user to sign in as.
#[derive(Debug, Serialize)]
pub(super) struct User {
    pub(super) username: String,
    pub(super) password: String,
}

/// A client to use.
#[derive(Debug, Serialize)]
pub(super) struct Client {
    pub(super) kind: &'static str,
    pub(super) client_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_secret: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) redirect_uris: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) post_logout_redirect_uris: Vec<String>,
}

/// Writes a file that holds secrets: mode 0600, whole or not at all.
pub(super) fn write_private<T: Serialize>(path: &Path, content: &T) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let _ = fs::remove_file(&beside);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(&serde_json::to_vec_pretty(content)?)?;
    file.sync_all()?;
    fs::rename(&beside, path)
}
