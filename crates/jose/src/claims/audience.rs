//! `aud` (RFC 7519 §4.1.3): one string, or an array of strings.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, SeqAccess, Visitor},
};

/// The most audiences that one token may name.
pub const AUDIENCES_MAX: usize = 32;

/// The parties for which a token is meant: at least one, at most [`AUDIENCES_MAX`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audience(Vec<String>);

impl Audience {
    /// A token for one party.
    pub fn one(audience: impl Into<String>) -> Self {
        Self(vec![audience.into()])
    }

    /// A token for several; `None` if there is none or too many.
    pub fn several(audiences: Vec<String>) -> Option<Self> {
        (1..=AUDIENCES_MAX).contains(&audiences.len()).then_some(Self(audiences))
    }

    /// Whether the token is for `party`. Compared exactly: audiences are identifiers, not URLs to normalise.
    pub fn contains(&self, party: &str) -> bool {
        self.0.iter().any(|audience| audience == party)
    }

    /// All of them, in the token's order.
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }
}

impl Serialize for Audience {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => serializer.serialize_str(one),
            several => several.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Audience {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrSeveral)
    }
}

struct OneOrSeveral;

impl<'de> Visitor<'de> for OneOrSeveral {
    type Value = Audience;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a string or an array of 1 to {AUDIENCES_MAX} strings")
    }

    fn visit_str<E: Error>(self, audience: &str) -> Result<Audience, E> {
        Ok(Audience::one(audience))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Audience, A::Error> {
        let mut audiences = Vec::new();
        while let Some(audience) = items.next_element::<String>()? {
            if audiences.len() == AUDIENCES_MAX {
                return Err(A::Error::custom("too many audiences"));
            }
            audiences.push(audience);
        }
        Audience::several(audiences).ok_or_else(|| A::Error::custom("no audience"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rs_05_audience_is_a_string_or_an_array_of_strings() {
        let read = |json: &str| serde_json::from_str::<Audience>(json);
        assert!(read(r#""a""#).unwrap().contains("a"));
        assert!(!read(r#""ab""#).unwrap().contains("a"));
        assert!(read(r#"["b","a"]"#).unwrap().contains("a"));
        assert!(!read(r#"["A","a/"]"#).unwrap().contains("a"));
        let too_many = serde_json::to_string(&vec!["a"; AUDIENCES_MAX + 1]).unwrap();
        for json in ["[]", "null", "1", "{}", r#"["a",1]"#, r#"[["a"]]"#, &too_many] {
            assert!(read(json).is_err(), "{json}");
        }
    }

    #[test]
    fn a_single_audience_is_written_as_a_string() {
        assert_eq!(serde_json::to_string(&Audience::one("a")).unwrap(), r#""a""#);
        let two = Audience::several(vec!["a".into(), "b".into()]).unwrap();
        assert_eq!(serde_json::to_string(&two).unwrap(), r#"["a","b"]"#);
        assert_eq!(Audience::several(vec![]), None);
    }
}
