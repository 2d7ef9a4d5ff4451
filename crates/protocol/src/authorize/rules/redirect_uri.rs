//! Where the answer may go (OAuth 2.1 §2.3, §4.1.1). Without a [`RedirectTarget`] nothing can redirect.

use proofkey_oauth::{AuthorizationResponse, Issuer, Secret, Sha256, sha256, standard_scope};

use super::{EnabledClient, UnambiguousTarget};
use crate::refusal::Refusal;

/// Proof that an address is one that the client registered. Made by the rule in this file alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectTarget {
    uri: String,
    sent: bool,
    state: Option<String>,
    issuer: String,
}

impl RedirectTarget {
    /// The address, without the parameters of an answer.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// Whether the request named it, rather than leaving it to the registration.
    pub const fn was_sent(&self) -> bool {
        self.sent
    }

    /// SHA-256 of the address, as the code carries it.
    pub fn digest(&self) -> Sha256 {
        sha256(self.uri.as_bytes())
    }

    /// Whether it leads to an app on the person's device, which any other app there could pretend to be.
    pub fn is_on_device(&self) -> bool {
        !self.uri.starts_with("https://")
    }

    /// The address with a code (OAuth 2.1 §4.1.2; `iss` by RFC 9207).
    pub fn with_code(&self, code: &Secret) -> String {
        self.location(vec![("code", code.expose())])
    }

    /// The address with an error, and with the page about it where there is one (OAuth 2.1 §4.1.2.1).
    pub fn with_error(&self, refusal: &Refusal, error_uri: Option<&str>) -> String {
        let cause = refusal.cause();
        let mut parameters = vec![("error", refusal.code().as_str()), ("error_description", &*cause)];
        parameters.extend(error_uri.map(|uri| ("error_uri", uri)));
        self.location(parameters)
    }

    fn location(&self, parameters: Vec<(&'static str, &str)>) -> String {
        AuthorizationResponse { parameters, state: self.state.as_deref(), issuer: &self.issuer }
            .location(&self.uri)
    }
}

/// Finds the address to answer to. Every refusal here is a page of ours: without the address only the person can be told.
pub(in crate::authorize) fn redirect_uri(
    request: UnambiguousTarget<'_>,
    client: &EnabledClient,
    issuer: &Issuer,
) -> Result<RedirectTarget, Refusal> {
    let request = request.request();
    let target = |uri: &str, sent| RedirectTarget {
        uri: uri.to_owned(),
        sent,
        state: request.state.clone(),
        issuer: issuer.as_str().to_owned(),
    };
    if let Some(sent) = request.redirect_uri.as_deref() {
        let registered = client.redirect_uris.iter().any(|uri| uri.matches(sent));
        return if registered { Ok(target(sent, true)) } else { Err(Refusal::RedirectUriUnregistered) };
    }
    // Read from the raw text: a scope that is malformed elsewhere still says that this is an OpenID request.
    let openid =
        request.scope.iter().flat_map(|text| text.split(' ')).any(|token| token == standard_scope::OPENID);
    match client.redirect_uris.as_slice() {
        [only] if !openid => Ok(target(only.as_str(), false)),
        _ => Err(Refusal::RedirectUriMissing),
    }
}
