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
mod tests {
    use proofkey_oauth::{Issuer, ResourceUri};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn server(sends_iss: bool) -> Server {
        let document = json!({"issuer": "https://id.example", "authorization_endpoint": "https://id.example/authorize",
            "token_endpoint": "https://id.example/token", "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": sends_iss});
        let issuer = Issuer::parse("https://id.example").unwrap();
        Server::from_metadata(&issuer, document.to_string().as_bytes()).unwrap()
    }

    fn begin(sends_iss: bool) -> Attempt {
        let mut app = Application::new("https://id.example", "app").unwrap();
        app.resource = Some(ResourceUri::parse("https://api.example/notes").unwrap());
        let options = SignInOptions {
            max_age_seconds: Some(60),
            login_hint: Some("ada & co".into()),
            ..SignInOptions::default()
        };
        Attempt::begin(&server(sends_iss), &app, &options, "http://127.0.0.1:7/callback").unwrap()
    }

    fn sent(attempt: &Attempt) -> Params {
        Params::parse(attempt.url().as_str().split_once('?').unwrap().1.as_bytes()).unwrap()
    }

    #[test]
    fn cl_02_each_attempt_has_a_fresh_verifier_state_and_nonce() {
        let (a, b) = (begin(true), begin(true));
        let (sent_a, sent_b) = (sent(&a), sent(&b));
        for name in ["state", "nonce", "code_challenge"] {
            assert_eq!(sent_a.first(name).unwrap().len(), 43, "{name}");
            assert_ne!(sent_a.first(name), sent_b.first(name), "{name}");
        }
        assert_eq!(a.verifier.expose().len(), 43);
        assert_eq!(sent_a.first("code_challenge"), Some(a.verifier.challenge().to_string().as_str()));
    }

    #[test]
    fn cl_09_the_resource_is_in_both_requests_and_parameters_survive_encoding() {
        let attempt = begin(true);
        let sent = sent(&attempt);
        assert_eq!(sent.first("resource"), Some("https://api.example/notes"));
        assert_eq!(sent.first("login_hint"), Some("ada & co"));
        assert_eq!((sent.first("max_age"), sent.first("code_challenge_method")), (Some("60"), Some("S256")));
        let mut app = Application::new("https://id.example", "app").unwrap();
        app.resource = Some(ResourceUri::parse("https://api.example/notes").unwrap());
        let form = attempt.token_form(&app, &AuthorizationCode(Secret::new("c&d".into())));
        let form = Params::parse(form.expose().as_bytes()).unwrap();
        assert_eq!(
            (form.first("code"), form.first("resource")),
            (Some("c&d"), Some("https://api.example/notes"))
        );
        assert_eq!(form.first("code_verifier"), Some(attempt.verifier.expose()));
    }

    #[test]
    fn cl_08_the_app_is_public_and_sends_no_secret_of_its_own() {
        let app = Application::new("https://id.example", "app").unwrap();
        let form = begin(true).token_form(&app, &AuthorizationCode(Secret::new("c".into())));
        let form = Params::parse(form.expose().as_bytes()).unwrap();
        assert_eq!(form.first("client_id"), Some("app"));
        assert!(!form.contains("client_secret") && !form.contains("client_assertion"));
    }

    /// The whole check order as one table: rows CL-04, CL-05, V-76, V-77.
    #[test]
    fn cl_04_cl_05_v_76_v_77_responses_are_judged_in_order() {
        const HERE: &str = "iss=https%3A%2F%2Fid.example";
        let cases = [
            // sends iss, response without `state=`, expected
            (true, format!("code=c&{HERE}"), "granted"),
            (false, "code=c".into(), "granted"),
            (false, format!("code=c&{HERE}"), "granted"),
            (true, "code=c".into(), "ResponseIssuerMissing"),
            (true, "code=c&iss=".into(), "ResponseIssuerMissing"),
            (true, "code=c&iss=https%3A%2F%2Fevil.example".into(), "ResponseIssuerDiffers"),
            (false, "code=c&iss=https%3A%2F%2Fevil.example".into(), "ResponseIssuerDiffers"),
            (true, "code=c&iss=https%3A%2F%2Fid.example%2F".into(), "ResponseIssuerDiffers"),
            (true, "code=c&iss=https%3A%2F%2FID.example".into(), "ResponseIssuerDiffers"),
            (
                true,
                "error=access_denied&error_description=SECRET&iss=https%3A%2F%2Fevil.example".into(),
                "ResponseIssuerDiffers",
            ),
            (
                true,
                format!("error=access_denied&error_description=no%1b%5b2J&{HERE}"),
                "AuthorizationRefused",
            ),
            (true, format!("code=c&code=d&{HERE}"), "ResponseAmbiguous"),
            (true, format!("access_token=t&token_type=bearer&{HERE}"), "TokenInResponse"),
            (true, format!("code=c&id_token=t&{HERE}"), "TokenInResponse"),
            (true, HERE.into(), "CodeMissing"),
        ];
        for (sends_iss, response, expected) in cases {
            let attempt = begin(sends_iss);
            let judged = |text: String| attempt.receive(&Params::parse(text.as_bytes()).unwrap());
            let outcome = match judged(format!("{response}&state={}", attempt.state)) {
                Ok(CallbackOutcome::Granted(code)) => format!("granted {}", code.0.expose()),
                Ok(CallbackOutcome::Ignored) => "ignored".into(),
                Err(error) => {
                    assert!(!error.to_string().contains("SECRET") && !error.to_string().contains('\u{1b}'));
                    format!("{error:?}")
                }
            };
            assert!(outcome.starts_with(expected), "{response}: {outcome}");
            // Without our state a response is not for this attempt, whatever else it says.
            for foreign in [
                response.clone(),
                format!("{response}&state=x"),
                format!("{response}&state="),
                format!("{response}&state={}&state=x", attempt.state),
            ] {
                assert!(matches!(judged(foreign.clone()), Ok(CallbackOutcome::Ignored)), "{foreign}");
            }
        }
    }

    #[test]
    fn k_54_a_pasted_address_is_judged_as_if_the_browser_had_brought_it() {
        let attempt = begin(true);
        let state = &attempt.state;
        let here = "iss=https%3A%2F%2Fid.example";
        let front = "http://127.0.0.1:7/callback";
        for (pasted, expected) in [
            (format!("{front}?code=c&state={state}&{here}"), "granted"),
            (format!("  {front}?code=c&state={state}&{here}#\r\n"), "granted"),
            (format!("{front}?code=c&state=x&{here}"), "ignored"),
            (format!("code=c&state={state}&{here}"), "ignored"),
            (format!("http://127.0.0.1:8/callback?code=c&state={state}&{here}"), "ignored"),
            (format!("{front}2?code=c&state={state}&{here}"), "ignored"),
            (format!("{front}?code=%zz&state={state}&{here}"), "ignored"),
            (String::new(), "ignored"),
            (format!("{front}?code=c&state={state}&iss=https%3A%2F%2Fevil.example"), "ResponseIssuerDiffers"),
            (format!("{front}?code=c&state={state}"), "ResponseIssuerMissing"),
            (format!("{front}?error=access_denied&state={state}&{here}"), "AuthorizationRefused"),
        ] {
            let outcome = match attempt.receive_pasted(&pasted) {
                Ok(CallbackOutcome::Granted(_)) => "granted".to_owned(),
                Ok(CallbackOutcome::Ignored) => "ignored".to_owned(),
                Err(error) => format!("{error:?}"),
            };
            assert!(outcome.starts_with(expected), "{pasted}: {outcome}");
        }
    }

    #[test]
    fn k_54_pkce_is_assumed_only_where_it_is_said_and_the_server_does_not_deny_it() {
        let issuer = Issuer::parse("https://id.example").unwrap();
        for (methods, assumed, begins) in [
            (json!(["S256"]), false, true),
            (json!([]), false, false),
            (json!([]), true, true),
            (json!(["plain"]), true, false),
        ] {
            let document = json!({"issuer": "https://id.example", "authorization_endpoint": "https://id.example/authorize",
                "token_endpoint": "https://id.example/token", "code_challenge_methods_supported": methods});
            let server = Server::from_metadata(&issuer, document.to_string().as_bytes()).unwrap();
            let app = Application {
                assume_pkce: assumed,
                ..Application::new("https://id.example", "app").unwrap()
            };
            let begun =
                Attempt::begin(&server, &app, &SignInOptions::default(), "http://127.0.0.1:7/callback");
            assert_eq!(begun.is_ok(), begins, "{methods} {assumed}");
            if let Ok(attempt) = begun {
                assert!(sent(&attempt).contains("code_challenge"));
            }
        }
    }

    proptest! {
        #[test]
        fn any_response_without_our_state_is_ignored(text in "(state|iss|code|error)=[a-z%&=]{0,30}") {
            if let Ok(params) = Params::parse(text.as_bytes()) {
                prop_assert!(matches!(begin(true).receive(&params), Ok(CallbackOutcome::Ignored)));
            }
        }
    }
}
