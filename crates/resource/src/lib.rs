//! Access-token validation for APIs (RFC 9068, RFC 6750, RFC 9728).
//!
//! Owns: the pure check of a token ([`validate`]), the issuer's keys and how they are kept fresh, and the tower layer
//! that puts both in front of an API. It must not know how tokens are issued, and it never asks a token which key or
//! algorithm to believe.
//!
//! Two lines protect an axum route, with the feature `axum`, which is off by default:
//!
//! ```no_run
//! use axum::{Router, routing::get};
//! use proofkey_resource::{AccessToken, Protect};
//!
//! async fn notes(token: AccessToken) -> String {
//!     format!("the notes of {}", token.subject())
//! }
//!
//! # fn app() -> Result<Router, proofkey_resource::ConfigurationError> {
//! let protect = Protect::new("https://id.example", "https://api.example/notes").scopes(["notes:read"]).build()?;
//! let app = Router::new().route("/notes", get(notes)).layer(protect);
//! # Ok(app)
//! # }
//! ```
//!
//! Nothing is fetched until the first token comes, so an API may start before its authorization server. A route that
//! needs more than the rest says so:
//!
//! ```no_run
//! # use axum::{Router, routing::post};
//! # use proofkey_resource::{Protect, RequireScope};
//! # async fn create() {}
//! # fn app() -> Result<Router, proofkey_resource::ConfigurationError> {
//! # let protect = Protect::new("https://id.example", "https://api.example/notes").build()?;
//! let write = RequireScope::new("notes:write")?;
//! let app = Router::new().route("/notes", post(create).layer(write)).layer(protect);
//! # Ok(app)
//! # }
//! ```

mod bearer;
mod challenge;
mod clock;
mod configuration_error;
mod cors;
mod discovery;
#[cfg(feature = "axum")]
mod extract;
mod fetch;
mod introspection;
mod keys;
mod layer;
mod metadata;
mod protect;
mod refusal;
mod remembered;
mod require_scope;
mod token;
mod validate;

pub use challenge::Challenge;
pub use clock::Clock;
pub use configuration_error::ConfigurationError;
#[cfg(feature = "axum")]
pub use extract::NotProtected;
pub use layer::{ProtectLayer, Protected};
pub use metadata::ResourceMetadata;
pub use protect::Protect;
pub use refusal::Refusal;
pub use require_scope::{RequireScope, ScopeRequired};
pub use token::{AccessToken, Identity};
pub use validate::{LEEWAY_SECONDS_MAX, LeewayTooLong, Policy, TokenRefusal, validate};
