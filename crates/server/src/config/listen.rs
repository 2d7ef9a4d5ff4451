//! The addresses of listeners: an IP address or a name of this machine, and a port.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};

use thiserror::Error;

/// Why a text names no address to listen on.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the message of a variant says what its fields are")]
#[non_exhaustive]
pub enum ListenRefused {
    /// It is not host and port.
    #[error("`{0}` is no address with a port, such as 127.0.0.1:4455, [::1]:4455 or localhost:4455")]
    Form(String),
    /// The name is known to no resolver.
    #[error("`{text}` cannot be resolved: {cause}")]
    Unresolved { text: String, cause: io::Error },
    /// The name is known and has no address.
    #[error("`{0}` has no address")]
    NoAddress(String),
}

/// The address that a text names. A name is looked up once; of several addresses the first counts.
pub fn listen_address(text: &str) -> Result<SocketAddr, ListenRefused> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let named = text.rsplit_once(':').filter(|(host, port)| is_name(host) && port.parse::<u16>().is_ok());
    if named.is_none() {
        return Err(ListenRefused::Form(text.to_owned()));
    }
    let unresolved = |cause| ListenRefused::Unresolved { text: text.to_owned(), cause };
    let mut found = text.to_socket_addrs().map_err(unresolved)?;
    found.next().ok_or_else(|| ListenRefused::NoAddress(text.to_owned()))
}

fn is_name(host: &str) -> bool {
    !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k_39_a_listener_is_named_by_address_or_by_name() {
        for (text, port) in [("127.0.0.1:4455", 4455), ("[::1]:0", 0), ("localhost:8080", 8080)] {
            let address = listen_address(text).unwrap();
            assert!(address.ip().is_loopback() && address.port() == port, "{text}: {address}");
        }
        for bad in [
            "",
            "here",
            ":80",
            "4455",
            "127.0.0.1",
            "localhost:",
            "localhost:65536",
            "a b:1",
            "http://a:1",
            "::1:80",
        ] {
            assert!(matches!(listen_address(bad), Err(ListenRefused::Form(_))), "{bad}");
        }
        let unknown = listen_address("no-such-host.invalid:80").unwrap_err().to_string();
        assert!(unknown.contains("no-such-host.invalid:80"), "{unknown}");
    }
}
