//! What a browser talks to: the pages of signing in, allowing and signing out, one file each, and the dispatcher that they
//! return to.

mod app_names;
mod authorization;
mod authorize;
mod consent;
mod error_page;
mod logout;
mod password;
mod request;
mod sign_in;
mod trace;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::app::App;

/// The routes of this folder, below `base`, and the page for every address that is none.
pub(super) fn routes(base: &str) -> Router<Arc<App>> {
    let at = |path: &str| format!("{base}{path}");
    Router::new()
        .route(&at("/authorize"), get(authorize::get).post(authorize::post))
        .route(&at("/sign-in"), get(sign_in::get).post(sign_in::post))
        .route(&at("/consent"), get(consent::get).post(consent::post))
        .route(&at("/end-session"), get(logout::get).post(logout::post))
        .fallback(error_page::not_found)
}
