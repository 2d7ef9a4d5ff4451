//! Spellings of a URI that mean the same (RFC 3986 §6.2.2, §6.2.3), and the web origin of an address as browsers write it.
//!
//! Texts are compared byte for byte wherever a specification says so. This is for the places that compare names, and for
//! saying which spelling others will use.

use std::net::{Ipv4Addr, Ipv6Addr};

/// The normal spelling of an absolute URI: scheme and host in lower case, no default or empty port, escapes in upper case
/// and only where they are needed, no dot segments, and a path of at least `/` behind a web host. Two URIs that have one
/// normal spelling are one name. A text that is no absolute URI is its own.
pub fn normal_uri(text: &str) -> String {
    let Some(parts) = Parts::of(text) else { return text.to_owned() };
    let scheme = parts.scheme.to_ascii_lowercase();
    let Some(authority) = parts.authority else {
        return format!("{scheme}:{}{}", normal_escapes(parts.path), normal_escapes(parts.rest));
    };
    let (user, place) = authority.rsplit_once('@').map_or(("", authority), |(user, place)| (user, place));
    let user = if authority.contains('@') { format!("{}@", normal_escapes(user)) } else { String::new() };
    let (host, port) = host_and_port(place);
    let host = normal_host(&scheme, host);
    let port = match (port, port.and_then(|port| port.parse::<u16>().ok())) {
        (Some("") | None, _) => String::new(),
        (_, number @ Some(_)) if number == default_port(&scheme) => String::new(),
        (_, Some(number)) => format!(":{number}"),
        (Some(port), None) => format!(":{port}"),
    };
    let path = without_dot_segments(&normal_escapes(parts.path));
    let path = if path.is_empty() && is_web(&scheme) { "/" } else { &path };
    format!("{scheme}://{user}{host}{port}{path}{}", normal_escapes(parts.rest))
}

/// The origin of a web address as browsers serialise it (HTML §7.1.1): `https://app.example`, without the scheme's own port.
/// `None` for an address that is not http or https, or that browsers cannot read.
pub fn web_origin(text: &str) -> Option<String> {
    let parts = Parts::of(text)?;
    let scheme = parts.scheme.to_ascii_lowercase();
    let authority = parts.authority.filter(|authority| is_web(&scheme) && !authority.contains('@'))?;
    let (host, port) = host_and_port(authority);
    let host = normal_host(&scheme, host);
    let is_readable = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(literal) => literal.parse::<Ipv6Addr>().is_ok(),
        None => host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~!$&'()+,;=".contains(&byte)),
    };
    if host.is_empty() || !is_readable {
        return None;
    }
    match port.filter(|port| !port.is_empty()).map(str::parse::<u16>) {
        Some(Err(_)) => None,
        Some(Ok(port)) if default_port(&scheme) != Some(port) => Some(format!("{scheme}://{host}:{port}")),
        Some(Ok(_)) | None => Some(format!("{scheme}://{host}")),
    }
}

/// Whether a host is this machine itself: `127.0.0.1` (or another address of 127.0.0.0/8), `[::1]` or `localhost`, spelled so.
/// Everything that Proofkey is made of asks this one function before it speaks plain http.
pub fn is_loopback_host(host: &str) -> bool {
    matches!(host, "[::1]" | "localhost")
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

/// Host and port of an authority without user information. A colon in a host outside of brackets (RFC 3986 §3.2.2) makes
/// the whole a host that cannot be reached.
pub(crate) fn host_and_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port))
            if port.bytes().all(|byte| byte.is_ascii_digit())
                && (!host.contains(':') || host.ends_with(']')) =>
        {
            (host, Some(port))
        }
        _ => (authority, None),
    }
}

struct Parts<'a> {
    scheme: &'a str,
    authority: Option<&'a str>,
    path: &'a str,
    /// Query and fragment, with the character that begins them.
    rest: &'a str,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let (scheme, after) = text.split_once(':')?;
        let mut letters = scheme.bytes();
        let is_scheme = letters.next().is_some_and(|byte| byte.is_ascii_alphabetic())
            && letters.all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        if !is_scheme || !has_whole_escapes(after) {
            return None;
        }
        let path_end = after.find(['?', '#']).unwrap_or(after.len());
        let (hierarchy, rest) = after.split_at_checked(path_end)?;
        let (authority, path) = match hierarchy.strip_prefix("//") {
            None => (None, hierarchy),
            Some(behind) => {
                let (authority, path) = behind.split_at_checked(behind.find('/').unwrap_or(behind.len()))?;
                (Some(authority), path)
            }
        };
        Some(Self { scheme, authority, path, rest })
    }
}

fn is_web(scheme: &str) -> bool {
    matches!(scheme, "http" | "https")
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

/// The host in lower case; IP addresses of the web in the one spelling that browsers give them.
fn normal_host(scheme: &str, host: &str) -> String {
    let host = normal_escapes(host).to_ascii_lowercase();
    if !is_web(scheme) {
        return host;
    }
    if let Some(literal) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return literal.parse().map_or_else(|_| host.clone(), |address| format!("[{}]", ipv6_text(address)));
    }
    ipv4(&host).map_or(host, |address| address.to_string())
}

/// As `Display` writes it, but an IPv4 address inside stays in hexadecimal (URL §3.5).
fn ipv6_text(address: Ipv6Addr) -> String {
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] => format!("::ffff:{high:x}:{low:x}"),
        _ => address.to_string(),
    }
}

/// What browsers take for an IPv4 address: one to four numbers in decimal, octal or hexadecimal, the last of which fills the
/// rest (URL §3.5).
fn ipv4(host: &str) -> Option<Ipv4Addr> {
    let parts: Vec<&str> = host.strip_suffix('.').unwrap_or(host).split('.').collect();
    let (last, first) = parts.split_last()?;
    if first.len() > 3 {
        return None;
    }
    let mut address = ipv4_number(last)?;
    // Each number before the last is one byte.
    if address >= 1 << (8 * (4 - first.len())) {
        return None;
    }
    for (at, part) in first.iter().enumerate() {
        let byte = ipv4_number(part).filter(|byte| *byte <= 255)?;
        address |= byte << (8 * (3 - at));
    }
    u32::try_from(address).ok().map(Ipv4Addr::from_bits)
}

fn ipv4_number(text: &str) -> Option<u64> {
    let (digits, radix) = match text.strip_prefix("0x") {
        Some(hexadecimal) => (hexadecimal, 16),
        None if text.len() > 1 && text.starts_with('0') => (text, 8),
        None => (text, 10),
    };
    // More digits than an address has are no number that fits.
    let fits = digits.len() <= 12 && !digits.starts_with('+');
    fits.then(|| u64::from_str_radix(digits, radix).ok()).flatten()
}

/// Whether each `%` begins an escape (RFC 3986 §2.1). Undoing escapes around one that is cut would make another of it.
fn has_whole_escapes(text: &str) -> bool {
    text.split('%').skip(1).all(|behind| {
        behind.get(..2).is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
    })
}

/// What need not be escaped anywhere in a URI (RFC 3986 §2.3), and what a code verifier is made of (RFC 7636 §4.1).
pub(crate) const fn is_unreserved(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~')
}

/// Escapes in upper case; what needs none stands plainly (RFC 3986 §6.2.2.1, §6.2.2.2).
fn normal_escapes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let (escape, behind) = escape.split_at_checked(3).unwrap_or((escape, ""));
        let digits = escape.get(1..).unwrap_or_default();
        let byte = u8::from_str_radix(digits, 16).unwrap_or_default();
        if is_unreserved(byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push_str(&digits.to_ascii_uppercase());
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// RFC 3986 §5.2.4, for a path that is empty or begins with a slash.
fn without_dot_segments(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut is_directory = false;
    for segment in path.split('/').skip(1) {
        is_directory = matches!(segment, "." | "..");
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            segment => kept.push(segment),
        }
    }
    let mut out: String = kept.iter().flat_map(|segment| ["/", segment]).collect();
    if is_directory {
        out.push('/');
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn k_34_spellings_of_one_name_have_one_normal_form() {
        for (spelling, normal) in [
            ("https://api.example", "https://api.example/"),
            ("https://api.example/", "https://api.example/"),
            ("HTTPS://API.example:443", "https://api.example/"),
            ("https://api.example:0443/", "https://api.example/"),
            ("https://api.example:", "https://api.example/"),
            ("https://api.example:8443", "https://api.example:8443/"),
            ("http://api.example:80/x", "http://api.example/x"),
            ("http://api.example:443/x", "http://api.example:443/x"),
            ("https://api.example/a/../b", "https://api.example/b"),
            ("https://api.example/a/%2e%2E/b", "https://api.example/b"),
            ("https://api.example/a/./b/.", "https://api.example/a/b/"),
            ("https://api.example/../..", "https://api.example/"),
            ("https://api.example/%7euser/%c3%a9", "https://api.example/~user/%C3%A9"),
            ("https://%41pi.example/?q=%3a", "https://api.example/?q=%3A"),
            ("https://api.example?x", "https://api.example/?x"),
            ("https://127.1/", "https://127.0.0.1/"),
            ("https://0x7f000001/", "https://127.0.0.1/"),
            ("https://017700000001/", "https://127.0.0.1/"),
            ("https://[2001:DB8:0:0::1]/", "https://[2001:db8::1]/"),
            ("https://[::FFFF:192.0.2.1]/", "https://[::ffff:c000:201]/"),
            ("URN:example:Api", "urn:example:Api"),
            ("com.example.app://Host/", "com.example.app://host/"),
            ("nowhere", "nowhere"),
            ("http://::", "http://::/"),
            ("http://a:b:", "http://a:b:/"),
            ("http://%3%30", "http://%3%30"),
            ("https://api.example/%", "https://api.example/%"),
            ("https://api.example/%2", "https://api.example/%2"),
            ("https://api.example/%é1", "https://api.example/%é1"),
        ] {
            assert_eq!(normal_uri(spelling), normal, "{spelling}");
            assert_eq!(normal_uri(normal), normal, "{normal}");
        }
        for other in ["https://api.example/X", "https://api.example/x/", "https://api.example//x"] {
            assert_ne!(normal_uri(other), normal_uri("https://api.example/x"), "{other}");
        }
    }

    #[test]
    fn k_31_an_origin_is_written_as_browsers_write_it() {
        for (address, origin) in [
            ("https://app.example:443/cb", Some("https://app.example")),
            ("https://App.Example/cb?x", Some("https://app.example")),
            ("https://app.example?x=/y", Some("https://app.example")),
            ("https://app.example:8443", Some("https://app.example:8443")),
            ("http://127.0.0.1:80/", Some("http://127.0.0.1")),
            ("http://127.0.0.1:443/", Some("http://127.0.0.1:443")),
            ("http://[::1]:4456/cb", Some("http://[::1]:4456")),
            ("https://[2001:DB8::0:1]/", Some("https://[2001:db8::1]")),
            ("https://0x7f.1/", Some("https://127.0.0.1")),
            ("https://app.example:/cb", Some("https://app.example")),
            ("https://app.example./cb", Some("https://app.example.")),
            ("https://app.example:65536/", None),
            ("https://user@app.example/", None),
            ("https:///cb", None),
            ("https://a:b/cb", None),
            ("https://a:1:2/cb", None),
            ("https://::1/cb", None),
            ("https://[::1/cb", None),
            ("https://[a.example]/cb", None),
            ("https://a%.example/cb", None),
            ("https://a%2fb.example/", None),
            ("com.example.app:/cb", None),
            ("com.example.app://host/cb", None),
            ("null", None),
            ("", None),
        ] {
            assert_eq!(web_origin(address).as_deref(), origin, "{address}");
        }
    }

    proptest! {
        #[test]
        fn k_34_a_normal_form_is_its_own(text in "\\PC{0,40}|https?://[a-zA-Z0-9.%:@\\[\\]]{0,20}(/[a-z.%2eE]{0,6}){0,4}(\\?\\PC{0,6})?") {
            let normal = normal_uri(&text);
            prop_assert_eq!(normal_uri(&normal), normal.clone());
            if let Some(origin) = web_origin(&text) {
                prop_assert_eq!(web_origin(&origin), Some(origin.clone()));
                prop_assert!(normal.starts_with(&origin), "{} {}", normal, origin);
            }
        }
    }
}
