//! The token endpoint's answers (OAuth 2.1 §3.2.3, §3.2.4), and the access token that comes out of them.

use proofkey_jose::ensure_strict;
use proofkey_oauth::{Scope, Secret, Timestamp};
use serde::Deserialize;

use crate::error::{Error, shown, shown_after};
use crate::transport::Answer;

/// What a token is taken to live when the server does not say (`expires_in` is only recommended).
const LIFETIME_ASSUMED_SECONDS: i64 = 300;
/// Longest lifetime that is believed; also keeps arithmetic away from its limits.
const LIFETIME_MAX_SECONDS: i64 = 10 * 365 * 24 * 3600;

/// An access token. It is opaque: only the server and the API read what is inside.
#[derive(Debug)]
pub struct AccessToken {
    /// The text, for the `Authorization` header.
    pub token: Secret,
    /// The instant from which the API refuses it.
    pub expires_at: Timestamp,
}

/// A successful answer of the token endpoint, every member checked.
#[derive(Debug)]
pub(crate) struct TokenAnswer {
    pub(crate) access_token: Secret,
    pub(crate) expires_at: Timestamp,
    pub(crate) refresh_token: Option<Secret>,
    pub(crate) id_token: Option<Secret>,
    /// What was granted, where it differs from what was asked.
    pub(crate) scope: Option<Scope>,
}

#[derive(Deserialize)]
struct Wire {
    access_token: Option<String>,
    token_type: Option<String>,
    expires_in: Option<i64>,
    refresh_token: Option<String>,
    id_token: Option<String>,
    scope: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireError {
    error: Option<String>,
    error_description: Option<String>,
    error_fix: Option<String>,
}

/// Why the token endpoint gave no tokens, before it is an [`Error`]: a refresh has to tell the two apart.
pub(crate) enum TokenAnswerError {
    /// `invalid_grant`: the code or refresh token is no good (any more).
    InvalidGrant(Error),
    /// Any other failure: the refresh token may still be good.
    Other(Error),
}

impl TokenAnswer {
    /// Reads an answer that arrived at `now`.
    pub(crate) fn read(answer: Answer, now: Timestamp) -> Result<Self, TokenAnswerError> {
        const WHAT: &str = "token endpoint";
        if matches!(answer.status.as_u16(), 400 | 401 | 403) {
            return Err(refusal(WHAT, &answer.body));
        }
        let answer = answer.success(WHAT).map_err(TokenAnswerError::Other)?;
        Self::from_body(&answer.body, now).map_err(TokenAnswerError::Other)
    }

    fn from_body(body: &[u8], now: Timestamp) -> Result<Self, Error> {
        ensure_strict(body).map_err(|_| Error::TokenResponseMalformed("the JSON"))?;
        let wire: Wire =
            serde_json::from_slice(body).map_err(|_| Error::TokenResponseMalformed("a member"))?;
        let token_type = wire.token_type.ok_or(Error::TokenResponseMalformed("token_type"))?;
        if !token_type.eq_ignore_ascii_case("bearer") {
            return Err(Error::TokenTypeUnsupported(shown(&token_type)));
        }
        let lifetime = match wire.expires_in {
            None => LIFETIME_ASSUMED_SECONDS,
            Some(seconds @ 0..=LIFETIME_MAX_SECONDS) => seconds,
            Some(_) => return Err(Error::TokenResponseMalformed("expires_in")),
        };
        let scope = wire.scope.map(|scope| Scope::parse(&scope)).transpose();
        Ok(Self {
            access_token: token("access_token", wire.access_token)?
                .ok_or(Error::TokenResponseMalformed("access_token"))?,
            expires_at: now + lifetime,
            refresh_token: token("refresh_token", wire.refresh_token)?,
            id_token: token("id_token", wire.id_token)?,
            scope: scope.map_err(|_| Error::TokenResponseMalformed("scope"))?,
        })
    }
}

impl From<TokenAnswerError> for Error {
    fn from(refusal: TokenAnswerError) -> Self {
        match refusal {
            TokenAnswerError::InvalidGrant(error) | TokenAnswerError::Other(error) => error,
        }
    }
}

/// An OAuth error body as an error of ours; also for the revocation endpoint (RFC 7009 §2.2.1).
pub(crate) fn refusal(what: &'static str, body: &[u8]) -> TokenAnswerError {
    let wire: WireError = serde_json::from_slice(body).unwrap_or_default();
    let error = Error::TokenRefused {
        what,
        code: shown(wire.error.as_deref().unwrap_or("no reason given")),
        description: shown_after(": ", wire.error_description.as_deref()),
        fix: shown_after(". ", wire.error_fix.as_deref()),
    };
    if wire.error.as_deref() == Some("invalid_grant") {
        TokenAnswerError::InvalidGrant(error)
    } else {
        TokenAnswerError::Other(error)
    }
}

/// Checks that a token can go into a header or a form: visible ASCII, not empty.
fn token(name: &'static str, text: Option<String>) -> Result<Option<Secret>, Error> {
    match text {
        None => Ok(None),
        Some(text) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()) => {
            Ok(Some(Secret::new(text)))
        }
        Some(_) => Err(Error::TokenResponseMalformed(name)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp(1_000);

    fn read(body: &str) -> Result<TokenAnswer, Error> {
        TokenAnswer::from_body(body.as_bytes(), NOW)
    }

    #[test]
    fn token_type_is_compared_without_case_and_a_missing_lifetime_is_assumed() {
        for token_type in ["Bearer", "bearer", "BEARER"] {
            let answer = read(&format!(r#"{{"access_token":"a.b","token_type":"{token_type}"}}"#)).unwrap();
            assert_eq!(answer.expires_at, NOW + LIFETIME_ASSUMED_SECONDS);
        }
        let answer = read(r#"{"access_token":"not.a.jwt!","token_type":"bearer","expires_in":10}"#).unwrap();
        assert_eq!((answer.expires_at, answer.access_token.expose()), (NOW + 10, "not.a.jwt!"));
        for other in ["DPoP", "mac", ""] {
            let refused = read(&format!(r#"{{"access_token":"a","token_type":"{other}"}}"#));
            assert!(matches!(refused, Err(Error::TokenTypeUnsupported(_))), "{other}");
        }
    }

    #[test]
    fn unusable_answers_are_refused() {
        for body in [
            "",
            "[]",
            "{}",
            r#"{"access_token":"a"}"#,
            r#"{"token_type":"bearer"}"#,
            r#"{"access_token":"","token_type":"bearer"}"#,
            r#"{"access_token":"a b","token_type":"bearer"}"#,
            r#"{"access_token":"a\r\nX: y","token_type":"bearer"}"#,
            r#"{"access_token":"a","token_type":"bearer","expires_in":-1}"#,
            r#"{"access_token":"a","token_type":"bearer","expires_in":9223372036854775807}"#,
            r#"{"access_token":"a","token_type":"bearer","expires_in":"x"}"#,
            r#"{"access_token":"a","token_type":"bearer","access_token":"b"}"#,
            r#"{"access_token":"a","token_type":"bearer","refresh_token":""}"#,
        ] {
            assert!(matches!(read(body), Err(Error::TokenResponseMalformed(_))), "{body}");
        }
    }

    proptest! {
        #[test]
        fn reading_any_body_never_panics(body in "\\PC{0,80}|\\{\"access_token\":\\PC{0,20},\"token_type\":\"bearer\"\\PC{0,20}\\}") {
            let _ = read(&body);
        }
    }
}
