//! The head of an HTTP/1 request, as much of it as matters here: request line and `Host`.

/// Longest request head that is read, in bytes.
pub(super) const HEAD_BYTES_MAX: usize = 8 * 1024;

/// A request's method, target and host.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) method: String,
    pub(super) path: String,
    /// Encoded, without the question mark.
    pub(super) query: String,
    pub(super) host: String,
}

impl Head {
    /// Reads a complete head. `None` if it is not HTTP/1 or can be read in more than one way.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let mut lines = text.split("\r\n");
        let mut words = lines.next()?.split(' ');
        let (method, target, version) = (words.next()?, words.next()?, words.next()?);
        let is_http = matches!(version, "HTTP/1.1" | "HTTP/1.0") && words.next().is_none();
        if !is_http || !target.starts_with('/') || !target.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        let mut hosts = lines
            .filter_map(|line| line.split_once(':'))
            .filter(|(name, _)| name.eq_ignore_ascii_case("host"))
            .map(|(_, value)| value.trim_matches([' ', '\t']));
        let host = hosts.next()?;
        if hosts.next().is_some() {
            return None;
        }
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Some(Self { method: method.into(), path: path.into(), query: query.into(), host: host.into() })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_head_has_one_reading() {
        let head = Head::parse(
            b"GET /callback?code=a&state=b HTTP/1.1\r\nAccept: */*\r\nhOst:  127.0.0.1:7 \r\n\r\n",
        );
        let head = head.unwrap();
        assert_eq!(
            (head.path.as_str(), head.query.as_str(), head.host.as_str()),
            ("/callback", "code=a&state=b", "127.0.0.1:7")
        );
        for bad in [
            "",
            "GET /\r\nHost: a\r\n\r\n",
            "GET / HTTP/2\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\n\r\n",
            "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            "GET / x HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /\u{e9} HTTP/1.1\r\nHost: a\r\n\r\n",
        ] {
            assert_eq!(Head::parse(bad.as_bytes()), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn reading_any_bytes_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Head::parse(&bytes);
            let mut framed = b"GET /callback?".to_vec();
            framed.extend_from_slice(&bytes);
            let _ = Head::parse(&framed);
        }
    }
}
