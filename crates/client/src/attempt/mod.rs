//! One attempt to sign in: its secrets, the address it sends the browser to, and what it takes for an answer.
//!
//! Sans I/O: the listener brings parameters, the exchange takes the code away. Each attempt has secrets of its own; after
//! any error a new one begins (OAuth 2.1 §7.5.1.1).

use proofkey_oauth::{CHALLENGE_METHOD, CodeVerifier, Params, Secret, constant_time_eq};

use crate::application::Application;
use crate::discovery::Server;
use crate::error::{Error, shown, shown_after};
use crate::form::form;
use crate::random;
use crate::url::BrowserUrl;

/// What one sign-in asks for beyond the app's own configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignInOptions {
    /// The person must have authenticated within so many seconds (OpenID Connect Core §3.1.2.1).
    pub max_age_seconds: Option<u32>,
    /// The username to fill into the sign-in form; the person may change it (OpenID Connect Core §3.1.2.1).
    pub login_hint: Option<String>,
    /// The port to which the browser returns, for servers that compare it; the system chooses one otherwise (RFC 8252 §7.3).
    pub callback_port: Option<u16>,
}

/// A sign-in under way. It remembers which server it was begun with, so that no other can finish it (row V-77).
#[derive(Debug)]
pub struct Attempt {
    verifier: CodeVerifier,
    state: String,
    nonce: Option<String>,
    issuer: String,
    sends_iss: bool,
    redirect_uri: String,
    max_age_seconds: Option<u32>,
    url: BrowserUrl,
}

/// A code whose origin was checked. Only [`Attempt::receive`] makes one.
#[derive(Debug)]
pub struct AuthorizationCode(Secret);

/// What a request to the redirect URI turned out to be.
#[derive(Debug)]
pub enum CallbackOutcome {
    /// Not the answer to this attempt. Any program on this machine can send such a request, so the wait goes on.
    Ignored,
    /// The answer to this attempt: a code from the server that was asked.
    Granted(AuthorizationCode),
}

impl Attempt {
    /// Begins an attempt: a fresh verifier, state and nonce, and the address for the browser (OAuth 2.1 §4.1.1).
    pub fn begin(
        server: &Server,
        application: &Application,
        options: &SignInOptions,
        redirect_uri: &str,
    ) -> Result<Self, Error> {
        server.ensure_pkce(application.assume_pkce)?;
        let verifier = CodeVerifier::from_random(&random::octets()?);
        let state = random::text()?;
        let nonce = application.wants_identity().then(random::text).transpose()?;
        let scope = application.scope.to_string();
        let challenge = verifier.challenge().to_string();
        let max_age = options.max_age_seconds.map(|seconds| seconds.to_string());
        let resource = application.resource.as_ref().map(|resource| resource.as_str());
        let parameters = [
            ("response_type", Some("code")),
            ("client_id", Some(application.client_id.as_str())),
            ("redirect_uri", Some(redirect_uri)),
            ("scope", Some(scope.as_str()).filter(|scope| !scope.is_empty())),
            ("state", Some(state.as_str())),
            ("nonce", nonce.as_deref()),
            ("code_challenge", Some(challenge.as_str())),
            ("code_challenge_method", Some(CHALLENGE_METHOD)),
            ("resource", resource),
            ("max_age", max_age.as_deref()),
            ("login_hint", options.login_hint.as_deref()),
        ];
        let query = form(parameters.into_iter());
        let url = server.authorization_endpoint.with_query("authorization_endpoint", &query)?;
        Ok(Self {
            verifier,
            state,
            nonce,
            issuer: server.issuer.to_string(),
            sends_iss: server.sends_iss,
            redirect_uri: redirect_uri.to_owned(),
            max_age_seconds: options.max_age_seconds,
            url,
        })
    }

    /// Where to send the browser.
    pub const fn url(&self) -> &BrowserUrl {
        &self.url
    }

    /// Judges what arrived at the redirect URI, in this order: does it carry our state, which issuer is it from, what does
    /// it say. Nothing of a response that fails the first two checks is believed or shown (RFC 9207 §2.4).
    pub fn receive(&self, params: &Params) -> Result<CallbackOutcome, Error> {
        let is_ours = params
            .first("state")
            .is_some_and(|state| constant_time_eq(state.as_bytes(), self.state.as_bytes()));
        if !is_ours || params.is_repeated("state") {
            return Ok(CallbackOutcome::Ignored);
        }
        match params.first("iss") {
            Some(issuer) if issuer != self.issuer => return Err(Error::ResponseIssuerDiffers),
            None if self.sends_iss => return Err(Error::ResponseIssuerMissing),
            Some(_) | None => {}
        }
        if params.repeated(&["code", "iss", "error", "error_description", "error_uri"]).is_some() {
            return Err(Error::ResponseAmbiguous);
        }
        if params.contains("access_token") || params.contains("id_token") {
            return Err(Error::TokenInResponse);
        }
        if let Some(code) = params.first("error") {
            let description = shown_after(": ", params.first("error_description"));
            return Err(Error::AuthorizationRefused { code: shown(code), description });
        }
        let code = params.first("code").ok_or(Error::CodeMissing)?;
        Ok(CallbackOutcome::Granted(AuthorizationCode(Secret::new(code.to_owned()))))
    }

    /// Judges an address that a person copied from where the browser ended: the redirect URI with its query. Nothing else is taken
    /// for an answer; parsing needs no more than the query, which is judged like one that the browser brought.
    pub(crate) fn receive_pasted(&self, text: &str) -> Result<CallbackOutcome, Error> {
        let query =
            text.trim().strip_prefix(self.redirect_uri.as_str()).and_then(|rest| rest.strip_prefix('?'));
        let query = query.map(|query| query.split('#').next().unwrap_or_default());
        match query.map(|query| Params::parse(query.as_bytes())) {
            Some(Ok(params)) => self.receive(&params),
            Some(Err(_)) | None => Ok(CallbackOutcome::Ignored),
        }
    }

    /// The token request for a code (OAuth 2.1 §4.1.3). The redirect URI is sent for servers that still compare it.
    pub(crate) fn token_form(&self, application: &Application, code: &AuthorizationCode) -> Secret {
        let [client_id, client_secret] = application.authentication.parameters(&application.client_id);
        let parameters = [
            ("grant_type", Some("authorization_code")),
            client_id,
            client_secret,
            ("code", Some(code.0.expose())),
            ("code_verifier", Some(self.verifier.expose())),
            ("redirect_uri", Some(self.redirect_uri.as_str())),
            ("resource", application.resource.as_ref().map(|resource| resource.as_str())),
        ];
        Secret::new(form(parameters.into_iter()))
    }

    pub(crate) fn nonce(&self) -> Option<&str> {
        self.nonce.as_deref()
    }

    pub(crate) const fn max_age_seconds(&self) -> Option<u32> {
        self.max_age_seconds
    }
}

#[cfg(test)]
mod tests;
