//! Our cookies: opaque values, host-only, out of reach of scripts (`__Host-` in their names, `SameSite=Lax`).
//!
//! On plain-http loopback `__Host-` is impossible, so the names differ there and carry the port, for cookies ignore ports. An
//! https issuer never reads those names. `__Host-` cookies belong to the whole host, so where the issuer has a path, and others may
//! have theirs beside it, the names carry a hash of it (HT-03).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue, header};
use proofkey_oauth::{Issuer, Secret, sha256};
use proofkey_protocol::session::SessionCookie;
use proofkey_protocol::sign_in::DEVICE_SECONDS;

/// Most flow cookies that a browser keeps; the oldest go first. It has more than one only if it asked for several pages before
/// the first cookie came.
pub(crate) const FLOW_COOKIES_MAX: usize = 8;
/// What tells one flow cookie from another in their names: characters of a hash of its value.
const FLOW_MARK_CHARS: usize = 6;

/// What our cookies are called.
#[derive(Clone, Debug)]
pub(crate) struct CookieNames {
    session: String,
    flow: String,
    device: String,
    secure: bool,
}

/// The cookies that a browser has once; it needs none of them to begin. Beside them it has flow cookies, which bind sign-ins under
/// way to it: each has a name of its own, so that of two pages that were asked for at once the second does not take the first
/// one's cookie away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// The browser session.
    Session,
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
        let mut values = pairs(headers).filter(|(found, _)| *found == name).map(|(_, value)| value);
        let first = values.next()?;
        values.next().is_none().then_some(first)
    }

    /// The flow cookies that a request carries, by name and value, in its order: browsers send the oldest first.
    pub(crate) fn flows<'a>(&self, headers: &'a HeaderMap) -> Vec<(&'a str, &'a str)> {
        // Longer ones belong to an issuer with a path on the same host.
        let is_mark = |mark: &str| mark.starts_with('-') && mark.len() == 1 + FLOW_MARK_CHARS;
        let is_flow =
            |name: &str| name.strip_prefix(&*self.flow).is_some_and(|mark| mark.is_empty() || is_mark(mark));
        pairs(headers).filter(|(name, _)| is_flow(name)).collect()
    }

    /// The name of the flow cookie of this value.
    pub(crate) fn flow_name(&self, value: &str) -> String {
        let hash = URL_SAFE_NO_PAD.encode(sha256(value.as_bytes()));
        format!("{}-{}", self.flow, hash.get(..FLOW_MARK_CHARS).unwrap_or_default())
    }

    /// The header that sets a flow cookie.
    pub(crate) fn set_flow(&self, value: &str) -> Option<HeaderValue> {
        self.header(&format!("{}={value}", self.flow_name(value)))
    }

    /// The headers that remove the oldest of too many flow cookies.
    pub(crate) fn remove_old_flows(&self, headers: &HeaderMap) -> Vec<HeaderValue> {
        let flows = self.flows(headers);
        let too_many = flows.len().saturating_sub(FLOW_COOKIES_MAX);
        flows
            .iter()
            .take(too_many)
            .filter_map(|(name, _)| self.header(&format!("{name}=; Max-Age=0")))
            .collect()
    }

    /// The header that sets a cookie.
    pub(crate) fn set(&self, cookie: Cookie, value: &str) -> Option<HeaderValue> {
        let keep_seconds = match cookie {
            Cookie::Device => Some(DEVICE_SECONDS),
            Cookie::Session => None,
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
            Cookie::Device => &self.device,
        }
    }
}

/// The value of the `Cookie` header by which a browser of this issuer shows a session: for tools that hold sessions which no
/// browser began.
pub fn session_header(issuer: &Issuer, session: &SessionCookie) -> Secret {
    Secret::new(format!("{}={}", CookieNames::new(issuer).session, session.value().expose()))
}

/// Tells the issuers of one host apart; empty for the one that has no path, whose names have always been plain.
fn path_mark(path: &str) -> String {
    let [a, b, c, d, ..] = sha256(path.as_bytes());
    if path.is_empty() { String::new() } else { format!("-{:08x}", u32::from_be_bytes([a, b, c, d])) }
}

/// The cookies of a request, by name and value. How many bytes there may be is the edge's limit on all headers.
fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='))
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
                for name in [of.session, of.flow, of.device] {
                    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
                    assert!(name.bytes().all(plain), "{name}");
                    assert!(names.insert(name.clone()), "{origin}{path}: {name}");
                }
            }
        }
        let of = |issuer: &str| CookieNames::new(&Issuer::parse(issuer).unwrap()).session;
        assert_eq!(of("https://id.example/a"), of("https://other.example/a"), "stable");
        assert_eq!(of("https://id.example"), "__Host-sid", "as before");
    }

    #[test]
    fn k_14_flow_cookies_stand_beside_one_another_and_the_oldest_of_too_many_go() {
        let names = CookieNames::new(&Issuer::parse("https://id.example").unwrap());
        let values: Vec<String> = (0..FLOW_COOKIES_MAX + 2).map(|n| format!("value-{n}")).collect();
        let lines: Vec<String> =
            values.iter().map(|value| format!("{}={value}", names.flow_name(value))).collect();
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_str(&lines.join("; ")).unwrap());
        headers.append(
            header::COOKIE,
            HeaderValue::from_static(
                "__Host-flows=x; __Host-flow-12345678-abcdef=of-another-issuer; __Host-flow=of-an-earlier-server",
            ),
        );
        let found: Vec<&str> = names.flows(&headers).into_iter().map(|(_, value)| value).collect();
        assert_eq!(found.len(), values.len() + 1);
        assert_eq!((found[0], found[found.len() - 1]), ("value-0", "of-an-earlier-server"));
        let removed = names.remove_old_flows(&headers);
        assert_eq!(removed.len(), 3);
        assert!(
            removed[0].to_str().unwrap().starts_with(&format!("{}=; Max-Age=0", names.flow_name("value-0")))
        );
    }

    #[test]
    fn k_38_many_foreign_cookies_do_not_hide_ours() {
        let names = CookieNames::new(&Issuer::parse("https://id.example").unwrap());
        let mut headers = HeaderMap::new();
        let line = format!("other={}; __Host-device=v; {}=f", "x".repeat(17_000), names.flow_name("f"));
        headers.insert(header::COOKIE, HeaderValue::from_str(&line).unwrap());
        assert_eq!(names.find(&headers, Cookie::Device), Some("v"));
        assert_eq!(names.flows(&headers).len(), 1);
    }

    #[test]
    fn ht_03_cookies_of_an_https_issuer_are_host_only_secure_and_lax() {
        let names = CookieNames::new(&Issuer::parse("https://id.example").unwrap());
        for (header, name) in [
            (names.set(Cookie::Session, "v").unwrap(), "__Host-sid".to_owned()),
            (names.set(Cookie::Device, "v").unwrap(), "__Host-device".to_owned()),
            (names.set_flow("v").unwrap(), names.flow_name("v")),
        ] {
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
