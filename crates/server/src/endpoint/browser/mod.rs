//! What a browser talks to: the pages of signing in, allowing and signing out, one file each, and the dispatcher that they
//! return to.

mod app_names;
mod authorization;
mod authorize;
#[cfg(test)]
mod bounds;
mod consent;
mod consent_page;
mod error_page;
mod logout;
mod password;
mod request;
mod sign_in;
mod sign_in_page;
mod trace;

#[cfg(test)]
pub(crate) use bounds::LIMITS;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::app::App;
use crate::metrics::Endpoint;

/// The routes of this folder, and the page for every address that is none.
pub(super) fn routes(app: &App) -> Router<Arc<App>> {
    let at = |endpoint| app.path_of(endpoint);
    Router::new()
        .route(&at(Endpoint::Authorize), get(authorize::get).post(authorize::post))
        .route(&at(Endpoint::SignIn), get(sign_in::get).post(sign_in::post))
        .route(&at(Endpoint::Consent), get(consent::get).post(consent::post))
        .route(&at(Endpoint::EndSession), get(logout::get).post(logout::post))
        .fallback(error_page::not_found)
}
