//! The endpoints, one per file. Each is parse → load → decide → commit → reply and decides nothing itself.

mod bearer;
mod body;
mod browser;
mod caller;
mod context;
mod cors;
mod failure;
mod introspect;
mod metadata;
mod readers;
mod revoke;
mod settle;
#[cfg(test)]
pub(crate) mod tests;
mod token;
mod userinfo;

#[cfg(test)]
pub(crate) use browser::LIMITS as BROWSER_LIMITS;
#[cfg(test)]
pub(crate) use settle::DECISIONS_MAX;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::app::App;
use crate::http::Readers;
use crate::metrics::Endpoint;
use crate::page;

/// Every route of the authorization server.
pub(crate) fn router(app: Arc<App>) -> Router {
    let at = |endpoint| app.path_of(endpoint);
    let mut router = Router::new()
        .route(&at(Endpoint::Token), post(token::post).options(cors::preflight))
        .route(&at(Endpoint::Userinfo), get(userinfo::serve).post(userinfo::serve).options(cors::preflight))
        .route(&at(Endpoint::Introspect), post(introspect::post))
        .route(&at(Endpoint::Revoke), post(revoke::post).options(cors::preflight))
        .route(&at(Endpoint::Jwks), get(metadata::jwks).options(cors::open_preflight));
    for path in metadata::paths(&app.policy.issuer) {
        router = router.route(&path, get(metadata::document).options(cors::open_preflight));
    }
    router
        .method_not_allowed_fallback(readers::refuse_method)
        .merge(browser::routes(&app))
        .merge(page::routes(app.policy.issuer.path()))
        .with_state(app)
}

/// Who reads what the edge refuses in place of these endpoints.
pub(crate) fn readers(app: Arc<App>) -> Arc<dyn Readers> {
    Arc::new(readers::OfEndpoints(app))
}
