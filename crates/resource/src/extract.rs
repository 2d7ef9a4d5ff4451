//! What axum handlers use: the token as an argument, the metadata document as a route.

use axum::{
    Router,
    body::Body,
    extract::FromRequestParts,
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, request::Parts};
use proofkey_oauth::Scope;

use crate::{AccessToken, Challenge, ProtectLayer, Refusal};

/// A handler asked for the token on a route that no [`ProtectLayer`] lies around. Answered like a request without a
/// token: the mistake is ours, but it must not open the route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotProtected;

impl IntoResponse for NotProtected {
    fn into_response(self) -> Response {
        tracing::error!("a handler takes an AccessToken, but no Protect layer lies around its route");
        Challenge::new("api".to_owned(), None, Scope::default()).response::<Body>(&Refusal::NoToken)
    }
}

impl<S: Sync> FromRequestParts<S> for AccessToken {
    type Rejection = NotProtected;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, NotProtected> {
        parts.extensions.get::<Self>().cloned().ok_or(NotProtected)
    }
}

impl ProtectLayer {
    /// A router with the metadata document only, to merge where the layer does not lie around the whole router.
    pub fn metadata_router<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        let Some(path) = self.metadata_path() else { return Router::new() };
        let (document, preflight) = (self.clone(), self.clone());
        let routes = get(move || async move { document.metadata_response::<Body>() }).options(
            move |request: HeaderMap| async move { preflight.metadata_preflight_response::<Body>(&request) },
        );
        Router::new().route(path, routes)
    }
}
