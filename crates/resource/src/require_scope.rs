//! A scope that one route needs beyond what the whole API needs (RFC 6750 §3.1).

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Extensions, Request, Response};
use proofkey_oauth::Scope;
use tower::{Layer, Service};

use crate::{AccessToken, Challenge, ConfigurationError, Refusal};

/// Lets a request pass only if its token has certain scopes. Belongs inside of a [`crate::ProtectLayer`]; without one it
/// refuses every request.
#[derive(Clone, Debug)]
pub struct RequireScope(Arc<Scope>);

impl RequireScope {
    /// Needs every one of these scopes, separated by spaces.
    pub fn new(scopes: &str) -> Result<Self, ConfigurationError> {
        let scope = Scope::parse(scopes)?;
        // An empty list is surely a mistake; it would leave the route open to any token.
        if scope.is_empty() {
            return Err(ConfigurationError::NoScope);
        }
        Ok(Self(Arc::new(scope)))
    }

    fn check(&self, extensions: &Extensions) -> Result<(), Refusal> {
        let token = extensions.get::<AccessToken>().ok_or(Refusal::NoToken)?;
        if !self.0.is_subset(token.scope()) {
            return Err(Refusal::InsufficientScope { required: (*self.0).clone() });
        }
        Ok(())
    }
}

impl<S> Layer<S> for RequireScope {
    type Service = ScopeRequired<S>;

    fn layer(&self, inner: S) -> ScopeRequired<S> {
        ScopeRequired { inner, require: self.clone() }
    }
}

/// The service behind a [`RequireScope`].
#[derive(Clone, Debug)]
pub struct ScopeRequired<S> {
    inner: S,
    require: RequireScope,
}

impl<S, In, Out> Service<Request<In>> for ScopeRequired<S>
where
    S: Service<Request<In>, Response = Response<Out>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    Out: From<String> + Send + 'static,
{
    type Response = Response<Out>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Out>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<In>) -> Self::Future {
        match self.require.check(request.extensions()) {
            Ok(()) => Box::pin(self.inner.call(request)),
            Err(refusal) => {
                let response = match request.extensions().get::<Arc<Challenge>>() {
                    Some(challenge) => challenge.response(&refusal),
                    None => {
                        tracing::error!("a route requires a scope, but no Protect layer lies around it");
                        Challenge::new("api".to_owned(), None, Scope::default()).response(&refusal)
                    }
                };
                Box::pin(std::future::ready(Ok(response)))
            }
        }
    }
}
