//! How an app shows at the token endpoint that it is itself (OAuth 2.1 §2.4).

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proofkey_oauth::{Secret, constant_time_eq, form_encoded};

/// How an app authenticates. A native app is public and has no secret: what is in a program that people install is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// It names itself.
    #[default]
    None,
    /// Its secret in the `Authorization` header (`client_secret_basic`).
    SecretBasic(ClientSecret),
    /// Its secret in the form (`client_secret_post`), for servers that take it nowhere else.
    SecretPost(ClientSecret),
}

/// The secret of a confidential client, for programs on a server of their owner's. It does not print.
#[derive(Clone)]
pub struct ClientSecret(Arc<Secret>);

impl ClientSecret {
    /// Takes the secret over.
    pub fn new(text: String) -> Self {
        Self(Arc::new(Secret::new(text)))
    }
}

impl PartialEq for ClientSecret {
    fn eq(&self, other: &Self) -> bool {
        constant_time_eq(self.0.expose().as_bytes(), other.0.expose().as_bytes())
    }
}

impl Eq for ClientSecret {}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("ClientSecret(…)")
    }
}

impl ClientAuthentication {
    /// The parameters that a form begins with: the client's name, unless the header says it, and the secret where it goes there.
    pub(crate) fn parameters<'a>(&'a self, client_id: &'a str) -> [(&'static str, Option<&'a str>); 2] {
        let (id, secret) = match self {
            Self::None => (Some(client_id), None),
            Self::SecretBasic(_) => (None, None),
            Self::SecretPost(secret) => (Some(client_id), Some(secret.0.expose())),
        };
        [("client_id", id), ("client_secret", secret)]
    }

    /// The `Authorization` header, where the secret goes there. Both halves are form-encoded before they are joined (OAuth 2.1
    /// §2.4.1): a colon in either would move the place where they part.
    pub(crate) fn header(&self, client_id: &str) -> Option<Secret> {
        let Self::SecretBasic(secret) = self else { return None };
        let pair = Secret::new(format!("{}:{}", form_encoded(client_id), form_encoded(secret.0.expose())));
        Some(Secret::new(format!("Basic {}", STANDARD.encode(pair.expose()))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k_54_a_secret_travels_by_one_way_and_does_not_print() {
        let secret = || ClientSecret::new("s:c r/t".to_owned());
        let (none, basic, post) = (
            ClientAuthentication::None,
            ClientAuthentication::SecretBasic(secret()),
            ClientAuthentication::SecretPost(secret()),
        );
        assert_eq!(none.parameters("a b"), [("client_id", Some("a b")), ("client_secret", None)]);
        assert_eq!(basic.parameters("a b"), [("client_id", None), ("client_secret", None)]);
        assert_eq!(post.parameters("a b"), [("client_id", Some("a b")), ("client_secret", Some("s:c r/t"))]);
        assert!(none.header("a b").is_none() && post.header("a b").is_none());
        let header = basic.header("a b").unwrap();
        let decoded = STANDARD.decode(header.expose().strip_prefix("Basic ").unwrap()).unwrap();
        assert_eq!(String::from_utf8(decoded).unwrap(), "a%20b:s%3Ac%20r%2Ft");
        assert!(!format!("{basic:?}{post:?}").contains("s:c"));
        assert_ne!(basic, ClientAuthentication::SecretBasic(ClientSecret::new("other".to_owned())));
    }
}
