//! Issuer identifiers (RFC 8414 §2).

use std::fmt;
use std::sync::Arc;

use thiserror::Error;

/// The identifier of an authorization server: an https URL without query or fragment; http on a loopback literal is
/// allowed for development. Compared byte for byte, never normalised (RFC 9207 §2.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer(Arc<str>);

/// Why a text cannot be an issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum IssuerMalformed {
    /// Neither https nor http on a loopback literal.
    #[error("an issuer is an https URL (http only on 127.0.0.1, [::1] or localhost)")]
    Scheme,
    /// Query, fragment, user information, white space or a trailing slash.
    #[error("an issuer has no query, fragment, user information, white space or trailing slash")]
    Form,
}

impl Issuer {
    /// Accepts a text only if it is an issuer identifier.
    pub fn parse(text: &str) -> Result<Self, IssuerMalformed> {
        let secure = text.strip_prefix("https://");
        let rest = secure.or_else(|| text.strip_prefix("http://")).ok_or(IssuerMalformed::Scheme)?;
        let authority = rest.split('/').next().unwrap_or_default();
        if secure.is_none() && !is_loopback(authority) {
            return Err(IssuerMalformed::Scheme);
        }
        let plain = |c: char| c.is_ascii_graphic() && !"?#@\\\"<>".contains(c);
        if authority.is_empty() || text.ends_with('/') || !text.chars().all(plain) {
            return Err(IssuerMalformed::Form);
        }
        Ok(Self(text.into()))
    }

    /// The identifier, byte for byte as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is an https URL, so that browsers reach it by TLS.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// Scheme and authority: the web origin.
    pub fn origin(&self) -> &str {
        let path_at = self.0.match_indices('/').nth(2).map_or(self.0.len(), |(at, _)| at);
        self.0.get(..path_at).unwrap_or(&self.0)
    }

    /// Host and port, for people to read.
    pub fn authority(&self) -> &str {
        self.origin().split_once("://").map_or("", |(_, authority)| authority)
    }

    /// The path, without a trailing slash; empty for most issuers.
    pub fn path(&self) -> &str {
        self.0.get(self.origin().len()..).unwrap_or_default()
    }

    /// The well-known address with the suffix put between host and path (RFC 8414 §3.1).
    pub fn well_known_inserted(&self, suffix: &str) -> String {
        format!("{}/.well-known/{suffix}{}", self.origin(), self.path())
    }

    /// The well-known address with the suffix behind the path (OpenID Connect Discovery §4.1).
    pub fn well_known_appended(&self, suffix: &str) -> String {
        format!("{}/.well-known/{suffix}", self.0)
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Whether an authority names this machine by a loopback literal or `localhost`.
pub(crate) fn is_loopback(authority: &str) -> bool {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    };
    matches!(host, "127.0.0.1" | "[::1]" | "localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn md_01_issuers_are_https_or_loopback_and_plain() {
        for good in
            ["https://id.example", "https://id.example/tenant", "http://127.0.0.1:4455", "http://[::1]:1"]
        {
            assert!(Issuer::parse(good).is_ok(), "{good}");
        }
        let bad =
            ["http://id.example", "https://", "https://id.example/", "https://id.example?x", "https://a#b"];
        for bad in bad.into_iter().chain([
            "ftp://a",
            "https://u@id.example",
            "https://a b",
            "http://127.0.0.1.evil.com",
        ]) {
            assert!(Issuer::parse(bad).is_err(), "{bad}");
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
