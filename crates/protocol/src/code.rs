//! The authorization code: a sealed envelope that carries everything it is bound to, and whose id is spent once.

use proofkey_oauth::{CodeChallenge, Scope, Secret, Sha256, Timestamp, TokenKind, sha256, standard_scope};

use crate::api::{GrantedApis, is_standard};
use crate::authentication::{Authentication, AuthenticationMethods};
use crate::cx::Cx;
use crate::envelope::{Reader, Truncated, Writer};
use crate::ids::{ApiId, ClientId, GrantId, SessionId, UserId};

/// The form of the envelope's content.
const VERSION: u8 = 4;
/// The forms of earlier releases: a code under way is not lost by an upgrade. This one has no marks.
const VERSION_WITHOUT_MARKS: u8 = 3;
/// This one names APIs by resource as well, and only those that the request named.
const VERSION_WITH_RESOURCES: u8 = 2;
/// This one says nothing of methods either.
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
    /// The APIs that the grant is for.
    pub apis: GrantedApis,
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
    /// The `valid_from` of its user when it was issued; `None` in one of an earlier release.
    pub user_valid_from: Option<Timestamp>,
    /// That of its client.
    pub client_valid_from: Option<Timestamp>,
}

impl AuthorizationCode {
    /// The text that the client gets.
    pub fn seal(&self, cx: &mut Cx<'_>) -> Secret {
        let mut out = Writer::default();
        let marks = self.user_valid_from.zip(self.client_valid_from);
        let version = if marks.is_some() { VERSION } else { VERSION_WITHOUT_MARKS };
        out.byte(version).fixed(&self.id.0).fixed(&self.redirect_uri).byte(u8::from(self.redirect_uri_sent));
        out.optional(self.challenge.as_ref().map(|challenge| &challenge.digest()[..]));
        out.fixed(&self.session_id.0).integer(self.authentication.at.seconds());
        out.integer(self.expires_at.seconds()).field(self.authentication.methods.to_string().as_bytes());
        out.optional(self.authentication.context.as_ref().map(String::as_bytes));
        out.field(self.client_id.as_str().as_bytes()).field(self.user_id.as_str().as_bytes());
        out.field(self.scope.to_string().as_bytes()).optional(self.nonce.as_ref().map(String::as_bytes));
        out.field(self.apis.to_string().as_bytes());
        if let Some((user, client)) = marks {
            out.integer(user.seconds()).integer(client.seconds());
        }
        cx.seal(TokenKind::Code, &out.finish())
    }

    /// Opens a code that this server issued. `None` for any other text.
    pub fn open(cx: &Cx<'_>, text: &str) -> Option<Self> {
        let content = cx.keys.open(TokenKind::Code, text)?;
        Self::read(&content, cx).ok()
    }

    /// Whether `sent` is the redirect URI that the code went to.
    pub fn was_redirected_to(&self, sent: &str) -> bool {
        sha256(sent.as_bytes()) == self.redirect_uri
    }

    fn read(content: &[u8], cx: &Cx<'_>) -> Result<Self, Truncated> {
        let mut fields = Reader::new(content);
        let version = fields.byte()?;
        if ![VERSION, VERSION_WITHOUT_MARKS, VERSION_WITH_RESOURCES, VERSION_WITHOUT_METHODS]
            .contains(&version)
        {
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
        let (scope, apis) = match version {
            VERSION | VERSION_WITHOUT_MARKS => (scope, GrantedApis::parse(&fields.text()?).ok_or(Truncated)?),
            _ => with_apis(scope, &resources(&mut fields)?, cx)?,
        };
        let (user_valid_from, client_valid_from) = match version {
            VERSION => (Some(Timestamp(fields.integer()?)), Some(Timestamp(fields.integer()?))),
            _ => (None, None),
        };
        fields.finish()?;
        let challenge = challenge.map(CodeChallenge::from_digest);
        Ok(Self {
            id,
            client_id,
            redirect_uri,
            redirect_uri_sent,
            challenge,
            scope,
            apis,
            nonce,
            user_id,
            session_id,
            authentication: Authentication { at, methods, context },
            expires_at,
            user_valid_from,
            client_valid_from,
        })
    }
}

/// The resources that a code of an earlier release names.
fn resources(fields: &mut Reader<'_>) -> Result<Vec<String>, Truncated> {
    let mut resources = Vec::new();
    while fields.byte()? == 1 {
        resources.push(fields.text()?);
    }
    Ok(resources)
}

/// What a code of an earlier release stands for now: the APIs that it named or, if none, those that own its scope. A scope that
/// none owns is dropped.
fn with_apis(scope: Scope, resources: &[String], cx: &Cx<'_>) -> Result<(Scope, GrantedApis), Truncated> {
    let (apis, issuer) = (cx.apis, &cx.policy.issuer);
    let scope = scope.filter(|token| is_standard(token) || !apis.owners(token).is_empty());
    if !resources.is_empty() {
        let named =
            resources.iter().map(|resource| apis.named(resource, issuer)).collect::<Result<Vec<_>, _>>();
        return Ok((scope, GrantedApis::named(named.map_err(|_| Truncated)?)));
    }
    let owners = scope.iter().filter_map(|token| apis.owners(token).first().copied()).collect::<Vec<_>>();
    let issuer = scope.contains(standard_scope::OPENID) || owners.is_empty();
    let apis = GrantedApis::implied(owners.into_iter().chain(issuer.then_some(ApiId::ISSUER)));
    Ok((scope, apis))
}

fn methods(text: &str) -> Result<AuthenticationMethods, Truncated> {
    AuthenticationMethods::parse(text).ok_or(Truncated)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fixtures::{MAIL, NOW, World, by_password};

    fn code(nonce: Option<String>, apis: GrantedApis) -> AuthorizationCode {
        AuthorizationCode {
            id: GrantId([1; 16]),
            client_id: ClientId::new("app"),
            redirect_uri: sha256(b"https://app.example/cb"),
            redirect_uri_sent: true,
            challenge: Some(CodeChallenge::from_digest([2; 32])),
            scope: Scope::parse("openid read").unwrap(),
            apis,
            nonce,
            user_id: UserId::new("u-1"),
            session_id: SessionId([3; 16]),
            authentication: by_password(NOW),
            expires_at: NOW + 60,
            user_valid_from: Some(NOW + -7),
            client_valid_from: Some(NOW + 9_000),
        }
    }

    /// The same as an earlier release made it.
    fn without_marks(code: AuthorizationCode) -> AuthorizationCode {
        AuthorizationCode { user_valid_from: None, client_valid_from: None, ..code }
    }

    proptest! {
        #[test]
        fn az_22_a_code_carries_all_that_it_is_bound_to(nonce in proptest::option::of("\\PC{1,200}")) {
            let code = code(nonce, GrantedApis::named([ApiId(7), ApiId(3)]));
            let mut world = World::new();
            for code in [without_marks(code.clone()), code] {
                let text = code.seal(&mut world.cx());
                prop_assert_eq!(AuthorizationCode::open(&world.cx(), text.expose()), Some(code));
            }
        }

        #[test]
        fn any_content_never_panics(content in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = AuthorizationCode::read(&content, &World::new().cx());
        }
    }

    #[test]
    fn k_10_a_code_of_an_earlier_release_names_the_apis_that_it_had() {
        let mut world = World::new();
        let code = without_marks(code(None, GrantedApis::implied([ApiId::ISSUER, ApiId(1)])));
        let mut opened = |version: u8, scope: &str, resources: &[&str]| {
            let mut old = Writer::default();
            old.byte(version).fixed(&code.id.0).fixed(&code.redirect_uri).byte(1).optional(Some(&[2; 32]));
            old.fixed(&code.session_id.0).integer(NOW.seconds()).integer(NOW.seconds() + 60);
            if version == VERSION_WITH_RESOURCES {
                old.field(b"pwd").optional(None);
            }
            old.field(b"app").field(b"u-1").field(scope.as_bytes()).optional(None);
            for resource in resources {
                old.byte(1).field(resource.as_bytes());
            }
            let text = world.cx().seal(TokenKind::Code, &old.byte(0).finish());
            AuthorizationCode::open(&world.cx(), text.expose())
        };
        let unknown = Authentication { at: NOW, methods: AuthenticationMethods::default(), context: None };
        let without_methods = AuthorizationCode { authentication: unknown, ..code.clone() };
        assert_eq!(opened(1, "openid read", &[]), Some(without_methods));
        let dropped = opened(2, "openid read gone", &[]);
        assert_eq!(dropped.as_ref(), Some(&code), "a scope that nobody owns is dropped");
        let named = AuthorizationCode { apis: GrantedApis::named([ApiId(2)]), ..code.clone() };
        assert_eq!(opened(2, "openid read", &[MAIL]), Some(named));
        assert_eq!(opened(2, "openid read", &["https://removed.example"]), None);
    }

    #[test]
    fn az_21_two_codes_for_one_request_differ_and_are_short() {
        let mut world = World::new();
        let code = code(Some("n".repeat(22)), GrantedApis::implied([ApiId::ISSUER, ApiId(1)]));
        let (one, two) = (code.seal(&mut world.cx()), code.seal(&mut world.cx()));
        assert_ne!(one.expose(), two.expose());
        assert!(one.expose().len() < 340, "{}", one.expose().len());
    }
}
