//! An exchange as text: what was asked, what was answered, and what the tokens in it say.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use proofkey_jose::{Algorithm, Expected, KeySet, Typ, verify};
use proofkey_oauth::{AuthMethod, sha256};
use proofkey_testkit::{Answer, Browser, TestClient, basic};

/// The machine's clock, and the framing of a body that is printed whole.
const HEADERS_LEFT_OUT: [&str; 2] = ["content-length", "date"];
/// Sealed envelopes, by the kind that stands in front. Only the server reads them, so what is pinned is where they stand.
const SEALED: [(&str, &str); 3] = [("pkc_", "code"), ("pki_", "step"), ("pkd_", "device")];
/// In front of the hash of an asset, which says no more than that its content changed.
const ASSET: &str = "/assets/proofkey-";

/// The interesting part of a request.
pub(super) struct Asked {
    line: String,
    headers: Vec<(String, String)>,
    form: Vec<(String, String)>,
}

impl Asked {
    pub(super) fn bare(method: &str, path: &str, headers: &[(&str, &str)], form: &[(&str, &str)]) -> Self {
        let owned = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        Self { line: format!("{method} {path}"), headers: owned(headers), form: owned(form) }
    }

    pub(super) fn by_browser(
        method: &str,
        path: &str,
        browser: &Browser,
        origin: Option<&str>,
        form: &[(&str, &str)],
    ) -> Self {
        let mut asked = Self::bare(method, path, &[("accept-language", &browser.language)], form);
        let cookies = browser.jar.cookies.iter().map(|cookie| format!("{}={}", cookie.name, cookie.value));
        asked.headers.extend(cookies.map(|cookie| ("cookie".to_owned(), cookie)));
        asked.headers.extend(origin.map(|origin| ("origin".to_owned(), origin.to_owned())));
        asked
    }

    pub(super) fn by_client(path: &str, client: &TestClient, form: &[(&str, &str)]) -> Self {
        let secret = client.secret.as_deref().unwrap_or_default();
        let (authorization, id) = (basic(&client.id, secret), client.id.as_str());
        match client.method {
            AuthMethod::ClientSecretBasic => {
                Self::bare("POST", path, &[("authorization", &authorization)], form)
            }
            AuthMethod::ClientSecretPost => Self::bare(
                "POST",
                path,
                &[],
                &[form, &[("client_id", id), ("client_secret", secret)]].concat(),
            ),
            AuthMethod::None => Self::bare("POST", path, &[], &[form, &[("client_id", id)]].concat()),
        }
    }
}

/// The whole exchange.
pub(super) fn printed(asked: &Asked, answer: &Answer, keys: &KeySet) -> String {
    let mut named = Named::default();
    let mut out = String::new();
    line(&mut out, &named.text(&asked.line));
    for (name, value) in &asked.headers {
        line(&mut out, &named.text(&format!("{name}: {value}")));
    }
    for (name, value) in &asked.form {
        line(&mut out, &named.text(&format!("    {name} = {value}")));
    }
    line(&mut out, "");
    line(&mut out, &StatusCode::from_u16(answer.status).unwrap().to_string());
    let mut headers: Vec<_> = answer.headers.iter().collect();
    headers.retain(|(name, _)| !HEADERS_LEFT_OUT.contains(&name.as_str()));
    // Stable: cookies stay in their order.
    headers.sort_by_key(|(name, _)| name.as_str());
    for (name, value) in headers {
        line(&mut out, &named.text(&format!("{name}: {}", value.to_str().unwrap())));
    }
    if !answer.body.is_empty() {
        line(&mut out, "");
        line(&mut out, &named.text(&answer.body));
    }
    for (number, token) in named.jwts.iter().enumerate() {
        line(&mut out, "");
        line(&mut out, &format!("<jwt {}>", number + 1));
        line(&mut out, &named.hashes(decoded(token, keys)));
    }
    out
}

fn line(out: &mut String, text: &str) {
    writeln!(out, "{text}").unwrap();
}

/// What in an exchange has a name instead of being printed: tokens that are shown decoded, and sealed envelopes.
#[derive(Default)]
struct Named {
    jwts: Vec<String>,
    sealed: Vec<String>,
}

impl Named {
    /// The text with names in the place of tokens.
    fn text(&mut self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while !rest.is_empty() {
            let word = rest.find(|c: char| !is_of_token(c)).unwrap_or(rest.len());
            out.push_str(&self.word(&rest[..word]));
            rest = &rest[word..];
            let gap = rest.find(is_of_token).unwrap_or(rest.len());
            out.push_str(&rest[..gap]);
            rest = &rest[gap..];
            if out.ends_with(ASSET.strip_suffix("proofkey-").unwrap())
                && let Some(extension) = rest.find('.')
            {
                out.push_str("proofkey-<hash>");
                rest = &rest[extension..];
            }
        }
        out
    }

    /// The claims with names in the place of `at_hash`: it depends on the signature of the access token that it stands for.
    fn hashes(&self, claims: String) -> String {
        self.jwts.iter().enumerate().fold(claims, |claims, (number, token)| {
            let hash = URL_SAFE_NO_PAD.encode(&sha256(token.as_bytes())[..16]);
            claims.replace(&hash, &format!("<hash of jwt {}>", number + 1))
        })
    }

    fn word(&mut self, word: &str) -> String {
        if word.starts_with("eyJ") && word.matches('.').count() == 2 {
            return format!("<jwt {}>", number(&mut self.jwts, word));
        }
        let kind = SEALED.iter().find(|(prefix, _)| word.starts_with(prefix));
        kind.map_or_else(
            || word.to_owned(),
            |(_, kind)| format!("<{kind} {}>", number(&mut self.sealed, word)),
        )
    }
}

fn is_of_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

/// The number of a value: those that are equal have the same.
fn number(known: &mut Vec<String>, value: &str) -> usize {
    let at = known.iter().position(|other| other == value).unwrap_or_else(|| {
        known.push(value.to_owned());
        known.len() - 1
    });
    at + 1
}

/// Header and claims byte for byte. The signature differs each time for some algorithms: what counts is that it holds.
fn decoded(token: &str, keys: &KeySet) -> String {
    let part = |part: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
        String::from_utf8(bytes).unwrap_or_default()
    };
    let parts: Vec<&str> = token.split('.').collect();
    let verified = verify(token, keys, &Expected { typ: &Typ::ALL, algorithms: &Algorithm::ALL });
    let signature = match verified {
        Ok(verified) => format!("verified by {}", verified.kid),
        Err(error) => error.to_string(),
    };
    format!("header: {}\nclaims: {}\nsignature: {signature}", part(parts[0]), part(parts[1]))
}
