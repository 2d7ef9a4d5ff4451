//! The web origins from which a browser app may read our answers (Fetch §3.2).

use crate::uri::{host_and_port, is_loopback_host, web_origin};

/// Longest accepted origin, in bytes.
const ORIGIN_BYTES_MAX: usize = 300;

/// An origin of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppOrigin {
    /// This origin, as browsers write it into `Origin`.
    Exact(String),
    /// Scheme and host on the person's own machine, with any port: the app's redirect URI may use any, too.
    AnyPort(String),
}

impl AppOrigin {
    /// Whether a request with this `Origin` comes from here.
    pub fn covers(&self, sent: &str) -> bool {
        match self {
            Self::Exact(origin) => origin == sent,
            Self::AnyPort(host) => host == sent || without_port(sent) == Some(host),
        }
    }

    /// The text under which an index has it; see [`AppOrigin::keys`].
    pub fn key(&self) -> &str {
        match self {
            Self::Exact(text) | Self::AnyPort(text) => text,
        }
    }

    /// The keys under which an index may have what covers a sent origin. On a loopback host the second does not tell a fixed
    /// port from any: a caller that must know asks [`AppOrigin::covers`].
    pub fn keys(sent: &str) -> [&str; 2] {
        [sent, without_port(sent).unwrap_or(sent)]
    }
}

/// The origin of a page on this machine, without its port.
fn without_port(sent: &str) -> Option<&str> {
    let (host, port) = host_and_port(sent.strip_prefix("http://")?);
    let port =
        port.filter(|port| !port.starts_with('0') && port.parse::<u16>().is_ok_and(|port| port != 80))?;
    is_loopback_host(host).then(|| sent.get(..sent.len() - port.len() - 1)).flatten()
}

/// Whether a browser would write an origin like this (HTML §7.1.1). Origins are compared byte for byte, so whatever differs
/// would be a permission that is never given. Browser extensions and wrapped apps have schemes of their own, whose origins
/// the standard does not define: for them it is `scheme://host`.
pub fn is_serialized_origin(text: &str) -> bool {
    let Some((scheme, host)) = text.split_once("://").filter(|_| text.len() <= ORIGIN_BYTES_MAX) else {
        return false;
    };
    let in_scheme = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte);
    let in_host = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._:[]".contains(&byte);
    if !scheme.starts_with(|c: char| c.is_ascii_lowercase()) || !scheme.bytes().all(in_scheme) {
        return false;
    }
    if host.is_empty() || !host.bytes().all(in_host) {
        return false;
    }
    !matches!(scheme, "http" | "https") || web_origin(text).as_deref() == Some(text)
}

/// Whether an origin may be registered for a client: plain http is for pages on this machine, as it is for redirect URIs.
pub fn is_registrable_origin(text: &str) -> bool {
    let plain = text.strip_prefix("http://").map(|authority| host_and_port(authority).0);
    is_serialized_origin(text) && plain.is_none_or(is_loopback_host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k_31_an_app_on_this_machine_calls_from_any_port_that_its_redirect_uri_may_use() {
        for host in ["http://127.0.0.1", "http://[::1]", "http://localhost"] {
            let any = AppOrigin::AnyPort(host.to_owned());
            for port in ["", ":1", ":4456", ":65535"] {
                let sent = format!("{host}{port}");
                assert!(any.covers(&sent), "{sent}");
                assert!(AppOrigin::keys(&sent).contains(&any.key()), "{sent}");
                assert_eq!(AppOrigin::Exact(host.to_owned()).covers(&sent), port.is_empty(), "{sent}");
            }
            for sent in [":65536", ":0", ":", ":08", ":80", ":x", ".evil.example", ":1/", "@evil"] {
                assert!(!any.covers(&format!("{host}{sent}")), "{host}{sent}");
            }
        }
        let app = "https://app.example:8443";
        assert_eq!(AppOrigin::keys(app), [app, app]);
    }

    #[test]
    fn k_31_only_what_a_browser_writes_is_an_origin() {
        for good in [
            "https://app.example",
            "https://app.example:8443",
            "http://127.0.0.1:4456",
            "https://xn--bcher-kva.example",
            "https://[2001:db8::1]",
            "capacitor://localhost",
            "chrome-extension://abcdefghijklmnop",
        ] {
            assert!(is_serialized_origin(good), "{good}");
        }
        for bad in [
            "https://app.example/",
            "https://app.example/path",
            "https://app.example?x",
            "https://App.example",
            "HTTPS://app.example",
            "https://app.example:443",
            "http://app.example:80",
            "https://b\u{fc}cher.example",
            "https://a@app.example",
            "https://app.example:",
            "https://app.example, https://b.example",
            "https://*.app.example",
            "https://127.1",
            "https://",
            "file://",
            "app.example",
            "capacitor://localhost/x",
            "null",
            "*",
            "",
        ] {
            assert!(!is_serialized_origin(bad), "{bad}");
        }
        assert!(!is_serialized_origin(&format!("https://{}.example", "a".repeat(ORIGIN_BYTES_MAX))));
    }
}
