//! A document of client metadata (RFC 7591 §2), looked at member by member, so that a refusal names the member.

use proofkey_oauth::{AuthMethod, ClientMetadata, Secret};
use serde::Deserialize;
use serde_json::{Map, Value};
use thiserror::Error;

/// Members that are no metadata but stand in our own answers, which may be edited and given back.
const OF_ANSWERS: [&str; 9] = [
    "client_id",
    "client_secret",
    "client_id_issued_at",
    "client_secret_expires_at",
    "disabled",
    "secrets",
    "issuer",
    "snippet",
    "no_snippet",
];

/// Client metadata as it was given, with the id and the secret where they were given too. Every member can be read; that
/// a client can work with them is for its registration to judge.
pub struct ClientDocument {
    pub(super) client_id: Option<String>,
    pub(super) client_secret: Option<Secret>,
    pub(super) metadata: ClientMetadata,
    ignored: Vec<String>,
}

/// Why a document is no client metadata.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the message of a variant says what its fields are")]
#[non_exhaustive]
pub enum MetadataRefused {
    /// The document as a whole cannot be read.
    #[error("client metadata is one JSON object (RFC 7591): {0}")]
    Document(serde_json::Error),
    /// A member has a value that it cannot have.
    #[error("{name}: {cause}")]
    Member { name: String, cause: String },
}

#[derive(Deserialize)]
struct Whole {
    client_id: Option<String>,
    client_secret: Option<String>,
    #[serde(flatten)]
    metadata: ClientMetadata,
}

impl ClientDocument {
    /// Of metadata that is known member by member.
    pub(super) const fn of(
        client_id: Option<String>,
        client_secret: Option<Secret>,
        metadata: ClientMetadata,
    ) -> Self {
        Self { client_id, client_secret, metadata, ignored: Vec::new() }
    }

    /// Reads the JSON.
    pub fn parse(text: &str) -> Result<Self, MetadataRefused> {
        let members: Map<String, Value> = serde_json::from_str(text).map_err(MetadataRefused::Document)?;
        let mut ignored = Vec::new();
        for (name, value) in &members {
            let is_text_ours = ["client_id", "client_secret"].contains(&name.as_str());
            if is_text_ours && !value.is_string() {
                // The message of a parser would repeat the value, and that may be a secret.
                return Err(member(name, "a text is needed"));
            }
            let read = alone(name, value).map_err(|error| member(name, error))?;
            if !OF_ANSWERS.contains(&name.as_str()) && says(value) && read == ClientMetadata::default() {
                ignored.push(name.clone());
            }
        }
        // From the text once more: a member that occurs twice is refused.
        let whole: Whole = serde_json::from_str(text).map_err(MetadataRefused::Document)?;
        let Whole { client_id, client_secret, metadata } = whole;
        Ok(Self { client_id, client_secret: client_secret.map(Secret::new), metadata, ignored })
    }

    /// Members that this server does not know; a typing error would be among them.
    pub fn ignored(&self) -> &[String] {
        &self.ignored
    }

    /// What it says of the client, besides its id and its secret.
    pub const fn metadata(&self) -> &ClientMetadata {
        &self.metadata
    }

    /// Whether it describes a client without a secret.
    pub(super) fn is_public(&self) -> bool {
        self.metadata.token_endpoint_auth_method == Some(AuthMethod::None)
    }
}

fn member(name: &str, cause: impl ToString) -> MetadataRefused {
    MetadataRefused::Member { name: name.to_owned(), cause: cause.to_string() }
}

/// One member read as if it were the whole metadata.
fn alone(name: &str, value: &Value) -> Result<ClientMetadata, serde_json::Error> {
    serde_json::from_value(Value::Object(Map::from_iter([(name.to_owned(), value.clone())])))
}

fn says(value: &Value) -> bool {
    !value.is_null() && value.as_array().is_none_or(|items| !items.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refusal(text: &str) -> String {
        ClientDocument::parse(text).err().unwrap().to_string()
    }

    #[test]
    fn an_unreadable_member_is_named_with_what_is_known() {
        let message = refusal(r#"{"token_endpoint_auth_method": "tls_client_auth"}"#);
        for part in [
            "token_endpoint_auth_method",
            "tls_client_auth",
            "`none`",
            "client_secret_basic",
            "client_secret_post",
        ] {
            assert!(message.contains(part), "{part}: {message}");
        }
        assert!(refusal(r#"{"redirect_uris": "https://a.example"}"#).starts_with("redirect_uris: "));
        assert!(refusal("[]").contains("one JSON object"));
        assert!(refusal("{").contains("line 1"));
        assert!(refusal(r#"{"scope": "a", "scope": "b"}"#).contains("scope"));
        let secret = refusal(r#"{"client_secret": 1234567890}"#);
        assert!(secret.contains("client_secret") && !secret.contains("1234567890"), "{secret}");
    }

    #[test]
    fn members_that_have_no_effect_are_told() {
        let text = r#"{"client_id": "a", "disabled": false, "redirect_uri": ["https://a.example"], "logo_uri": null,
                       "redirect_uris": [], "client_name": "A", "contacts": ["a@a.example"]}"#;
        assert_eq!(ClientDocument::parse(text).ok().unwrap().ignored(), ["contacts", "redirect_uri"]);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,80}", name in "[a-z_]{1,30}", value in "\\PC{0,20}") {
            let _ = ClientDocument::parse(&text);
            let _ = ClientDocument::parse(&format!("{{\"{name}\": {value}}}"));
        }
    }
}
