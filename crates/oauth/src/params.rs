//! `application/x-www-form-urlencoded` parameters, of a query or of a form body.

use thiserror::Error;

use crate::uri::is_unreserved;

/// Longest accepted encoding of a parameter list, in bytes.
pub const PARAMS_BYTES_MAX: usize = 64 * 1024;
/// Most parameters accepted in one list.
pub const PARAMS_COUNT_MAX: usize = 100;

/// The parameters of one request, in the order they came.
///
/// A parameter without a value counts as absent (OAuth 2.1 §3.1, §3.2); [`Params::repeated`] finds repeated ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params {
    pairs: Vec<(String, String)>,
}

/// Why a parameter list could not be read. Closed, so that each cause has its explanation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ParamsMalformed {
    /// More than [`PARAMS_BYTES_MAX`] bytes.
    #[error("the parameters are longer than {PARAMS_BYTES_MAX} bytes")]
    TooLong,
    /// More than [`PARAMS_COUNT_MAX`] parameters.
    #[error("there are more than {PARAMS_COUNT_MAX} parameters")]
    TooMany,
    /// `%` without two hexadecimal digits behind it.
    #[error("a percent sign is not followed by two hexadecimal digits")]
    BadPercent,
    /// The decoded bytes are not UTF-8.
    #[error("a parameter is not UTF-8")]
    NotUtf8,
}

/// A parameter that was sent more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the parameter `{0}` was sent more than once")]
pub struct Repeated(pub &'static str);

impl Params {
    /// Reads a query string or a form body.
    pub fn parse(encoded: &[u8]) -> Result<Self, ParamsMalformed> {
        if encoded.len() > PARAMS_BYTES_MAX {
            return Err(ParamsMalformed::TooLong);
        }
        let mut pairs = Vec::with_capacity(12);
        for piece in encoded.split(|byte| *byte == b'&').filter(|piece| !piece.is_empty()) {
            if pairs.len() == PARAMS_COUNT_MAX {
                return Err(ParamsMalformed::TooMany);
            }
            let mut halves = piece.splitn(2, |byte| *byte == b'=');
            let name = decode(halves.next().unwrap_or_default())?;
            let value = decode(halves.next().unwrap_or_default())?;
            pairs.push((name, value));
        }
        Ok(Self { pairs })
    }

    /// The first non-empty value of a parameter.
    pub fn first(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Every non-empty value of a parameter, for those that may repeat (`resource`, RFC 8707 §2).
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.pairs.iter().filter(move |(n, v)| n == name && !v.is_empty()).map(|(_, v)| v.as_str())
    }

    /// The first of the parameters in `known` that came twice. One that the endpoint does not know is ignored, and so is its
    /// repetition (OAuth 2.1 §3.1, §3.2).
    pub fn repeated(&self, known: &[&'static str]) -> Option<Repeated> {
        known.iter().find(|name| self.is_repeated(name)).map(|name| Repeated(name))
    }

    /// Whether a parameter is there, with or without a value.
    pub fn contains(&self, name: &str) -> bool {
        self.pairs.iter().any(|(n, _)| n == name)
    }

    /// Whether one given parameter came twice.
    pub fn is_repeated(&self, name: &str) -> bool {
        self.pairs.iter().filter(|(n, _)| n == name).count() > 1
    }
}

impl FromIterator<(String, String)> for Params {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self { pairs: pairs.into_iter().collect() }
    }
}

/// Appends `name=value`, percent-encoded so that every receiver reads the same bytes back, to a query being built.
pub fn form_encode(out: &mut String, name: &str, value: &str) {
    encode(out, name);
    out.push('=');
    encode(out, value);
}

/// One half of a pair by itself, encoded as in a form: a client's id and its secret before Basic joins them by a colon (OAuth 2.1
/// §2.4.1).
pub fn form_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    encode(&mut out, text);
    out
}

fn encode(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| !is_unreserved(byte)) {
        let (plain, escaped) = rest.split_at(at);
        out.push_str(plain);
        // A character is escaped as a whole, so that what follows begins with one.
        let mut characters = escaped.chars();
        let bytes = characters.next().map_or(0, char::len_utf8);
        for byte in escaped.bytes().take(bytes) {
            out.push('%');
            out.extend([byte >> 4, byte & 15].map(upper_hex_digit));
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
}

fn upper_hex_digit(half: u8) -> char {
    char::from(b"0123456789ABCDEF".get(usize::from(half)).copied().unwrap_or(b'0'))
}

/// Decodes one half of a pair: `+` is a space, `%XX` a byte.
pub(crate) fn decode(encoded: &[u8]) -> Result<String, ParamsMalformed> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'+' | b'%')) {
        let (plain, escaped) = rest.split_at(at);
        bytes.extend_from_slice(plain);
        rest = match escaped {
            [b'+', after @ ..] => {
                bytes.push(b' ');
                after
            }
            [_, high, low, after @ ..] => {
                bytes.push(hex_digit(*high)? << 4 | hex_digit(*low)?);
                after
            }
            _ => return Err(ParamsMalformed::BadPercent),
        };
    }
    bytes.extend_from_slice(rest);
    String::from_utf8(bytes).map_err(|_| ParamsMalformed::NotUtf8)
}

fn hex_digit(byte: u8) -> Result<u8, ParamsMalformed> {
    let digit = char::from(byte).to_digit(16).ok_or(ParamsMalformed::BadPercent)?;
    u8::try_from(digit).map_err(|_| ParamsMalformed::BadPercent)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_form_encoded_before_basic_joins_them() {
        assert_eq!(form_encoded("a:b c%"), "a%3Ab%20c%25");
    }

    #[test]
    fn az_13_tk_02_empty_is_absent_and_unknown_is_ignored() {
        let params = Params::parse(b"state=&scope=openid&whatever=1&=x&lone").unwrap();
        assert_eq!(params.first("state"), None);
        assert_eq!(params.first("scope"), Some("openid"));
        assert_eq!(params.first("lone"), None);
        assert_eq!(params.repeated(&["state", "scope"]), None);
    }

    #[test]
    fn az_12_tk_02_k_38_a_known_parameter_that_is_repeated_is_named_and_an_unknown_one_may_repeat() {
        let params = Params::parse(b"foo=a&foo=b&state=1&state=").unwrap();
        assert_eq!(params.repeated(&["scope", "state"]), Some(Repeated("state")));
        assert_eq!(params.repeated(&["scope"]), None);
    }

    #[test]
    fn malformed_encodings_are_refused_with_their_cause() {
        let check = |text: &[u8], cause| assert_eq!(Params::parse(text), Err(cause));
        check(b"a=%", ParamsMalformed::BadPercent);
        check(b"a=%4", ParamsMalformed::BadPercent);
        check(b"a=%zz", ParamsMalformed::BadPercent);
        check(b"a=%4+", ParamsMalformed::BadPercent);
        check(b"a=+%", ParamsMalformed::BadPercent);
        check(b"a=%ff", ParamsMalformed::NotUtf8);
        check(&b"&a=1".repeat(PARAMS_COUNT_MAX + 1), ParamsMalformed::TooMany);
        check(&vec![b'a'; PARAMS_BYTES_MAX + 1], ParamsMalformed::TooLong);
    }

    proptest! {
        #[test]
        fn az_19_what_is_encoded_decodes_to_the_same(name in "\\PC{1,20}", value in "\\PC{1,60}") {
            let mut query = String::new();
            form_encode(&mut query, &name, &value);
            let params = Params::parse(query.as_bytes()).unwrap();
            prop_assert_eq!(params.first(&name), Some(value.as_str()));
        }

        #[test]
        fn parsing_any_bytes_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Params::parse(&bytes);
        }
    }
}
