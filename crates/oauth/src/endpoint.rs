//! Addresses that an authorization server's metadata may name: those to which secrets, tokens and browsers are sent.

use std::fmt;

use thiserror::Error;

use crate::issuer::Issuer;
use crate::uri::{host_and_port, is_loopback_host, web_origin};

/// An absolute web address without user information and fragment: https, or http on this machine. To hold one is to have
/// checked it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointUrl(String);

/// Why a text is no address of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EndpointRefused {
    /// Not an absolute web address, or one that parsers read in several ways.
    #[error("not an absolute URL without user information, fragment, white space and backslashes")]
    Malformed,
    /// Neither https nor http on this machine.
    #[error("neither https nor http on a loopback address (127.0.0.1, [::1], localhost)")]
    Insecure,
    /// The scheme is not that of the issuer.
    #[error(
        "not of the issuer's scheme: an https issuer has https endpoints only, an http one on this machine http"
    )]
    OtherScheme,
}

impl EndpointUrl {
    /// Checks any address that secrets may be sent to.
    pub fn parse(text: &str) -> Result<Self, EndpointRefused> {
        // Parsers drop white space and control characters in silence; nothing of ours needs them.
        if !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') || text.contains('#') {
            return Err(EndpointRefused::Malformed);
        }
        let origin = match text.split_once(':') {
            Some(("http" | "https", _)) => web_origin(text).ok_or(EndpointRefused::Malformed)?,
            Some((scheme, rest)) if is_scheme(scheme) && rest.starts_with("//") => {
                return Err(EndpointRefused::Insecure);
            }
            Some(_) | None => return Err(EndpointRefused::Malformed),
        };
        let is_secure = match origin.strip_prefix("http://") {
            Some(authority) => is_loopback_host(host_and_port(authority).0),
            None => true,
        };
        if is_secure { Ok(Self(text.to_owned())) } else { Err(EndpointRefused::Insecure) }
    }

    /// Checks an address that the metadata of `issuer` names. Plain http is for an issuer that is plain http itself: a secret
    /// of another would leave the connection that its name promises. The other way round there is no reason for a mixture.
    pub fn of_issuer(issuer: &Issuer, text: &str) -> Result<Self, EndpointRefused> {
        let endpoint = Self::parse(text)?;
        let same = endpoint.is_https() == issuer.is_https();
        if same { Ok(endpoint) } else { Err(EndpointRefused::OtherScheme) }
    }

    /// Whether it is reached by TLS.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https:")
    }

    /// The address, byte for byte as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EndpointUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn k_56_an_endpoint_has_the_scheme_of_its_issuer_and_http_stays_on_this_machine() {
        let issuers =
            ["https://id.example", "https://127.0.0.1", "http://127.0.0.1:4455", "http://localhost"];
        for (address, by_https, by_http) in [
            ("https://id.example/token?x=1", Ok(()), Err(EndpointRefused::OtherScheme)),
            ("https://keys.example/jwks", Ok(()), Err(EndpointRefused::OtherScheme)),
            ("http://127.0.0.1:1/token", Err(EndpointRefused::OtherScheme), Ok(())),
            ("http://[::1]:1/token", Err(EndpointRefused::OtherScheme), Ok(())),
            ("http://localhost/token", Err(EndpointRefused::OtherScheme), Ok(())),
            ("http://id.example/token", Err(EndpointRefused::Insecure), Err(EndpointRefused::Insecure)),
            (
                "http://127.0.0.1.evil.example/",
                Err(EndpointRefused::Insecure),
                Err(EndpointRefused::Insecure),
            ),
            ("http://0.0.0.0/", Err(EndpointRefused::Insecure), Err(EndpointRefused::Insecure)),
            ("file:///etc/passwd", Err(EndpointRefused::Insecure), Err(EndpointRefused::Insecure)),
            ("/token", Err(EndpointRefused::Malformed), Err(EndpointRefused::Malformed)),
            ("https://u@id.example/", Err(EndpointRefused::Malformed), Err(EndpointRefused::Malformed)),
            ("https://id.example/#f", Err(EndpointRefused::Malformed), Err(EndpointRefused::Malformed)),
            (
                "https://id.example\\@evil.example/",
                Err(EndpointRefused::Malformed),
                Err(EndpointRefused::Malformed),
            ),
            ("https://id.example/a b", Err(EndpointRefused::Malformed), Err(EndpointRefused::Malformed)),
            ("https://", Err(EndpointRefused::Malformed), Err(EndpointRefused::Malformed)),
            ("https:id.example", Err(EndpointRefused::Malformed), Err(EndpointRefused::Malformed)),
            ("", Err(EndpointRefused::Malformed), Err(EndpointRefused::Malformed)),
        ] {
            for issuer in issuers {
                let expected = if issuer.starts_with("https") { by_https } else { by_http };
                let issuer = Issuer::parse(issuer).unwrap();
                assert_eq!(
                    EndpointUrl::of_issuer(&issuer, address).map(|_| ()),
                    expected,
                    "{issuer} {address}"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn k_56_any_text_is_refused_or_a_web_address(text in "\\PC{0,60}|https?://\\PC{0,60}|https://(%[2-7][0-9a-f]|[a-z.]){1,20}/") {
            if let Ok(endpoint) = EndpointUrl::parse(&text) {
                prop_assert!(endpoint.as_str().starts_with("http"));
                prop_assert!(web_origin(endpoint.as_str()).is_some());
            }
        }
    }
}
