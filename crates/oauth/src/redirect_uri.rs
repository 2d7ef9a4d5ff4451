//! Redirect URIs: what may be registered, and when a sent one is the registered one.
//!
//! Comparison is of bytes (OAuth 2.1 §2.3.1). The one exception, the port of a loopback address, works by splitting the
//! *registered* text; the sent one is never parsed or normalised, so no two parsers can disagree about it.

use std::fmt;

use thiserror::Error;

use crate::client_metadata::ApplicationType;
use crate::params::Params;

/// Longest accepted redirect URI, in bytes.
const REDIRECT_URI_BYTES_MAX: usize = 2048;
/// Query parameters that we add, or that a client could take for parameters that we added.
const RESERVED_PARAMETERS: [&str; 7] =
    ["code", "state", "iss", "error", "response", "id_token", "access_token"];
/// Schemes that run or read something instead of opening an app.
const DANGEROUS_SCHEMES: [&str; 8] =
    ["javascript", "data", "vbscript", "file", "blob", "about", "filesystem", "view-source"];

/// A redirect URI that passed the rules of registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectUri {
    text: String,
    /// Text up to and including the loopback host, and what follows the port.
    loopback: Option<(String, String)>,
}

/// Why a redirect URI cannot be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RedirectUriRefused {
    /// Characters that browsers and parsers read differently, or more than 2,048 bytes.
    #[error(
        "a redirect URI is at most 2048 printable ASCII characters without spaces, quotes, backslashes or braces"
    )]
    Characters,
    /// A fragment, which OAuth 2.1 §2.3 forbids.
    #[error("a redirect URI has no fragment")]
    Fragment,
    /// A wildcard: it would admit addresses that were never registered.
    #[error("a redirect URI has no wildcard: register each address")]
    Wildcard,
    /// `.` or `..` segments, plain or encoded, or `;` parameters on them.
    #[error("a redirect URI has no dot segments")]
    DotSegment,
    /// User information before the host.
    #[error("a redirect URI has no user information")]
    UserInformation,
    /// http to another machine: the code would travel unencrypted.
    #[error("http is for loopback addresses only (127.0.0.1, [::1], localhost): use https")]
    InsecureHttp,
    /// A scheme that can run script or read files.
    #[error("this scheme is never a redirect URI")]
    DangerousScheme,
    /// A private-use scheme without a dot.
    #[error("a private-use scheme is a reversed domain name, such as com.example.app")]
    SchemeWithoutDot,
    /// No scheme or no host.
    #[error("a redirect URI is absolute")]
    Relative,
    /// A query that names one of our response parameters.
    #[error(
        "the query of a redirect URI does not name code, state, iss, error, response, id_token or access_token"
    )]
    ReservedParameter,
}

impl RedirectUri {
    /// Checks a redirect URI for registration (OAuth 2.1 §2.3, RFC 8252 §7, RFC 9700 §2.1).
    pub fn register(text: &str, application: ApplicationType) -> Result<Self, RedirectUriRefused> {
        let plain = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte);
        if text.len() > REDIRECT_URI_BYTES_MAX || !text.bytes().all(plain) {
            return Err(RedirectUriRefused::Characters);
        }
        if text.contains('#') {
            return Err(RedirectUriRefused::Fragment);
        }
        if text.contains('*') {
            return Err(RedirectUriRefused::Wildcard);
        }
        let (scheme, rest) = text.split_once(':').ok_or(RedirectUriRefused::Relative)?;
        let (before_query, query) = rest.split_once('?').unwrap_or((rest, ""));
        refuse_dot_segments(before_query)?;
        refuse_reserved(query)?;
        let loopback = match scheme {
            "https" => authority(rest).map(|_| None)?,
            "http" => loopback_parts(authority(rest)?, text, application)?,
            other => private_use(other, rest).map(|()| None)?,
        };
        Ok(Self { text: text.to_owned(), loopback })
    }

    /// The registered text, byte for byte.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a sent redirect URI is this one: the same bytes, or another port on a loopback address.
    pub fn matches(&self, sent: &str) -> bool {
        sent == self.text || self.matches_on_another_port(sent)
    }

    fn matches_on_another_port(&self, sent: &str) -> bool {
        let Some((front, rest)) = &self.loopback else { return false };
        let Some(tail) = sent.strip_prefix(front.as_str()).and_then(|tail| tail.strip_suffix(rest.as_str()))
        else {
            return false;
        };
        let port = |digits: &str| digits.len() <= 5 && digits.bytes().all(|b| b.is_ascii_digit());
        tail.is_empty()
            || tail.strip_prefix(':').is_some_and(|digits| port(digits) && digits.parse::<u16>().is_ok())
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

fn authority(rest: &str) -> Result<&str, RedirectUriRefused> {
    let authority =
        rest.strip_prefix("//").and_then(|rest| rest.split(['/', '?']).next()).unwrap_or_default();
    if authority.contains('@') {
        return Err(RedirectUriRefused::UserInformation);
    }
    if authority.is_empty() || authority.starts_with(':') {
        return Err(RedirectUriRefused::Relative);
    }
    Ok(authority)
}

/// Splits a loopback URI around its port where any port may be used (RFC 8252 §7.3).
///
/// A native app cannot know its port beforehand. A browser app that registered a port has said which one it is.
fn loopback_parts(
    authority: &str,
    text: &str,
    application: ApplicationType,
) -> Result<Option<(String, String)>, RedirectUriRefused> {
    if !crate::issuer::is_loopback(authority) {
        return Err(RedirectUriRefused::InsecureHttp);
    }
    let host = if authority.starts_with("[::1]") {
        "[::1]"
    } else {
        authority.split(':').next().unwrap_or(authority)
    };
    let native = application == ApplicationType::Native;
    let any_port = native || (authority == host && host != "localhost");
    let rest = text.get("http://".len() + authority.len()..).unwrap_or_default();
    Ok(any_port.then(|| (format!("http://{host}"), rest.to_owned())))
}

fn private_use(scheme: &str, rest: &str) -> Result<(), RedirectUriRefused> {
    let letters = scheme.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.".contains(&b));
    if DANGEROUS_SCHEMES.contains(&scheme.to_ascii_lowercase().as_str()) {
        return Err(RedirectUriRefused::DangerousScheme);
    }
    if rest.is_empty() || scheme.is_empty() {
        return Err(RedirectUriRefused::Relative);
    }
    if !letters || !scheme.contains('.') {
        return Err(RedirectUriRefused::SchemeWithoutDot);
    }
    Ok(())
}

fn refuse_dot_segments(path: &str) -> Result<(), RedirectUriRefused> {
    let lower = path.to_ascii_lowercase().replace("%2e", ".").replace("%2f", "/");
    let is_dots = |segment: &str| matches!(segment.split(';').next(), Some("." | ".."));
    if lower.split('/').any(is_dots) { Err(RedirectUriRefused::DotSegment) } else { Ok(()) }
}

fn refuse_reserved(query: &str) -> Result<(), RedirectUriRefused> {
    let params = Params::parse(query.as_bytes()).map_err(|_| RedirectUriRefused::Characters)?;
    let reserved = RESERVED_PARAMETERS.iter().any(|name| params.contains(name));
    if reserved { Err(RedirectUriRefused::ReservedParameter) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NATIVE: ApplicationType = ApplicationType::Native;
    const WEB: ApplicationType = ApplicationType::Web;

    #[test]
    fn az_04_az_05_az_06_v_17_what_cannot_work_safely_cannot_be_registered() {
        let check = |text: &str, cause| assert_eq!(RedirectUri::register(text, NATIVE), Err(cause), "{text}");
        check("http://app.example/cb", RedirectUriRefused::InsecureHttp);
        check("http://127.0.0.1.evil.com/cb", RedirectUriRefused::InsecureHttp);
        check("http://0.0.0.0/cb", RedirectUriRefused::InsecureHttp);
        check("http://127.1/cb", RedirectUriRefused::InsecureHttp);
        for scheme in [
            "javascript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "blob:x",
            "JavaScript:x",
        ] {
            check(scheme, RedirectUriRefused::DangerousScheme);
        }
        check("myapp:/cb", RedirectUriRefused::SchemeWithoutDot);
        check("https://a.example/cb#f", RedirectUriRefused::Fragment);
        check("https://a.example/*", RedirectUriRefused::Wildcard);
        check("https://a@b@evil/", RedirectUriRefused::UserInformation);
        check("https://good\\@evil", RedirectUriRefused::Characters);
        check("https://bücher.example/", RedirectUriRefused::Characters);
        check("https://a.example/x/..;/cb", RedirectUriRefused::DotSegment);
        check("https://a.example/%2E%2e/cb", RedirectUriRefused::DotSegment);
        check("/cb", RedirectUriRefused::Relative);
        check("https:///cb", RedirectUriRefused::Relative);
        for name in RESERVED_PARAMETERS {
            check(&format!("https://a.example/cb?{name}=1"), RedirectUriRefused::ReservedParameter);
            check(&format!("https://a.example/cb?x=1&{name}"), RedirectUriRefused::ReservedParameter);
        }
        for good in
            ["https://a.example/cb?x=1", "com.example.app:/cb", "http://[::1]/cb", "http://localhost/cb"]
        {
            assert!(RedirectUri::register(good, NATIVE).is_ok(), "{good}");
        }
    }

    #[test]
    fn az_02_v_13_v_14_v_15_v_18_v_19_only_the_registered_bytes_match() {
        let uri = RedirectUri::register("https://app.example/cb", WEB).unwrap();
        assert!(uri.matches("https://app.example/cb"));
        for sent in [
            "https://app.example/cb/",
            "https://app.example/CB",
            "https://APP.example/cb",
            "https://app.example/cb?x=1",
            "https://app.example/%2e%2e/cb",
            "https://app.example/cb/..;/x",
            "https://u@app.example/cb",
            "https://a@b@evil/",
            "https://app.example\\@evil/cb",
            "https://app.example:443/cb",
            "https://xn--pp-eka.example/cb",
            "https://app.example/cb#",
            "https://app.example/cb\t",
            "https://app.example/cb\n",
            " https://app.example/cb",
            "https://appXexample/cb",
            "http://app.example/cb",
        ] {
            assert!(!uri.matches(sent), "{sent}");
        }
    }

    #[test]
    fn az_03_v_16_v_18_only_the_port_of_a_loopback_address_is_free() {
        for host in ["127.0.0.1", "[::1]", "localhost"] {
            let uri = RedirectUri::register(&format!("http://{host}/cb"), NATIVE).unwrap();
            for sent in [
                format!("http://{host}:51004/cb"),
                format!("http://{host}/cb"),
                format!("http://{host}:1/cb"),
            ] {
                assert!(uri.matches(&sent), "{sent}");
            }
            for sent in [
                format!("https://{host}:1/cb"),
                format!("http://{host}:1/CB"),
                format!("http://{host}:1/cb?x=1"),
                format!("http://{host}:1/cb/"),
                format!("http://{host}:65536/cb"),
                format!("http://{host}:1@evil/cb"),
                format!("http://{host}.evil.com/cb"),
                format!("http://{host}:x/cb"),
                format!("http://x@{host}:1/cb"),
                "http://0.0.0.0:1/cb".into(),
                "http://127.1:1/cb".into(),
                "http://localhost.evil/cb".into(),
            ] {
                assert!(!uri.matches(&sent), "{sent}");
            }
        }
        let web = RedirectUri::register("http://localhost/cb", WEB).unwrap();
        assert!(
            !web.matches("http://localhost:8080/cb"),
            "localhost is a name: any port is for native apps only"
        );
        let fixed = RedirectUri::register("http://127.0.0.1:4456/callback", WEB).unwrap();
        assert!(!fixed.matches("http://127.0.0.1:4457/callback"), "a browser app said its port");
    }

    proptest! {
        #[test]
        fn az_02_any_other_text_is_another_uri(sent in "\\PC{0,60}") {
            let uri = RedirectUri::register("https://app.example/cb", WEB).unwrap();
            prop_assert_eq!(uri.matches(&sent), sent == "https://app.example/cb");
            let _ = RedirectUri::register(&sent, NATIVE);
        }
    }
}
