//! Addresses to which we send secrets or the browser. To hold a value of these types is to have checked the address.

use proofkey_oauth::{EndpointRefused, EndpointUrl, Issuer};
use url::Url;

use crate::error::{Error, shown};

/// An https URL, or an http one on this machine, without user information and fragment: an [`EndpointUrl`], parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecureUrl(Url);

/// A [`SecureUrl`] that may be given to the operating system to open: it holds no character that a shell, a launcher or
/// an option parser on the way could interpret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrowserUrl(SecureUrl);

impl SecureUrl {
    /// Checks an address; `what` names it in the error.
    pub fn parse(what: &'static str, text: &str) -> Result<Self, Error> {
        Self::checked(what, text, EndpointUrl::parse(text))
    }

    /// Checks an address that the metadata of an issuer names.
    pub fn of_issuer(what: &'static str, issuer: &Issuer, text: &str) -> Result<Self, Error> {
        Self::checked(what, text, EndpointUrl::of_issuer(issuer, text))
    }

    fn checked(
        what: &'static str,
        text: &str,
        checked: Result<EndpointUrl, EndpointRefused>,
    ) -> Result<Self, Error> {
        let malformed = || Error::UrlMalformed { what, url: shown(text) };
        let endpoint = checked.map_err(|refused| match refused {
            EndpointRefused::Insecure => Error::UrlInsecure { what, url: shown(text) },
            EndpointRefused::OtherScheme => Error::UrlOfOtherScheme { what, url: shown(text) },
            _ => malformed(),
        })?;
        let url = Url::parse(endpoint.as_str()).map_err(|_| malformed())?;
        if url.has_host() { Ok(Self(url)) } else { Err(malformed()) }
    }

    /// The address as it is sent: parsed and written again, so spelling may differ from the text that was checked.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether it is plain http, which never leaves this machine and must not go through a proxy.
    pub(crate) fn is_http(&self) -> bool {
        self.0.scheme() == "http"
    }

    /// Host and port, for messages.
    pub(crate) fn authority(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        self.0.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    pub(crate) const fn url(&self) -> &Url {
        &self.0
    }
}

impl BrowserUrl {
    /// Checks an address that will be opened in a browser.
    pub fn parse(what: &'static str, text: &str) -> Result<Self, Error> {
        Self::checked(what, text, SecureUrl::parse(what, text))
    }

    /// Checks an address that the metadata of an issuer names and that will be opened in a browser.
    pub fn of_issuer(what: &'static str, issuer: &Issuer, text: &str) -> Result<Self, Error> {
        Self::checked(what, text, SecureUrl::of_issuer(what, issuer, text))
    }

    fn checked(what: &'static str, text: &str, url: Result<SecureUrl, Error>) -> Result<Self, Error> {
        // V-78: an authorization_endpoint like `$(…)` once ran as a command. `SecureUrl` bars other schemes and
        // option-like text; this bars what a shell would expand, should a launcher hide one.
        // Both before and after parsing, for parsers decode: `%24` in a host becomes `$`.
        let refused = || Error::UrlNotForBrowser { what, url: shown(text) };
        if has_shell_characters(text) {
            return Err(refused());
        }
        let url = url?;
        if has_shell_characters(url.as_str()) { Err(refused()) } else { Ok(Self(url)) }
    }

    /// The address as the browser gets it.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The address with further parameters, which the caller has percent-encoded. The whole is checked again.
    pub(crate) fn with_query(&self, what: &'static str, query: &str) -> Result<Self, Error> {
        let separator = if self.0.url().query().is_some() { '&' } else { '?' };
        Self::parse(what, &format!("{}{separator}{query}", self.as_str()))
    }
}

fn has_shell_characters(text: &str) -> bool {
    text.bytes().any(|byte| b"\"'`$();<>^{|}*!".contains(&byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cl_01_cl_09_k_34_only_https_and_loopback_are_addresses() {
        for good in [
            "https://id.example/authorize?x=1",
            "http://127.0.0.1:4455/a",
            "http://[::1]:1/a",
            "http://localhost:4455/",
        ] {
            assert!(BrowserUrl::parse("address", good).is_ok(), "{good}");
        }
        for bad in [
            "http://id.example/",
            "http://0.0.0.0/",
            "http://127.0.0.1.example/",
            "http://localhost.example/",
            "http://localhost./",
        ] {
            assert!(matches!(SecureUrl::parse("a", bad), Err(Error::UrlInsecure { .. })), "{bad}");
        }
        for bad in [
            "https://a@id.example/",
            "https://:p@id.example/",
            "https://id.example/#f",
            "",
            "/authorize",
            "https://id.example/a b",
            " https://id.example/",
            "https://id.example\\@evil.example/",
            "https://",
        ] {
            assert!(matches!(SecureUrl::parse("a", bad), Err(Error::UrlMalformed { .. })), "{bad}");
        }
    }

    #[test]
    fn v_78_nothing_that_a_launcher_could_run_is_for_the_browser() {
        for bad in [
            "file:///etc/passwd",
            "ms-msdt:/id",
            "ms-settings:",
            "javascript:alert(1)",
            "--x",
            "-http://127.0.0.1/",
            "$(calc)",
            "https://id.example/$(calc)",
            "https://id.example/`calc`",
            "https://id.example/;calc",
            "https://id.example/?a=1|calc",
            "https://id.example/'\"",
            "https://$(calc)/",
            "https://%24%28calc%29/",
            "https://%60calc%60.example/",
            "data:text/html,x",
            "vscode://x",
            "http:--x",
            "smb://host/share",
            "\\\\host\\share",
            "C:\\calc.exe",
        ] {
            assert!(BrowserUrl::parse("authorization_endpoint", bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn v_78_any_text_is_refused_or_a_web_address(text in "\\PC{0,60}|https?://\\PC{0,60}|https://(%[2-7][0-9a-f]|[a-z.]){1,20}/") {
            if let Ok(url) = BrowserUrl::parse("address", &text) {
                prop_assert!(url.as_str().starts_with("https://") || url.as_str().starts_with("http://"));
                prop_assert!(!url.as_str().bytes().any(|byte| b"`$();|<>^{}*! '\"\\".contains(&byte)), "{}", url.as_str());
            }
        }
    }
}
