//! The authorization endpoint's request and response (OAuth 2.1 §4.1.1, §4.1.2; OpenID Connect Core §3.1.2).

use thiserror::Error;

use crate::params::{Params, Repeated, form_encode};

/// An authorization request as it was sent: nothing is checked yet but that it is a parameter list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is the parameter of the same name")]
pub struct AuthorizationRequest {
    pub client_id: Option<String>,
    pub redirect_uri: Option<String>,
    pub response_type: Option<String>,
    pub response_mode: Option<String>,
    pub scope: Option<String>,
    pub state: Option<String>,
    pub nonce: Option<String>,
    pub code_challenge: Option<String>,
    pub code_challenge_method: Option<String>,
    pub prompt: Option<String>,
    pub max_age: Option<String>,
    pub acr_values: Option<String>,
    pub login_hint: Option<String>,
    pub id_token_hint: Option<String>,
    pub ui_locales: Option<String>,
    pub request: Option<String>,
    pub request_uri: Option<String>,
    pub resource: Vec<String>,
    /// `client_id` or `redirect_uri` came twice: no address is certain, so the answer is a page of ours.
    pub target_repeated: Option<Repeated>,
    /// Another parameter came twice.
    pub repeated: Option<Repeated>,
}

impl AuthorizationRequest {
    /// What says where an answer may go.
    const TARGET: [&str; 2] = ["client_id", "redirect_uri"];
    /// Every other parameter that may come once.
    const OTHERS: [&str; 15] = [
        "response_type",
        "response_mode",
        "scope",
        "state",
        "nonce",
        "code_challenge",
        "code_challenge_method",
        "prompt",
        "max_age",
        "acr_values",
        "login_hint",
        "id_token_hint",
        "ui_locales",
        "request",
        "request_uri",
    ];

    /// Picks the known parameters out of a list; unknown ones are ignored (OAuth 2.1 §3.1).
    pub fn from_params(params: &Params) -> Self {
        let take = |name: &str| params.first(name).map(str::to_owned);
        Self {
            client_id: take("client_id"),
            redirect_uri: take("redirect_uri"),
            response_type: take("response_type"),
            response_mode: take("response_mode"),
            scope: take("scope"),
            state: take("state"),
            nonce: take("nonce"),
            code_challenge: take("code_challenge"),
            code_challenge_method: take("code_challenge_method"),
            prompt: take("prompt"),
            max_age: take("max_age"),
            acr_values: take("acr_values"),
            login_hint: take("login_hint"),
            id_token_hint: take("id_token_hint"),
            ui_locales: take("ui_locales"),
            request: take("request"),
            request_uri: take("request_uri"),
            resource: params.all("resource").map(str::to_owned).collect(),
            target_repeated: params.repeated(&Self::TARGET),
            repeated: params.repeated(&Self::OTHERS),
        }
    }
}

/// What an authorization request wants the person to be asked (OpenID Connect Core §3.1.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prompt {
    /// `none`: no page may be shown.
    pub none: bool,
    /// `login` or `select_account`: authenticate again.
    pub login: bool,
    /// `consent`: ask even where a remembered consent covers the request.
    pub consent: bool,
}

/// A `prompt` that names an unknown value, or `none` beside another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("prompt is none alone, or any of login, consent, select_account")]
pub struct PromptMalformed;

impl Prompt {
    /// Every value that a `prompt` may name.
    pub const VALUES: [&str; 4] = ["none", "login", "consent", "select_account"];

    /// Reads a `prompt` parameter. Choosing an account is signing in again: one browser session has one account.
    pub fn parse(text: &str) -> Result<Self, PromptMalformed> {
        let mut prompt = Self::default();
        for value in text.split(' ').filter(|value| !value.is_empty()) {
            match value {
                "none" => prompt.none = true,
                "login" | "select_account" => prompt.login = true,
                "consent" => prompt.consent = true,
                _ => return Err(PromptMalformed),
            }
        }
        let contradicts = prompt.none && text.trim() != "none";
        if contradicts { Err(PromptMalformed) } else { Ok(prompt) }
    }
}

/// An authorization response, success or error, on its way to the redirect URI.
#[derive(Debug)]
pub struct AuthorizationResponse<'a> {
    /// `code`, or `error` and `error_description`.
    pub parameters: Vec<(&'static str, &'a str)>,
    /// Echoed as it came.
    pub state: Option<&'a str>,
    /// Who answers (RFC 9207 §2).
    pub issuer: &'a str,
}

impl AuthorizationResponse<'_> {
    /// The redirect URI with the response in its query; a query it already has is kept (OAuth 2.1 §2.3).
    pub fn location(&self, redirect_uri: &str) -> String {
        let mut location = String::with_capacity(redirect_uri.len() + 640);
        location.push_str(redirect_uri);
        location.push(match redirect_uri.split_once('?') {
            None => '?',
            Some(_) => '&',
        });
        for (name, value) in &self.parameters {
            form_encode(&mut location, name, value);
            location.push('&');
        }
        if let Some(state) = self.state {
            form_encode(&mut location, "state", state);
            location.push('&');
        }
        form_encode(&mut location, "iss", self.issuer);
        location
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn az_24_none_stands_alone() {
        assert!(Prompt::parse("none").unwrap().none);
        assert!(Prompt::parse("login consent").unwrap().consent);
        for bad in ["none login", "create", "none consent"] {
            assert_eq!(Prompt::parse(bad), Err(PromptMalformed), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn az_06_az_19_az_20_state_comes_back_byte_for_byte(state in "\\PC{1,200}") {
            let answer = AuthorizationResponse { parameters: vec![("code", "c")], state: Some(&state), issuer: "https://id.example" };
            let location = answer.location("https://app.example/cb?x=1");
            let query = location.split_once('?').unwrap().1;
            let params = Params::parse(query.as_bytes()).unwrap();
            prop_assert_eq!(params.first("state"), Some(state.as_str()));
            prop_assert_eq!(params.first("x"), Some("1"));
            prop_assert_eq!(params.first("iss"), Some("https://id.example"));
        }

        #[test]
        fn any_parameters_make_a_request(text in "\\PC{0,200}") {
            if let Ok(params) = Params::parse(text.as_bytes()) {
                let _ = AuthorizationRequest::from_params(&params);
            }
        }
    }
}
