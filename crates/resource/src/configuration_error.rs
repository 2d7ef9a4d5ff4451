//! What can be wrong with the settings of a protected API.

use proofkey_oauth::{IssuerMalformed, ResourceMalformed, ScopeMalformed};

use crate::validate::LeewayTooLong;

/// Why [`crate::Protect::build`] or [`crate::RequireScope::new`] refuses its settings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigurationError {
    /// The issuer is no issuer identifier.
    #[error("the issuer is not usable")]
    Issuer(#[from] IssuerMalformed),
    /// The audience is no resource identifier.
    #[error("the audience is not usable")]
    Audience(#[from] ResourceMalformed),
    /// A scope breaks the grammar.
    #[error("a scope is not usable")]
    Scope(#[from] ScopeMalformed),
    /// A route is to require a scope, but names none.
    #[error("at least one scope must be required")]
    NoScope,
    /// The leeway is too long.
    #[error(transparent)]
    Leeway(#[from] LeewayTooLong),
    /// No algorithm would be accepted.
    #[error("at least one algorithm must be accepted")]
    NoAlgorithm,
    /// An origin is neither `*` nor what a browser sends, so it would never match.
    #[error(
        "`{0}` is no origin as browsers send it: scheme://host[:port] in lower case, an international name in its \
         xn-- form, without a path and without the scheme's own port; or *"
    )]
    Origin(String),
    /// The HTTP client could not be set up, for want of trusted certificates most of all.
    #[error("the HTTP client cannot be set up")]
    HttpClient(#[source] reqwest::Error),
}
