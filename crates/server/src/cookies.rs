//! Our cookies: three opaque values, host-only, out of reach of scripts (`__Host-` in their names, `SameSite=Lax`).
//!
//! On plain-http loopback `__Host-` is impossible, so the names differ there and carry the port, for cookies ignore ports. An
//! https issuer never reads those names. `__Host-` cookies belong to the whole host, so where the issuer has a path, and others may
//! have theirs beside it, the names carry a hash of it (HT-03).

use http::{HeaderMap, HeaderValue, header};
use proofkey_oauth::{Issuer, sha256};

/// How long a browser is known as one in which an account signed in before, in seconds.
const DEVICE_SECONDS: i64 = 180 * 86_400;
/// Longest `Cookie` header that is looked at, in bytes.
const COOKIES_BYTES_MAX: usize = 16 * 1024;

/// What our cookies are called.
#[derive(Clone, Debug)]
pub(crate) struct CookieNames {
    session: String,
    flow: String,
    device: String,
    secure: bool,
}

/// The three cookies; a browser needs none of them to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// The browser session.
    Session,
    /// Binds sign-ins under way to this browser.
    Flow,
    /// Marks a browser as known to an account.
    Device,
}

impl CookieNames {
    /// The names for an issuer.
    pub(crate) fn new(issuer: &Issuer) -> Self {
        let path = path_mark(issuer.path());
        if issuer.is_https() {
            let name = |end: &str| format!("__Host-{end}{path}");
            return Self { session: name("sid"), flow: name("flow"), device: name("device"), secure: true };
        }
        let port = issuer.authority().rsplit(':').next().unwrap_or_default().trim_end_matches(']');
        let name = |end: &str| format!("proofkey-{end}-{port}{path}");
        Self { session: name("sid"), flow: name("flow"), device: name("device"), secure: false }
    }

    /// The value that a request carries. `None` if the cookie occurs twice.
    pub(crate) fn find<'a>(&self, headers: &'a HeaderMap, cookie: Cookie) -> Option<&'a str> {
        let name = self.name(cookie);
        let mut found = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut values = found
            .by_ref()
            .filter(|line| line.len() <= COOKIES_BYTES_MAX)
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(found, _)| *found == name)
            .map(|(_, value)| value);
        let first = values.next()?;
        values.next().is_none().then_some(first)
    }

    /// The header that sets a cookie.
    pub(crate) fn set(&self, cookie: Cookie, value: &str) -> Option<HeaderValue> {
        let keep_seconds = match cookie {
            Cookie::Device => Some(DEVICE_SECONDS),
            Cookie::Session | Cookie::Flow => None,
        };
        self.set_for(cookie, value, keep_seconds)
    }

    /// The header that sets the session cookie, to be kept for so many seconds or until the browser closes.
    pub(crate) fn set_session(&self, value: &str, keep_seconds: Option<i64>) -> Option<HeaderValue> {
        self.set_for(Cookie::Session, value, keep_seconds)
    }

    fn set_for(&self, cookie: Cookie, value: &str, keep_seconds: Option<i64>) -> Option<HeaderValue> {
        let life = keep_seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
        self.header(&format!("{}={value}{life}", self.name(cookie)))
    }

    /// The header that removes a cookie.
    pub(crate) fn remove(&self, cookie: Cookie) -> Option<HeaderValue> {
        self.header(&format!("{}=; Max-Age=0", self.name(cookie)))
    }

    fn header(&self, front: &str) -> Option<HeaderValue> {
        let secure = if self.secure { "; Secure" } else { "" };
        let mut header =
            HeaderValue::from_str(&format!("{front}; Path=/; HttpOnly; SameSite=Lax{secure}")).ok()?;
        header.set_sensitive(true);
        Some(header)
    }

    fn name(&self, cookie: Cookie) -> &str {
        match cookie {
            Cookie::Session => &self.session,
            Cookie::Flow => &self.flow,
            Cookie::Device => &self.device,
        }
    }
}

/// Tells the issuers of one host apart; empty for the one that has no path, whose names have always been plain.
fn path_mark(path: &str) -> String {
    let [a, b, c, d, ..] = sha256(path.as_bytes());
    if path.is_empty() { String::new() } else { format!("-{:08x}", u32::from_be_bytes([a, b, c, d])) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ht_03_k_35_issuers_at_several_paths_of_one_host_have_cookies_of_their_own() {
        for origin in ["https://id.example", "http://127.0.0.1:4455", "http://[::1]", "http://localhost"] {
            let mut names = std::collections::BTreeSet::new();
            for path in ["", "/a", "/b", "/a/b", "/A"] {
                let of = CookieNames::new(&Issuer::parse(&format!("{origin}{path}")).unwrap());
                for cookie in [Cookie::Session, Cookie::Flow, Cookie::Device] {
                    let name = of.name(cookie).to_owned();
                    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
                    assert!(name.bytes().all(plain), "{name}");
                    assert!(names.insert(name), "{origin}{path}: {cookie:?}");
                }
            }
        }
        let of = |issuer: &str| CookieNames::new(&Issuer::parse(issuer).unwrap()).session;
        assert_eq!(of("https://id.example/a"), of("https://other.example/a"), "stable");
        assert_eq!(of("https://id.example"), "__Host-sid", "as before");
    }

    #[test]
    fn ht_03_cookies_of_an_https_issuer_are_host_only_secure_and_lax() {
        let names = CookieNames::new(&Issuer::parse("https://id.example").unwrap());
        for (cookie, name) in [
            (Cookie::Session, "__Host-sid"),
            (Cookie::Flow, "__Host-flow"),
            (Cookie::Device, "__Host-device"),
        ] {
            let header = names.set(cookie, "v").unwrap();
            let text = header.to_str().unwrap();
            assert!(text.starts_with(&format!("{name}=v")), "{text}");
            for attribute in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
                assert!(text.contains(attribute), "{text}");
            }
            assert!(!text.contains("Domain") && header.is_sensitive());
        }
    }

    #[test]
    fn ht_03_names_on_loopback_carry_the_port_and_an_https_issuer_ignores_them() {
        let dev = CookieNames::new(&Issuer::parse("http://127.0.0.1:4455").unwrap());
        let names = CookieNames::new(&Issuer::parse("https://id.example").unwrap());
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("a=b; proofkey-sid-4455=x; c=d"));
        assert_eq!(dev.find(&headers, Cookie::Session), Some("x"));
        assert_eq!(names.find(&headers, Cookie::Session), None);
        headers.append(header::COOKIE, HeaderValue::from_static("proofkey-sid-4455=y"));
        assert_eq!(dev.find(&headers, Cookie::Session), None, "twice");
    }
}
