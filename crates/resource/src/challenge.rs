//! The answer to a refused request: status, `WWW-Authenticate` (RFC 6750 §3, RFC 9728 §5.1) and a JSON body.

use http::{
    HeaderValue, Response,
    header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};
use proofkey_oauth::{Scope, wire_text};
use serde::Serialize;

use crate::Refusal;

const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("5");

/// What this API says of itself in every challenge. The layer puts it into the request's extensions, where
/// [`crate::RequireScope`] finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    realm: String,
    resource_metadata: Option<String>,
    scope: Scope,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    error_description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
}

impl Challenge {
    pub(crate) fn new(realm: String, resource_metadata: Option<String>, scope: Scope) -> Self {
        Self { realm, resource_metadata, scope }
    }

    /// The answer to a refused request.
    pub fn response<B: From<String>>(&self, refusal: &Refusal) -> Response<B> {
        let description = wire_text(&refusal.to_string());
        let scope = self.scope_of(refusal);
        let body = Body {
            error: refusal.code().map(|code| code.as_str()),
            error_description: &description,
            scope: scope.map(ToString::to_string),
        };
        let mut response = Response::new(B::from(serde_json::to_string(&body).unwrap_or_default()));
        *response.status_mut() = refusal.status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if matches!(refusal, Refusal::Unavailable) {
            // A challenge would tell the client to get another token, which would not help.
            headers.insert(RETRY_AFTER, RETRY_AFTER_SECONDS);
        } else if let Ok(value) = HeaderValue::from_str(&self.header(refusal, &description, scope)) {
            headers.insert(WWW_AUTHENTICATE, value);
        }
        response
    }

    fn header(&self, refusal: &Refusal, description: &str, scope: Option<&Scope>) -> String {
        let mut header = format!("Bearer realm=\"{}\"", wire_text(&self.realm));
        let mut push = |name: &str, value: &str| {
            header.push_str(", ");
            header.push_str(name);
            header.push_str("=\"");
            header.push_str(&wire_text(value));
            header.push('"');
        };
        if let Some(code) = refusal.code() {
            push("error", code.as_str());
            push("error_description", description);
        }
        if let Some(scope) = scope {
            push("scope", &scope.to_string());
        }
        if let Some(url) = &self.resource_metadata {
            push("resource_metadata", url);
        }
        header
    }

    /// The scope to ask for next time: what the request lacked, or what this API always needs.
    fn scope_of<'a>(&'a self, refusal: &'a Refusal) -> Option<&'a Scope> {
        let scope = match refusal {
            Refusal::InsufficientScope { required } => required,
            Refusal::NoToken => &self.scope,
            Refusal::SeveralTokens | Refusal::MalformedHeader | Refusal::Token(_) | Refusal::Unavailable => {
                return None;
            }
        };
        (!scope.is_empty()).then_some(scope)
    }
}
