//! Addresses to which we send secrets or the browser. To hold a value of these types is to have checked the address.

use url::{Host, Url};

use crate::error::{Error, shown};

/// An https URL, or an http one on a loopback literal, without user information and fragment.
///
/// `localhost` is a name, and names can be made to point elsewhere: over http only literals count (RFC 8252 §8.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecureUrl(Url);

/// A [`SecureUrl`] that may be given to the operating system to open: it holds no character that a shell, a launcher or
/// an option parser on the way could interpret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrowserUrl(SecureUrl);

impl SecureUrl {
    /// Checks an address; `what` names it in the error.
    pub fn parse(what: &'static str, text: &str) -> Result<Self, Error> {
        let malformed = || Error::UrlMalformed { what, url: shown(text) };
        // Parsers drop white space and control characters in silence; nothing of ours needs them.
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
            return Err(malformed());
        }
        let url = Url::parse(text).map_err(|_| malformed())?;
        let is_plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        if !is_plain || url.host().is_none() {
            return Err(malformed());
        }
        let is_secure = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
        if is_secure { Ok(Self(url)) } else { Err(Error::UrlInsecure { what, url: shown(text) }) }
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
        // V-78: an authorization_endpoint like `$(…)` once ran as a command. `SecureUrl` bars other schemes and
        // option-like text; this bars what a shell would expand, should a launcher hide one.
        // Both before and after parsing, for parsers decode: `%24` in a host becomes `$`.
        let refused = || Error::UrlNotForBrowser { what, url: shown(text) };
        if has_shell_characters(text) {
            return Err(refused());
        }
        let url = SecureUrl::parse(what, text)?;
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

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(_)) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cl_01_cl_09_only_https_and_loopback_literals_are_addresses() {
        for good in ["https://id.example/authorize?x=1", "http://127.0.0.1:4455/a", "http://[::1]:1/a"] {
            assert!(BrowserUrl::parse("address", good).is_ok(), "{good}");
        }
        for bad in
            ["http://id.example/", "http://localhost:4455/", "http://0.0.0.0/", "http://127.0.0.1.example/"]
        {
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
