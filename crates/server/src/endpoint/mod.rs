//! The endpoints, one per file. Each is parse → load → decide → commit → reply and decides nothing itself.

mod authorize;
mod body;
mod consent;
mod context;
mod cors;
mod dispatch;
mod end_session;
mod failure;
mod introspect;
mod metadata;
mod names;
mod refusal_page;
mod revoke;
mod settle;
mod sign_in;
mod token;
mod told;
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
        .route(&at("/authorize"), get(authorize::get).post(authorize::post))
        .route(&at("/sign-in"), get(sign_in::get).post(sign_in::post))
        .route(&at("/consent"), get(consent::get).post(consent::post))
        .route(&at("/end-session"), get(end_session::get).post(end_session::post))
        .route(&at("/token"), post(token::post).options(cors::preflight))
        .route(&at("/userinfo"), get(userinfo::serve).post(userinfo::serve).options(cors::preflight))
        .route(&at("/introspect"), post(introspect::post))
        .route(&at("/revoke"), post(revoke::post).options(cors::preflight))
        .route(&at("/jwks"), get(metadata::jwks).options(cors::open_preflight));
    for path in metadata::paths(&app.policy.issuer) {
        router = router.route(&path, get(metadata::document).options(cors::open_preflight));
    }
    router.merge(page::routes(&base)).fallback(refusal_page::not_found).with_state(app)
}
