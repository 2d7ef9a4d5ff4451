//! Issuer identifiers (RFC 8414 §2).

use std::fmt;
use std::sync::Arc;

use thiserror::Error;

use crate::uri::{host_and_port, is_loopback_host, normal_uri, web_origin};

/// The identifier of an authorization server: an https URL without query or fragment; http on this machine is allowed for
/// development. Compared byte for byte, never normalised (RFC 9207 §2.4). Others may end in a slash; of our own see
/// [`Issuer::normal_spelling`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    text: Arc<str>,
    web_origin: Arc<str>,
}

/// Why a text cannot be an issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum IssuerMalformed {
    /// Neither https nor http on this machine.
    #[error("an issuer is an https URL (http only on 127.0.0.1, [::1] or localhost)")]
    Scheme,
    /// Query, fragment, user information, white space, or a host that cannot be read.
    #[error("an issuer is scheme, host and path, without query, fragment, user information or white space")]
    Form,
}

impl Issuer {
    /// Accepts a text only if it is an issuer identifier.
    pub fn parse(text: &str) -> Result<Self, IssuerMalformed> {
        let secure = text.strip_prefix("https://");
        let rest = secure.or_else(|| text.strip_prefix("http://")).ok_or(IssuerMalformed::Scheme)?;
        let authority = rest.split('/').next().unwrap_or_default();
        if secure.is_none() && !is_loopback_host(host_and_port(authority).0) {
            return Err(IssuerMalformed::Scheme);
        }
        let plain = |c: char| c.is_ascii_graphic() && !"?#@\\\"<>^`{|}".contains(c);
        if authority.is_empty() || !text.chars().all(plain) {
            return Err(IssuerMalformed::Form);
        }
        let web_origin = web_origin(text).ok_or(IssuerMalformed::Form)?;
        Ok(Self { text: text.into(), web_origin: web_origin.into() })
    }

    /// How browsers, proxies and URL parsers will spell this issuer, where that is not the way it is written; without a slash
    /// at its end. A server whose name is spelled otherwise than it is called takes its own forms for another's.
    pub fn normal_spelling(&self) -> Option<String> {
        let normal = normal_uri(&self.text);
        let normal = normal.trim_end_matches('/');
        (*normal != *self.text).then(|| normal.to_owned())
    }

    /// The identifier, byte for byte as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is an https URL, so that browsers reach it by TLS.
    pub fn is_https(&self) -> bool {
        self.text.starts_with("https://")
    }

    /// Scheme and authority, as they are written.
    pub fn origin(&self) -> &str {
        let path_at = self.text.match_indices('/').nth(2).map_or(self.text.len(), |(at, _)| at);
        self.text.get(..path_at).unwrap_or(&self.text)
    }

    /// The web origin of its pages, as browsers write it into `Origin`.
    pub fn web_origin(&self) -> &str {
        &self.web_origin
    }

    /// Host and port, for people to read.
    pub fn authority(&self) -> &str {
        self.origin().split_once("://").map_or("", |(_, authority)| authority)
    }

    /// The path, without a slash at its end; empty for most issuers.
    pub fn path(&self) -> &str {
        self.text.get(self.origin().len()..).unwrap_or_default().trim_end_matches('/')
    }

    /// The well-known address with the suffix put between host and path (RFC 8414 §3.1, which removes a slash at the end).
    pub fn well_known_inserted(&self, suffix: &str) -> String {
        format!("{}/.well-known/{suffix}{}", self.origin(), self.path())
    }

    /// The well-known address with the suffix behind the path (OpenID Connect Discovery §4.1, which removes a slash too).
    pub fn well_known_appended(&self, suffix: &str) -> String {
        format!("{}{}/.well-known/{suffix}", self.origin(), self.path())
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn md_01_issuers_are_https_or_loopback_and_plain() {
        for good in [
            "https://id.example",
            "https://id.example/tenant",
            "https://tenant.example/",
            "http://127.0.0.1:4455",
            "http://[::1]:1",
            "http://localhost",
            "http://127.0.0.2:4455",
            "http://localhost:4455/tenant",
        ] {
            assert!(Issuer::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "http://id.example",
            "https://",
            "https:///x",
            "https://id.example?x",
            "https://a#b",
            "ftp://a",
            "https://u@id.example",
            "https://a b",
            "https://a/{b}",
            "https://id.example:65536",
            "http://127.0.0.1.evil.com",
            "http://localhost.example",
            "http://127.1",
            "http://[0:0:0:0:0:0:0:1]",
            "http://0.0.0.0",
            "http://LOCALHOST",
        ] {
            assert!(Issuer::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn k_34_a_normal_issuer_is_spelled_as_browsers_spell_it() {
        for (issuer, normal) in [
            ("https://id.example", None),
            ("https://id.example/tenant/a", None),
            ("https://id.example:8443", None),
            ("http://localhost:4455", None),
            ("https://ID.example", Some("https://id.example")),
            ("https://id.example:443", Some("https://id.example")),
            ("https://id.example:443/t", Some("https://id.example/t")),
            ("http://127.0.0.1:80", Some("http://127.0.0.1")),
            ("https://id.example/a/../b", Some("https://id.example/b")),
            ("https://id.example/.", Some("https://id.example")),
            ("https://id.example/%7ea", Some("https://id.example/~a")),
            ("https://id.example/", Some("https://id.example")),
            ("https://id.example/t/", Some("https://id.example/t")),
            ("https://0x7f.1", Some("https://127.0.0.1")),
        ] {
            let parsed = Issuer::parse(issuer).unwrap();
            assert_eq!(parsed.normal_spelling().as_deref(), normal, "{issuer}");
            let normal = Issuer::parse(normal.unwrap_or(issuer)).unwrap();
            assert_eq!(parsed.web_origin(), normal.origin(), "{issuer}");
        }
    }

    #[test]
    fn k_34_a_slash_at_the_end_of_an_issuer_is_removed_before_the_well_known_part() {
        for (issuer, inserted, appended) in [
            ("https://id.example/", "https://id.example/.well-known/x", "https://id.example/.well-known/x"),
            (
                "https://id.example/t/",
                "https://id.example/.well-known/x/t",
                "https://id.example/t/.well-known/x",
            ),
        ] {
            let issuer = Issuer::parse(issuer).unwrap();
            assert_eq!(issuer.well_known_inserted("x"), inserted);
            assert_eq!(issuer.well_known_appended("x"), appended);
        }
    }

    #[test]
    fn md_01_both_well_known_forms_are_built() {
        let issuer = Issuer::parse("https://id.example/t").unwrap();
        let suffix = "oauth-authorization-server";
        assert_eq!(
            issuer.well_known_inserted(suffix),
            "https://id.example/.well-known/oauth-authorization-server/t"
        );
        assert_eq!(
            issuer.well_known_appended("openid-configuration"),
            "https://id.example/t/.well-known/openid-configuration"
        );
    }
}
