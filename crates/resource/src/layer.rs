//! The tower layer: a request passes with its [`AccessToken`] in the extensions, or is answered here.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{
    HeaderMap, HeaderValue, Method, Request, Response,
    header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE},
    request::Parts,
};
use proofkey_jose::{JwsError, KeySet};
use proofkey_oauth::{Scope, Sha256, sha256};
use tower::{Layer, Service};

use crate::{
    AccessToken, Challenge, Clock, Policy, Refusal, ResourceMetadata, TokenRefusal, bearer,
    cors::{Origins, is_preflight, preflight_to_read},
    introspection::Introspection,
    keys::Keys,
    remembered::Remembered,
    validate,
    validate::in_time,
};

/// Protects every route beneath it. Made by [`crate::Protect::build`]; cheap to clone, clones share the keys.
///
/// A token counts in the `Authorization` header only. Two such headers, or a header beside an `access_token` in the
/// query, are refused with 400, for it is unclear which of the two was meant. Bodies are not read: an `access_token` in a
/// form is a field like any other, whether a header stands beside it or not.
#[derive(Clone)]
pub struct ProtectLayer(Arc<Guard>);

/// What decides about a request.
pub(crate) struct Guard {
    pub(crate) policy: Policy,
    pub(crate) required: Scope,
    pub(crate) challenge: Arc<Challenge>,
    pub(crate) origins: Origins,
    pub(crate) metadata: ResourceMetadata,
    pub(crate) metadata_path: Option<String>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) remembered: Remembered,
    pub(crate) introspection: Option<Introspection>,
    pub(crate) clock: Clock,
}

impl ProtectLayer {
    pub(crate) fn new(guard: Guard) -> Self {
        Self(Arc::new(guard))
    }

    /// The metadata document of this API (RFC 9728 §2).
    pub fn metadata(&self) -> &ResourceMetadata {
        &self.0.metadata
    }

    /// The path where the metadata document belongs. The layer answers there itself when it lies around a whole
    /// router; a layer around some routes only needs a route for it. `None` for an audience that is no web address.
    pub fn metadata_path(&self) -> Option<&str> {
        self.0.metadata_path.as_deref()
    }

    /// Checks a token as the layer does, for transports other than HTTP. Scopes are not checked.
    pub async fn authorize(&self, token: &str) -> Result<AccessToken, Refusal> {
        self.0.authorize(token).await
    }

    /// The answer to a request for the metadata document. Public, for any page to read.
    pub fn metadata_response<B: From<String>>(&self) -> Response<B> {
        let json = serde_json::to_string(&self.0.metadata).unwrap_or_default();
        let mut response = Response::new(B::from(json));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        response
    }

    /// The answer to a preflight for the metadata document: a page that asks with headers of its own may read it too.
    pub fn metadata_preflight_response<B: From<String>>(&self, request: &HeaderMap) -> Response<B> {
        preflight_to_read(request)
    }

    /// The answer, if the request is about the metadata document.
    fn about_metadata<B: From<String>>(&self, parts: &Parts) -> Option<Response<B>> {
        if Some(parts.uri.path()) != self.metadata_path() {
            return None;
        }
        if is_preflight(parts) {
            return Some(self.metadata_preflight_response(&parts.headers));
        }
        matches!(parts.method, Method::GET | Method::HEAD).then(|| self.metadata_response())
    }
}

impl fmt::Debug for ProtectLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProtectLayer").field("metadata", self.metadata()).finish_non_exhaustive()
    }
}

impl<S> Layer<S> for ProtectLayer {
    type Service = Protected<S>;

    fn layer(&self, inner: S) -> Protected<S> {
        Protected { inner, layer: self.clone() }
    }
}

impl Guard {
    /// The token of a request, checked, with the scopes that every request needs.
    async fn admit(&self, bearer: &str) -> Result<AccessToken, Refusal> {
        let token = self.authorize(bearer).await?;
        if !self.required.is_subset(token.scope()) {
            return Err(Refusal::InsufficientScope { required: self.required.clone() });
        }
        Ok(token)
    }

    async fn authorize(&self, token: &str) -> Result<AccessToken, Refusal> {
        let (now, digest) = (self.clock.now(), sha256(token.as_bytes()));
        let keys = self.keys.current(now).await;
        let validated = match self.remembered.get(&digest, &keys) {
            Some(known) => {
                in_time(known.known(), now, &self.policy).map(|()| known).map_err(TokenRefusal::from)?
            }
            None => self.validated(token, digest, keys, now).await?,
        };
        if let Some(introspection) = &self.introspection {
            introspection.ensure_active(&self.keys, (token, digest), &validated, now).await?;
        }
        Ok(validated)
    }

    /// Checks a token that is not known, and remembers one that passes.
    async fn validated(
        &self,
        token: &str,
        digest: Sha256,
        keys: Arc<KeySet>,
        now: i64,
    ) -> Result<AccessToken, Refusal> {
        let (validated, keys) = match validate(token, &keys, &self.policy, now) {
            // Everything that can be refused without a key has been: only now is the issuer asked.
            Err(TokenRefusal::Jws(JwsError::UnknownKey)) => {
                let keys = self.keys.after_unknown_key(now).await.ok_or(Refusal::Unavailable)?;
                (validate(token, &keys, &self.policy, now)?, keys)
            }
            other => (other?, keys),
        };
        self.remembered.insert(digest, token, keys, validated.clone());
        Ok(validated)
    }
}

/// The service behind a [`ProtectLayer`].
#[derive(Clone, Debug)]
pub struct Protected<S> {
    inner: S,
    layer: ProtectLayer,
}

impl<S, In, Out> Service<Request<In>> for Protected<S>
where
    S: Service<Request<In>, Response = Response<Out>> + Clone + Send + 'static,
    S::Future: Send,
    In: Send + 'static,
    Out: From<String> + Send + 'static,
{
    type Response = Response<Out>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Out>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<In>) -> Self::Future {
        // The service that was polled ready is the one to call; the clone takes its place.
        let clone = self.inner.clone();
        let inner = std::mem::replace(&mut self.inner, clone);
        Box::pin(respond(self.layer.clone(), inner, request))
    }
}

async fn respond<S, In, Out>(
    layer: ProtectLayer,
    mut inner: S,
    request: Request<In>,
) -> Result<Response<Out>, S::Error>
where
    S: Service<Request<In>, Response = Response<Out>>,
    Out: From<String>,
{
    let (mut parts, body) = request.into_parts();
    if let Some(response) = layer.about_metadata(&parts) {
        return Ok(response);
    }
    let guard = &layer.0;
    if is_preflight(&parts) {
        return Ok(guard.origins.preflight(&parts.headers));
    }
    let origin = guard.origins.granted(&parts.headers);
    let admitted = match bearer::token(&parts) {
        Ok(token) => guard.admit(token).await,
        Err(refusal) => Err(refusal),
    };
    let mut response = match admitted {
        Ok(token) => {
            parts.extensions.insert(token);
            parts.extensions.insert(Arc::clone(&guard.challenge));
            inner.call(Request::from_parts(parts, body)).await?
        }
        Err(refusal) => {
            tracing::debug!(%refusal, "refused a request");
            guard.challenge.response(&refusal)
        }
    };
    guard.origins.decorate(origin, response.headers_mut());
    Ok(response)
}
