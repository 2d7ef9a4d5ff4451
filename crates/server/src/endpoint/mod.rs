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
mod revoke;
mod settle;
mod token;
mod userinfo;

pub(crate) use metadata::{Addresses, entity_tag};

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::app::App;
use crate::page;

/// Every route of the authorization server.
pub(crate) fn router(app: Arc<App>) -> Router {
    let base = app.policy.issuer.path().to_owned();
    let at = |path: &str| format!("{base}{path}");
    let mut router = Router::new()
        .route(&at("/token"), post(token::post).options(cors::preflight))
        .route(&at("/userinfo"), get(userinfo::serve).post(userinfo::serve).options(cors::preflight))
        .route(&at("/introspect"), post(introspect::post))
        .route(&at("/revoke"), post(revoke::post).options(cors::preflight))
        .route(&at("/jwks"), get(metadata::jwks).options(cors::open_preflight));
    for path in metadata::paths(&app.policy.issuer) {
        router = router.route(&path, get(metadata::document).options(cors::open_preflight));
    }
    router.merge(browser::routes(&base)).merge(page::routes(&base)).with_state(app)
}
