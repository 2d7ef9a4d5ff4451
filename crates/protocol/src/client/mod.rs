//! A registered client, as rules see it.

mod application;
mod authentication;
mod origins;
mod registration;
mod secret;

pub use authentication::{AuthenticatedClient, Judged, authenticate};
pub use origins::web_origins;
pub use registration::{NAME_CHARS_MAX, ORIGINS_MAX, REDIRECT_URIS_MAX, RESOURCES_MAX, RegistrationRefused};
pub use secret::is_short_client_secret;

use proofkey_jose::Algorithm;
use proofkey_oauth::{
    AppOrigin, ApplicationType, AuthMethod, GrantType, PkcePolicy, RedirectUri, ResourceUri, Scope,
    standard_scope,
};

use crate::api::Apis;
use crate::claims::Claim;
use crate::ids::ClientId;
use crate::records::{ClientSecretRecord, RegisteredApi};

/// A client whose registration has been checked; made from its record alone.
#[derive(Clone, Debug)]
pub struct Client {
    /// The `client_id`.
    pub id: ClientId,
    /// The name to show, already cut and cleaned by the page that shows it.
    pub name: Option<String>,
    /// The app's home page, for its host.
    pub uri: Option<String>,
    /// How it authenticates.
    pub authentication: AuthMethod,
    /// Whether its secret is taken by that method alone.
    pub strict_authentication: bool,
    /// What proves it, unless it is public; two may live side by side while one is being replaced.
    pub secrets: Vec<ClientSecretRecord>,
    /// Where it runs.
    pub application: ApplicationType,
    /// Where codes may go.
    pub redirect_uris: Vec<RedirectUri>,
    /// Where a browser may go after signing out.
    pub post_logout_redirect_uris: Vec<String>,
    /// What it may ask the token endpoint for.
    pub grant_types: Vec<GrantType>,
    /// The scope it may ask for.
    pub scope: Scope,
    /// The APIs that it may ask for, by the resources that they are registered under.
    pub resources: Vec<ResourceUri>,
    /// Whether PKCE is required.
    pub pkce: PkcePolicy,
    /// The algorithm of its ID tokens.
    pub id_token_algorithm: Algorithm,
    /// What its ID tokens say of the user, the most important first.
    pub id_token_claims: Vec<Claim>,
    /// Life of its codes, where shorter than the server's.
    pub code_seconds: Option<i64>,
    /// Ceiling for the life of its access tokens.
    pub access_token_seconds: Option<i64>,
    /// For how long a used refresh token is forgiven, where the client says it, in seconds.
    pub refresh_overlap_seconds: Option<i64>,
    /// Whether several processes share one sign-in, each with a memory of its own: then a stale refresh token is refused and
    /// no more.
    pub refresh_shared: bool,
    /// Whether the token request must repeat the redirect URI (OAuth 2.1 §10.2).
    pub require_redirect_uri: bool,
    /// Web origins that may read from a browser what the token endpoint answers to it.
    pub origins: Vec<AppOrigin>,
    /// Whether an operator had disabled it when it was loaded; see [`crate::ClientStatus`] for how it stands now.
    pub disabled: bool,
}

impl Client {
    /// The algorithm of ID tokens where the registration names none (OpenID Connect Registration §2).
    pub const ID_TOKEN_ALGORITHM: Algorithm = Algorithm::Rs256;

    /// Whether nothing proves who it is.
    pub fn is_public(&self) -> bool {
        self.authentication == AuthMethod::None
    }

    /// Whether it is registered for a grant type.
    pub fn allows_grant(&self, grant: GrantType) -> bool {
        self.grant_types.contains(&grant)
    }

    /// Whether a browser may go to an address after a logout: a registered one, on any port where a redirect URI would match on
    /// any (RFC 8252 §7.3).
    pub fn allows_after_logout(&self, sent: &str) -> bool {
        let matches = |uri: &String| {
            uri == sent || RedirectUri::register(uri, self.application).is_ok_and(|uri| uri.matches(sent))
        };
        self.post_logout_redirect_uris.iter().any(matches)
    }

    /// Whether it may ask for an API: whether that is one of [`Client::apis`].
    pub(crate) fn is_registered_for(&self, api: &RegisteredApi, apis: &Apis) -> bool {
        self.resources.contains(&api.record.resource) || self.apis(apis).any(|own| own.id == api.id)
    }

    /// The APIs that it may ask for, as far as they exist; each resource of the registration is found as one that is sent is.
    pub(crate) fn apis<'a>(&'a self, apis: &'a Apis) -> impl Iterator<Item = &'a RegisteredApi> {
        self.resources.iter().filter_map(|resource| apis.find(resource))
    }

    /// Whether it can get an ID token at all.
    pub fn signs_in(&self) -> bool {
        self.allows_grant(GrantType::AuthorizationCode) && self.scope.contains(standard_scope::OPENID)
    }

    /// Whether an ID token for this granted scope may say something of the user, so that the user's record has to be loaded.
    pub fn needs_user(&self, scope: &Scope) -> bool {
        scope.contains(standard_scope::OPENID)
            && self.id_token_claims.iter().any(|claim| scope.contains(claim.scope()))
    }

    /// A public client in a browser: its refresh tokens end with the browser session (RFC 10017 §6.3.2.3).
    pub fn is_browser_app(&self) -> bool {
        self.is_public() && self.application == ApplicationType::Web
    }
}
