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

/// The one member that must not be lost, whatever else is wrong: with it gone the sign-in is gone.
#[derive(Deserialize)]
struct Rotated {
    refresh_token: Option<String>,
}

#[derive(Deserialize)]
struct Wire {
    access_token: Option<String>,
    token_type: Option<String>,
    expires_in: Option<serde_json::Number>,
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
    /// Tokens were issued, and cannot be used. The refresh token among them has taken the place of the one that was sent, if one
    /// was: it is kept, or taken back.
    Unusable { error: Error, refresh_token: Option<Secret> },
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
        let body = &answer.body;
        Self::from_body(body, now)
            .map_err(|error| TokenAnswerError::Unusable { error, refresh_token: rotated(body) })
    }

    fn from_body(body: &[u8], now: Timestamp) -> Result<Self, Error> {
        ensure_strict(body).map_err(|_| Error::TokenResponseMalformed("the JSON"))?;
        let wire: Wire =
            serde_json::from_slice(body).map_err(|_| Error::TokenResponseMalformed("a member"))?;
        let token_type = wire.token_type.ok_or(Error::TokenResponseMalformed("token_type"))?;
        if !token_type.eq_ignore_ascii_case("bearer") {
            return Err(Error::TokenTypeUnsupported(shown(&token_type)));
        }
        let lifetime = wire.expires_in.as_ref().map_or(Some(LIFETIME_ASSUMED_SECONDS), lifetime);
        let lifetime = lifetime.ok_or(Error::TokenResponseMalformed("expires_in"))?;
        // One space between two tokens is the grammar; more say nothing else.
        let words = |scope: String| scope.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        let scope = wire.scope.map(|scope| Scope::parse(&words(scope))).transpose();
        Ok(Self {
            access_token: token("access_token", wire.access_token, u8::is_ascii_graphic)?
                .ok_or(Error::TokenResponseMalformed("access_token"))?,
            expires_at: now + lifetime,
            refresh_token: token("refresh_token", wire.refresh_token, is_vschar)?,
            id_token: token("id_token", wire.id_token, u8::is_ascii_graphic)?,
            scope: scope.map_err(|_| Error::TokenResponseMalformed("scope"))?,
        })
    }
}

impl From<TokenAnswerError> for Error {
    fn from(refusal: TokenAnswerError) -> Self {
        match refusal {
            TokenAnswerError::InvalidGrant(error)
            | TokenAnswerError::Unusable { error, .. }
            | TokenAnswerError::Other(error) => error,
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

/// The refresh token of an answer that cannot be used otherwise. Where it stands twice, it is not known which is meant.
fn rotated(body: &[u8]) -> Option<Secret> {
    ensure_strict(body).ok()?;
    let Rotated { refresh_token } = serde_json::from_slice(body).ok()?;
    token("refresh_token", refresh_token, is_vschar).ok().flatten()
}

/// Checks that a token can go where it goes: a header takes visible ASCII (RFC 6750 §2.1), a form every `VSCHAR` (RFC 6749
/// §A.17). None is empty.
fn token(
    name: &'static str,
    text: Option<String>,
    may_hold: fn(&u8) -> bool,
) -> Result<Option<Secret>, Error> {
    match text.map(Secret::new) {
        Some(secret)
            if secret.expose().is_empty() || !secret.expose().bytes().all(|byte| may_hold(&byte)) =>
        {
            Err(Error::TokenResponseMalformed(name))
        }
        other => Ok(other),
    }
}

fn is_vschar(byte: &u8) -> bool {
    matches!(byte, 0x20..=0x7e)
}

/// A lifetime in whole seconds; a longer one than is believed is cut, whatever number it is. `None` below zero.
fn lifetime(number: &serde_json::Number) -> Option<i64> {
    let seconds = number.as_i64().or_else(|| number.as_f64().map(|seconds| seconds as i64))?;
    (seconds >= 0).then_some(seconds.min(LIFETIME_MAX_SECONDS))
}

/// The value of the `Authorization` header that presents a token (RFC 6750 §2.1).
pub(crate) fn bearer(token: &Secret) -> Secret {
    Secret::new(format!("Bearer {}", token.expose()))
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
            r#"{"access_token":"a","token_type":"bearer","expires_in":"x"}"#,
            r#"{"access_token":"a","token_type":"bearer","access_token":"b"}"#,
            r#"{"access_token":"a","token_type":"bearer","refresh_token":""}"#,
        ] {
            assert!(matches!(read(body), Err(Error::TokenResponseMalformed(_))), "{body}");
        }
    }

    #[test]
    fn k_51_the_grammar_is_all_that_an_answer_has_to_keep_to() {
        let with = |member: &str| read(&format!(r#"{{"access_token":"a","token_type":"bearer",{member}}}"#));
        for token in ["r 1", " ", "!#$%&'()*+,-./:;<=>?@[]^_`{|}~", "a.b"] {
            let answer = with(&format!(r#""refresh_token":"{token}""#)).unwrap();
            assert_eq!(answer.refresh_token.unwrap().expose(), token);
        }
        for bad in [r#""""#, r#""\u00e9""#, r#""a\nb""#, r#""\u007f""#, "7"] {
            assert!(with(&format!(r#""refresh_token":{bad}"#)).is_err(), "{bad}");
        }
        for (seconds, lifetime) in [
            ("3599.9", 3599),
            ("0", 0),
            ("9223372036854775807", LIFETIME_MAX_SECONDS),
            ("18446744073709551616", LIFETIME_MAX_SECONDS),
            ("1e300", LIFETIME_MAX_SECONDS),
        ] {
            assert_eq!(
                with(&format!(r#""expires_in":{seconds}"#)).unwrap().expires_at,
                NOW + lifetime,
                "{seconds}"
            );
        }
        assert_eq!(with(r#""scope":" a  b ""#).unwrap().scope.unwrap().to_string(), "a b");
    }

    #[test]
    fn k_51_a_refresh_token_outlives_an_answer_that_cannot_be_used() {
        for (body, expected) in [
            (r#"{"refresh_token":"r 2"}"#, Some("r 2")),
            (r#"{"refresh_token":"r2","access_token":7,"token_type":"bearer"}"#, Some("r2")),
            (r#"{"refresh_token":"r2","access_token":"a","token_type":"mac"}"#, Some("r2")),
            (
                r#"{"refresh_token":"r2","access_token":"a","token_type":"bearer","expires_in":-1}"#,
                Some("r2"),
            ),
            (r#"{"refresh_token":"r2","access_token":"a","token_type":"bearer","scope":"é"}"#, Some("r2")),
            (r#"{"refresh_token":"r2","refresh_token":"r3"}"#, None),
            (r#"{"refresh_token":"\n"}"#, None),
            (r#"{"refresh_token":7}"#, None),
            ("{}", None),
            ("", None),
        ] {
            assert!(TokenAnswer::from_body(body.as_bytes(), NOW).is_err(), "{body}");
            assert_eq!(rotated(body.as_bytes()).as_ref().map(Secret::expose), expected, "{body}");
        }
    }

    proptest! {
        #[test]
        fn reading_any_body_never_panics(body in "\\PC{0,80}|\\{\"access_token\":\\PC{0,20},\"token_type\":\"bearer\"\\PC{0,20}\\}") {
            let _ = read(&body);
        }
    }
}
