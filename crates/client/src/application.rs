//! What an app is to an authorization server: configuration that never changes during a sign-in.

use proofkey_oauth::{Issuer, ResourceUri, Scope};

use crate::authentication::ClientAuthentication;
use crate::error::{Error, shown};

/// Scope asked for unless the app says otherwise: the person's identity and a refresh token (least privilege, row CL-18).
pub const SCOPE_DEFAULT: &str = "openid profile offline_access";

/// An app, as it was registered. A native app is a public client, so there is no secret to embed (OAuth 2.1 §8.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// The authorization server, by the name that its metadata and tokens carry.
    pub issuer: Issuer,
    /// The name by which the server knows this app.
    pub client_id: String,
    /// The scope to ask for; the person may grant less.
    pub scope: Scope,
    /// The API that tokens are for (RFC 8707). Tokens go to no other address.
    pub resource: Option<ResourceUri>,
    /// A label of the app's own choosing that keeps several sign-ins at one server apart.
    pub account: String,
    /// How the app authenticates; not at all, unless it is one that can keep a secret.
    pub authentication: ClientAuthentication,
    /// Whether the server is known to do PKCE with S256 although its metadata does not say so. If it ignores the challenge, a
    /// stolen code is worth a sign-in.
    pub assume_pkce: bool,
}

impl Application {
    /// An app that asks for [`SCOPE_DEFAULT`] and calls no API yet. Set the public fields for more.
    pub fn new(issuer: &str, client_id: &str) -> Result<Self, Error> {
        let issuer = Issuer::parse(issuer).map_err(|_| Error::IssuerMalformed(shown(issuer)))?;
        let is_printable = client_id.bytes().all(|byte| matches!(byte, 0x20..=0x7e));
        if client_id.is_empty() || !is_printable {
            return Err(Error::ClientIdMalformed);
        }
        Ok(Self {
            issuer,
            client_id: client_id.to_owned(),
            scope: Scope::parse(SCOPE_DEFAULT).unwrap_or_default(),
            resource: None,
            account: "default".to_owned(),
            authentication: ClientAuthentication::None,
            assume_pkce: false,
        })
    }

    /// Whether the app asks for the person's identity, so that an ID token must come.
    pub(crate) fn wants_identity(&self) -> bool {
        self.scope.contains(proofkey_oauth::standard_scope::OPENID)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cl_18_an_app_asks_for_little_by_default() {
        let app = Application::new("https://id.example", "app").unwrap();
        assert_eq!(app.scope.to_string(), SCOPE_DEFAULT);
        assert!(matches!(Application::new("id.example", "app"), Err(Error::IssuerMalformed(_))));
        assert!(matches!(Application::new("https://id.example", ""), Err(Error::ClientIdMalformed)));
        assert!(matches!(Application::new("https://id.example", "é"), Err(Error::ClientIdMalformed)));
    }
}
