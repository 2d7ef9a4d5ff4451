//! How a request presents an access token (RFC 6750 §2.1): in the `Authorization` header, and nowhere else.

/// What the `Authorization` headers of a request say about an access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PresentedToken<'a> {
    /// There is no header, or one of another scheme: that is no token, and says nothing against the request.
    Absent,
    /// The header comes more than once.
    Several,
    /// The header is no text, or names the scheme and no token.
    Unreadable,
    /// What follows the scheme cannot be a token.
    Malformed,
    /// What may be a token: one text in its alphabet, not yet verified.
    Present(&'a str),
}

impl<'a> PresentedToken<'a> {
    /// Looks through the values of all `Authorization` headers.
    pub fn find(authorization: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut values = authorization.into_iter();
        let Some(value) = values.next() else { return Self::Absent };
        if values.next().is_some() {
            return Self::Several;
        }
        let Some(text) = str::from_utf8(value).ok().filter(|text| all(text, is_visible)) else {
            return Self::Unreadable;
        };
        let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Self::Absent;
        }
        match rest.trim_matches(' ') {
            "" => Self::Unreadable,
            token if all(token, is_b64token) => Self::Present(token),
            _ => Self::Malformed,
        }
    }
}

/// Whether every byte is such a one. All are looked at, whatever the first ones are: that takes several at a time.
fn all(text: &str, is_such: impl Fn(u8) -> bool) -> bool {
    text.bytes().fold(true, |all, byte| all & is_such(byte))
}

/// What a header may hold as text (RFC 9110 §5.5).
const fn is_visible(byte: u8) -> bool {
    matches!(byte, b'\t' | b' '..=b'~')
}

/// The alphabet of RFC 6750 §2.1.
const fn is_b64token(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-'..=b'/' | b'_' | b'~' | b'+' | b'=')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::PresentedToken::{self, Absent, Malformed, Present, Several, Unreadable};

    fn find<'a>(values: &[&'a [u8]]) -> PresentedToken<'a> {
        PresentedToken::find(values.iter().copied())
    }

    #[test]
    fn rs_01_v_44_one_token_in_one_header() {
        let cases: [(&[&[u8]], PresentedToken<'_>); 18] = [
            (&[b"Bearer a.b.c"], Present("a.b.c")),
            (&[b"bEaReR  a.b.c "], Present("a.b.c")),
            (&[b"Bearer AZaz09-._~+/="], Present("AZaz09-._~+/=")),
            (&[], Absent),
            (&[b""], Absent),
            (&[b"Basic YTpi"], Absent),
            (&[b"DPoP a.b.c"], Absent),
            (&[b"Bearerx a"], Absent),
            (&[b"Bearer\ta"], Absent),
            (&[b"Bearer"], Unreadable),
            (&[b"Bearer "], Unreadable),
            (&[b"Bearer \xff"], Unreadable),
            (&[b"Bearer a\x7f"], Unreadable),
            (&[b"Basic \xc3\xa9"], Unreadable),
            (&[b"Bearer a b"], Malformed),
            (&[b"Bearer a,b"], Malformed),
            (&[b"Bearer \ta"], Malformed),
            (&[b"Bearer a", b"Bearer a"], Several),
        ];
        for (values, expected) in cases {
            assert_eq!(find(values), expected, "{values:?}");
        }
    }

    proptest! {
        #[test]
        fn v_44_any_header_is_read_or_refused(value in proptest::collection::vec(any::<u8>(), 0..80)) {
            let sent = [b"Bearer ", &value[..]].concat();
            let _ = find(&[&value]);
            if let Present(token) = find(&[&sent]) {
                prop_assert!(!token.is_empty() && !token.contains([' ', ',', '"']));
            }
        }
    }
}
