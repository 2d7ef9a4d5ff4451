//! A file of client metadata (RFC 7591 §2), looked at member by member, so that an error names the member.

use anyhow::{Context as _, anyhow, bail, ensure};
use proofkey_oauth::{AuthMethod, ClientMetadata};
use proofkey_protocol::{ClientId, ClientRecord};
use serde_json::{Map, Value};

use crate::admin::input::document;
use crate::admin::show::plain;

/// Members that are no metadata but stand in our own answers, which may be edited and given back.
const OF_ANSWERS: [&str; 6] =
    ["client_id", "client_secret", "client_id_issued_at", "client_secret_expires_at", "disabled", "secrets"];

/// The text of a registration, known to be an object of members that each can be read.
pub(super) struct Registration {
    text: String,
    members: Map<String, Value>,
}

impl Registration {
    /// Reads a file, or standard input for `-`.
    pub(super) fn read(file: &str) -> anyhow::Result<Self> {
        Self::parse(document(file)?)
    }

    fn parse(text: String) -> anyhow::Result<Self> {
        let members: Map<String, Value> =
            serde_json::from_str(&text).context("client metadata is one JSON object (RFC 7591)")?;
        for (name, value) in &members {
            let is_text_ours = ["client_id", "client_secret"].contains(&name.as_str());
            // The message of a parser would repeat the value, and that may be a secret.
            ensure!(!is_text_ours || value.is_string(), "{name}: a text is needed");
            alone(name, value)?;
        }
        Ok(Self { text, members })
    }

    /// The JSON.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Members that this server does not know; a typing error would be among them.
    pub(super) fn ignored(&self) -> Vec<String> {
        let says = |value: &Value| !value.is_null() && value.as_array().is_none_or(|items| !items.is_empty());
        let ignored = |(name, value): &(&String, &Value)| {
            !OF_ANSWERS.contains(&name.as_str())
                && says(value)
                && alone(name, value).is_ok_and(|read| read == ClientMetadata::default())
        };
        self.members.iter().filter(ignored).map(|(name, _)| plain(name)).collect()
    }

    /// Refuses a file about another client, and a secret, which an update does not change.
    pub(super) fn is_update_of(&self, id: &ClientId) -> anyhow::Result<()> {
        let given = self.members.get("client_id").and_then(Value::as_str);
        ensure!(
            given.is_none_or(|given| given == id.as_str()),
            "the file is about another client_id than {id}"
        );
        ensure!(
            !self.members.contains_key("client_secret"),
            "an update does not change the secret: remove client_secret from the file; \
             `proofkey client rotate-secret {id}` makes a new one"
        );
        Ok(())
    }

    /// Refuses to make a public client confidential, or the reverse: its secrets would not fit.
    pub(super) fn fits_secrets_of(&self, before: &ClientRecord) -> anyhow::Result<()> {
        let method = self
            .members
            .get("token_endpoint_auth_method")
            .map(|value| alone("token_endpoint_auth_method", value));
        let method = method.transpose()?.and_then(|read| read.token_endpoint_auth_method);
        let was_public = before.secrets.is_empty();
        if (method == Some(AuthMethod::None)) != was_public {
            let (kind, say) = if was_public { ("public", "say") } else { ("confidential", "do not say") };
            bail!(
                "client {} is {kind}: {say} `\"token_endpoint_auth_method\": \"none\"`, or remove the client and add it anew",
                before.id
            );
        }
        Ok(())
    }
}

/// One member read as if it were the whole metadata.
fn alone(name: &str, value: &Value) -> anyhow::Result<ClientMetadata> {
    let member = Map::from_iter([(name.to_owned(), value.clone())]);
    serde_json::from_value(Value::Object(member)).map_err(|error| anyhow!("{}: {error}", plain(name)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refusal(text: &str) -> String {
        format!("{:#}", Registration::parse(text.to_owned()).err().unwrap())
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
        let secret = refusal(r#"{"client_secret": 1234567890}"#);
        assert!(secret.contains("client_secret") && !secret.contains("1234567890"), "{secret}");
    }

    #[test]
    fn members_that_have_no_effect_are_told() {
        let text = r#"{"client_id": "a", "disabled": false, "redirect_uri": ["https://a.example"], "logo_uri": null,
                       "redirect_uris": [], "client_name": "A", "contacts": ["a@a.example"]}"#;
        let read = Registration::parse(text.to_owned()).unwrap();
        assert_eq!(read.ignored(), ["contacts", "redirect_uri"]);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,80}", name in "[a-z_]{1,30}", value in "\\PC{0,20}") {
            let _ = Registration::parse(text);
            if let Ok(read) = Registration::parse(format!("{{\"{name}\": {value}}}")) {
                let _ = (read.ignored(), read.is_update_of(&ClientId::new("a")));
            }
        }
    }
}
