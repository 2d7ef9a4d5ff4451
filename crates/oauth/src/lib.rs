//! The wire vocabulary of OAuth 2.1 and OpenID Connect.
//!
//! One request and one response type per endpoint, the values they carry, and the error codes. It knows how things are
//! spelled, never whether they are allowed: rules live in `protocol`. There is no async, clock, randomness or I/O here.

mod app_origin;
mod authorize;
mod bearer;
mod client_auth;
mod client_metadata;
mod digest;
mod endpoint;
mod error;
mod introspect;
mod issuer;
mod listed;
mod logout;
mod metadata;
mod params;
mod pkce;
mod redirect_uri;
mod required;
mod resource;
mod scope;
mod secret;
mod time;
mod token;
mod uri;

pub use app_origin::{AppOrigin, is_registrable_origin, is_serialized_origin};
pub use authorize::{AuthorizationRequest, AuthorizationResponse, Prompt, PromptMalformed};
pub use bearer::PresentedToken;
pub use client_auth::{BasicMalformed, ClientCredentials, PresentedCredentials, TwoMethods};
pub use client_metadata::{ApplicationType, AuthMethod, ClientMetadata, GrantType, PkcePolicy};
pub use digest::{HmacKey, Sha256, constant_time_eq, hmac_sha256, sha256};
pub use endpoint::{EndpointRefused, EndpointUrl};
pub use error::{ErrorBody, ErrorCode, wire_text};
pub use introspect::{IntrospectionResponse, TokenQuery, TokenQueryMalformed};
pub use issuer::{Issuer, IssuerMalformed};
pub use logout::LogoutRequest;
pub use metadata::ServerMetadata;
pub use params::{
    PARAMS_BYTES_MAX, PARAMS_COUNT_MAX, Params, ParamsMalformed, Repeated, form_encode, form_encoded,
};
pub use pkce::{CHALLENGE_METHOD, ChallengeMalformed, CodeChallenge, CodeVerifier, VerifierMalformed};
pub use redirect_uri::{RedirectUri, RedirectUriRefused};
pub use required::RequiredParameter;
pub use resource::{ResourceMalformed, ResourceUri};
pub use scope::{SCOPE_BYTES_MAX, Scope, ScopeMalformed, standard as standard_scope};
pub use secret::{Secret, SecretHash, TokenKind, decode_token, encode_token};
pub use time::Timestamp;
pub use token::{
    CodeRequest, CredentialsRequest, RefreshRequest, TokenRequest, TokenRequestMalformed, TokenResponse,
};
pub use uri::{is_loopback_host, normal_uri, web_origin};
