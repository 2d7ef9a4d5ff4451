//! The authorization code: a sealed envelope that carries everything it is bound to, and whose id is spent once.

use proofkey_oauth::{CodeChallenge, ResourceUri, Scope, Secret, Sha256, Timestamp, TokenKind, sha256};

use crate::authentication::{Authentication, AuthenticationMethods};
use crate::cx::Cx;
use crate::envelope::{Reader, Truncated, Writer};
use crate::ids::{ClientId, GrantId, SessionId, UserId};
use crate::seal::ArtefactKeys;

/// The form of the envelope's content.
const VERSION: u8 = 2;
/// The form of the last release, which says nothing of methods: a code under way is not lost by an upgrade.
const VERSION_WITHOUT_METHODS: u8 = 1;

/// What an authorization code is bound to (OAuth 2.1 §4.1.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationCode {
    /// Its id, and that of the grant that redeeming it makes.
    pub id: GrantId,
    /// The client that asked for it.
    pub client_id: ClientId,
    /// SHA-256 of the redirect URI it was sent to.
    pub redirect_uri: Sha256,
    /// Whether the authorization request named that URI.
    pub redirect_uri_sent: bool,
    /// The PKCE challenge.
    pub challenge: Option<CodeChallenge>,
    /// The scope granted.
    pub scope: Scope,
    /// The APIs named.
    pub resources: Vec<ResourceUri>,
    /// The nonce to put into the ID token.
    pub nonce: Option<String>,
    /// Who granted it.
    pub user_id: UserId,
    /// In which browser session.
    pub session_id: SessionId,
    /// When and how the user authenticated.
    pub authentication: Authentication,
    /// When it expires.
    pub expires_at: Timestamp,
}

impl AuthorizationCode {
    /// The text that the client gets.
    pub fn seal(&self, cx: &mut Cx<'_>) -> Secret {
        let mut out = Writer::default();
        out.byte(VERSION).fixed(&self.id.0).fixed(&self.redirect_uri).byte(u8::from(self.redirect_uri_sent));
        out.optional(self.challenge.as_ref().map(|challenge| &challenge.digest()[..]));
        out.fixed(&self.session_id.0).integer(self.authentication.at.seconds());
        out.integer(self.expires_at.seconds()).field(self.authentication.methods.to_string().as_bytes());
        out.optional(self.authentication.context.as_ref().map(String::as_bytes));
        out.field(self.client_id.as_str().as_bytes()).field(self.user_id.as_str().as_bytes());
        out.field(self.scope.to_string().as_bytes()).optional(self.nonce.as_ref().map(String::as_bytes));
        for resource in &self.resources {
            out.byte(1).field(resource.as_str().as_bytes());
        }
        out.byte(0);
        cx.seal(TokenKind::Code, &out.finish())
    }

    /// Opens a code that this server issued. `None` for any other text.
    pub fn open(keys: &ArtefactKeys, text: &str) -> Option<Self> {
        let content = keys.open(TokenKind::Code, text)?;
        Self::read(&content).ok()
    }

    /// Whether `sent` is the redirect URI that the code went to.
    pub fn was_redirected_to(&self, sent: &str) -> bool {
        sha256(sent.as_bytes()) == self.redirect_uri
    }

    fn read(content: &[u8]) -> Result<Self, Truncated> {
        let mut fields = Reader::new(content);
        let version = fields.byte()?;
        if ![VERSION, VERSION_WITHOUT_METHODS].contains(&version) {
            return Err(Truncated);
        }
        let id = GrantId(fields.fixed()?);
        let redirect_uri = fields.fixed()?;
        let redirect_uri_sent = fields.byte()? == 1;
        let challenge = fields.optional()?.map(Sha256::try_from).transpose().map_err(|_| Truncated)?;
        let session_id = SessionId(fields.fixed()?);
        let at = Timestamp(fields.integer()?);
        let expires_at = Timestamp(fields.integer()?);
        let (methods, context) = match version {
            VERSION_WITHOUT_METHODS => (AuthenticationMethods::default(), None),
            _ => (methods(&fields.text()?)?, fields.optional_text()?),
        };
        let client_id = ClientId::new(fields.text()?);
        let user_id = UserId::new(fields.text()?);
        let scope = Scope::parse(&fields.text()?).map_err(|_| Truncated)?;
        let nonce = fields.optional_text()?;
        let mut resources = Vec::new();
        while fields.byte()? == 1 {
            resources.push(ResourceUri::parse(&fields.text()?).map_err(|_| Truncated)?);
        }
        fields.finish()?;
        let challenge = challenge.map(CodeChallenge::from_digest);
        Ok(Self {
            id,
            client_id,
            redirect_uri,
            redirect_uri_sent,
            challenge,
            scope,
            resources,
            nonce,
            user_id,
            session_id,
            authentication: Authentication { at, methods, context },
            expires_at,
        })
    }
}

fn methods(text: &str) -> Result<AuthenticationMethods, Truncated> {
    AuthenticationMethods::parse(text).ok_or(Truncated)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fixtures::{NOW, World, by_password, keys};

    fn code(nonce: Option<String>, resources: &[&str]) -> AuthorizationCode {
        AuthorizationCode {
            id: GrantId([1; 16]),
            client_id: ClientId::new("app"),
            redirect_uri: sha256(b"https://app.example/cb"),
            redirect_uri_sent: true,
            challenge: Some(CodeChallenge::from_digest([2; 32])),
            scope: Scope::parse("openid read").unwrap(),
            resources: resources.iter().map(|text| ResourceUri::parse(text).unwrap()).collect(),
            nonce,
            user_id: UserId::new("u-1"),
            session_id: SessionId([3; 16]),
            authentication: by_password(NOW),
            expires_at: NOW + 60,
        }
    }

    proptest! {
        #[test]
        fn az_22_a_code_carries_all_that_it_is_bound_to(nonce in proptest::option::of("\\PC{1,200}")) {
            let code = code(nonce, &["https://a.example", "urn:b"]);
            let text = code.seal(&mut World::new().cx());
            prop_assert_eq!(AuthorizationCode::open(&keys(), text.expose()), Some(code));
        }

        #[test]
        fn any_content_never_panics(content in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = AuthorizationCode::read(&content);
        }
    }

    #[test]
    fn a_code_of_the_last_release_says_nothing_of_methods() {
        let mut world = World::new();
        let code = code(None, &[]);
        let mut old = Writer::default();
        old.byte(1).fixed(&code.id.0).fixed(&code.redirect_uri).byte(1).optional(Some(&[2; 32]));
        old.fixed(&code.session_id.0).integer(NOW.seconds()).integer(NOW.seconds() + 60);
        old.field(b"app").field(b"u-1").field(b"openid read").optional(None).byte(0);
        let text = world.cx().seal(TokenKind::Code, &old.finish());
        let authentication =
            Authentication { at: NOW, methods: AuthenticationMethods::default(), context: None };
        let opened = AuthorizationCode::open(&keys(), text.expose());
        assert_eq!(opened, Some(AuthorizationCode { authentication, ..code }));
    }

    #[test]
    fn az_21_two_codes_for_one_request_differ_and_are_short() {
        let mut world = World::new();
        let code = code(Some("n".repeat(22)), &[]);
        let (one, two) = (code.seal(&mut world.cx()), code.seal(&mut world.cx()));
        assert_ne!(one.expose(), two.expose());
        assert!(one.expose().len() < 340, "{}", one.expose().len());
    }
}
