//! A client as its registration answers (RFC 7591 §3.2.1), and as `list` and `show` print it.

use proofkey_oauth::{ClientMetadata, GrantType, Secret};
use proofkey_protocol::{Client, ClientRecord};
use serde::Serialize;

use super::snippet::Snippet;
use crate::admin::show::rfc3339;

/// What `--json` prints of a client.
#[derive(Serialize)]
pub(super) struct ClientView<'a> {
    client_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
    /// Zero: it does not expire by itself. It stands beside a secret only.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret_expires_at: Option<i64>,
    client_id_issued_at: i64,
    /// Whose client it is. It stands in the answer to a registration only.
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<&'a str>,
    disabled: bool,
    secrets: Vec<SecretView>,
    /// The metadata, with the defaults that apply.
    #[serde(flatten)]
    pub(super) metadata: ClientMetadata,
    #[serde(skip_serializing_if = "Option::is_none")]
    snippet: Option<&'a Snippet>,
    /// Why there is no snippet where one was asked for, and what prints it later.
    #[serde(skip_serializing_if = "Option::is_none")]
    no_snippet: Option<&'a str>,
}

/// One of the secrets that a client may have, without the secret.
#[derive(Serialize)]
struct SecretView {
    created_at: String,
    ends_at: Option<String>,
}

impl<'a> ClientView<'a> {
    /// A client, without anything secret.
    pub(super) fn new(record: &'a ClientRecord) -> Self {
        let view = |created_at, ends_at: Option<_>| SecretView { created_at, ends_at: ends_at.map(rfc3339) };
        Self {
            client_id: record.id.as_str(),
            client_secret: None,
            client_secret_expires_at: None,
            client_id_issued_at: record.created_at.seconds(),
            issuer: None,
            disabled: record.disabled,
            secrets: record
                .secrets
                .iter()
                .map(|secret| view(rfc3339(secret.created_at), secret.expires_at))
                .collect(),
            metadata: with_defaults(record),
            snippet: None,
            no_snippet: None,
        }
    }

    /// The same with the secret that is shown this once.
    pub(super) fn with_secret(mut self, secret: Option<&'a Secret>) -> Self {
        self.client_secret = secret.map(Secret::expose);
        self.client_secret_expires_at = secret.map(|_| 0);
        self
    }

    /// The same with the issuer at which it signs people in.
    pub(super) const fn at(mut self, issuer: &'a str) -> Self {
        self.issuer = Some(issuer);
        self
    }

    /// The same with a file for its app, or why there is none.
    pub(super) fn with_snippet(mut self, made: Option<&'a Result<Snippet, String>>) -> Self {
        match made {
            Some(Ok(snippet)) => self.snippet = Some(snippet),
            Some(Err(reason)) => self.no_snippet = Some(reason),
            None => {}
        }
        self
    }
}

/// RFC 7591 §3.2.1: the answer carries what the server filled in.
fn with_defaults(record: &ClientRecord) -> ClientMetadata {
    let mut metadata = record.metadata.clone();
    if let Ok(client) = Client::try_from(record) {
        let code = client.allows_grant(GrantType::AuthorizationCode).then(|| "code".to_owned());
        metadata.token_endpoint_auth_method.get_or_insert(client.authentication);
        metadata.application_type.get_or_insert(client.application);
        metadata.response_types.get_or_insert_with(|| code.into_iter().collect());
        metadata.grant_types.get_or_insert(client.grant_types);
        metadata.scope.get_or_insert(client.scope);
        metadata.id_token_signed_response_alg.get_or_insert_with(|| client.id_token_algorithm.to_string());
    }
    metadata
}

/// The name of a value of the metadata, as JSON spells it.
pub(super) fn member(value: impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
