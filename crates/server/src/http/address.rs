//! Who sent a request: the peer, or what trusted proxies say (HT-04; RFC 9700 §4.13).

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName};
use ipnet::IpNet;

use super::arrival::{ClientAddress, Forwarded};

/// The one header that is read, and from trusted proxies only.
const FORWARDED_FOR: &str = "x-forwarded-for";
/// Most entries that are looked at.
const HOPS_MAX: usize = 32;
/// Headers by which a client could claim another address, host or scheme: the beginnings and the whole names. Written
/// with hyphens; underscores count as hyphens, for some servers read them so.
const FORWARDING_PREFIXES: [&str; 3] = ["x-forwarded", "x-original-", "x-rewrite-"];
const FORWARDING_HEADERS: [&str; 9] = [
    "forwarded",
    "forwarded-for",
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "client-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "fastly-client-ip",
];

/// The networks of one's own reverse proxies.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// None is the right choice where nothing stands before this server.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Finds the sender, and strips every header that speaks of it, so that nothing behind this can believe one. By what else is
    /// said of the way of the request no rule goes: it is for people.
    pub(super) fn resolve(&self, peer: SocketAddr, headers: &mut HeaderMap) -> (ClientAddress, Forwarded) {
        let peer = peer.ip().to_canonical();
        let forwarding: Vec<HeaderName> =
            headers.keys().filter(|name| is_forwarding_header(name)).cloned().collect();
        let (client, followed) = if forwarding.is_empty() { (peer, 0) } else { self.follow(peer, headers) };
        let lines = headers.get_all(FORWARDED_FOR).iter();
        let entries =
            lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b',')).take(HOPS_MAX).count();
        let forwarded = Forwarded {
            entries: u8::try_from(entries).unwrap_or(u8::MAX),
            followed,
            is_believed: self.contains(peer),
            is_from_here: client.is_loopback(),
        };
        for name in forwarding {
            headers.remove(name);
        }
        (ClientAddress(client), forwarded)
    }

    /// Right to left: each proxy appends the address that it saw, so an entry counts only while everything to its right
    /// came from proxies of ours. The leftmost entry is whatever the client wrote. Returns the address that it ends at, and
    /// how many entries it went along.
    fn follow(&self, peer: IpAddr, headers: &HeaderMap) -> (IpAddr, u8) {
        // A line that is no text still counts: what a proxy appended to it stands at its right end, and the rest ends the walk.
        let lines: Vec<_> = headers
            .get_all(FORWARDED_FOR)
            .iter()
            .map(|line| String::from_utf8_lossy(line.as_bytes()))
            .collect();
        let entries = lines.iter().rev().flat_map(|line| line.rsplit(','));
        let (mut address, mut followed) = (peer, 0);
        for entry in entries.take(HOPS_MAX) {
            if !self.contains(address) {
                break;
            }
            match parse_entry(entry.trim()) {
                Some(earlier) => (address, followed) = (earlier, followed + 1),
                None => break,
            }
        }
        (address, followed)
    }

    pub(super) fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// An address, with or without a port.
fn parse_entry(entry: &str) -> Option<IpAddr> {
    let bare = entry.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(entry);
    let address = bare.parse::<IpAddr>().ok();
    address
        .or_else(|| entry.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
        .map(|address| address.to_canonical())
}

fn is_forwarding_header(name: &HeaderName) -> bool {
    let name = name.as_str().as_bytes();
    let starts_with = |known: &str| {
        name.len() >= known.len()
            && name
                .iter()
                .zip(known.bytes())
                .all(|(byte, other)| if *byte == b'_' { other == b'-' } else { *byte == other })
    };
    FORWARDING_PREFIXES.iter().any(|prefix| starts_with(prefix))
        || FORWARDING_HEADERS.iter().any(|known| name.len() == known.len() && starts_with(known))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn headers(lines: &[(&str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&str, &str)| {
            (
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_bytes(value.as_bytes()).unwrap(),
            )
        };
        let mut map = HeaderMap::new();
        for (name, value) in lines.iter().map(pair) {
            map.append(name, value);
        }
        map
    }

    fn client(peer: &str, lines: &[(&str, &str)]) -> String {
        let trusted = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()]);
        let mut map = headers(lines);
        let (ClientAddress(address), _) =
            trusted.resolve(SocketAddr::new(peer.parse().unwrap(), 5), &mut map);
        assert!(!map.keys().any(is_forwarding_header), "forwarding headers are stripped: {map:?}");
        address.to_string()
    }

    #[test]
    fn v_48_from_an_untrusted_peer_every_form_is_ignored_and_stripped() {
        for name in [
            "X-Forwarded-For",
            "X_Forwarded_For",
            "X-Forwarded_For",
            "Forwarded",
            "X-Real-IP",
            "X_Real_IP",
            "X-Forwarded-Host",
            "X-Forwarded-Proto",
            "X-Original-URL",
            "True-Client-IP",
        ] {
            assert_eq!(client("192.0.2.9", &[(name, "203.0.113.7")]), "192.0.2.9", "{name}");
        }
        assert_eq!(client("192.0.2.9", &[("forwarded", "for=203.0.113.7")]), "192.0.2.9");
    }

    #[test]
    fn ht_04_trusted_proxies_are_followed_from_right_to_left() {
        type Case = (&'static str, &'static [(&'static str, &'static str)], &'static str);
        let cases: [Case; 11] = [
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &[("x-forwarded-for", "203.0.113.7")], "203.0.113.7"),
            ("10.0.0.1", &[("x-forwarded-for", "1.1.1.1, 203.0.113.7, 10.9.9.9")], "203.0.113.7"),
            (
                "10.0.0.1",
                &[("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "203.0.113.7")],
                "203.0.113.7",
            ),
            ("10.0.0.1", &[("x-forwarded-for", "203.0.113.7, unknown")], "10.0.0.1"),
            // No ASCII: what the proxy appended counts, and what stands before it ends the walk.
            ("10.0.0.1", &[("x-forwarded-for", "ÿ, 203.0.113.7")], "203.0.113.7"),
            (
                "10.0.0.1",
                &[("x-forwarded-for", "198.51.100.1"), ("x-forwarded-for", "ÿ, 10.0.0.2")],
                "10.0.0.2",
            ),
            ("10.0.0.1", &[("x_forwarded_for", "203.0.113.7")], "10.0.0.1"),
            ("10.0.0.1", &[("x-forwarded-for", "10.0.0.3, 10.0.0.2")], "10.0.0.3"),
            ("fd00::1", &[("x-forwarded-for", "[2001:db8::7]:4711")], "2001:db8::7"),
            ("::ffff:10.0.0.1", &[("x-forwarded-for", "203.0.113.7:80")], "203.0.113.7"),
        ];
        for (peer, lines, expected) in cases {
            assert_eq!(client(peer, lines), expected, "{peer} {lines:?}");
        }
    }

    #[test]
    fn pk_07_the_way_of_a_request_is_told_by_counts() {
        let trusted =
            TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap(), "127.0.0.1/32".parse().unwrap()]);
        for (peer, line, entries, followed, is_from_here) in [
            ("192.0.2.9", "203.0.113.7", 1, 0, false),
            ("10.0.0.1", "203.0.113.7", 1, 1, false),
            // What the client wrote stays unread; so does what stands before a proxy that is not trusted.
            ("10.0.0.1", "1.1.1.1, 203.0.113.7", 2, 1, false),
            ("10.0.0.1", "203.0.113.7, 192.0.2.1", 2, 1, false),
            ("10.0.0.1", "203.0.113.7, 10.0.0.2", 2, 2, false),
            ("127.0.0.1", "127.0.0.1", 1, 1, true),
            ("127.0.0.1", "unknown", 1, 0, true),
        ] {
            let (_, found) = trusted.resolve(
                SocketAddr::new(peer.parse().unwrap(), 5),
                &mut headers(&[("x-forwarded-for", line)]),
            );
            let is_believed = peer != "192.0.2.9";
            assert_eq!(found, Forwarded { entries, followed, is_believed, is_from_here }, "{peer} {line}");
        }
        let (_, without) =
            trusted.resolve(SocketAddr::new("10.0.0.1".parse().unwrap(), 5), &mut HeaderMap::new());
        assert_eq!(without, Forwarded { is_believed: true, ..Forwarded::default() });
    }

    proptest! {
        #[test]
        fn v_48_no_header_makes_it_panic_or_moves_an_untrusted_peer(value in "[ -~]{0,200}") {
            prop_assert_eq!(client("192.0.2.9", &[("x-forwarded-for", &value)]), "192.0.2.9");
            let _ = client("10.0.0.1", &[("x-forwarded-for", &value)]);
        }
    }
}
