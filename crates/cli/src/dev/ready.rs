//! The ready file: what a tool has to know to use a running `proofkey dev`.

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
