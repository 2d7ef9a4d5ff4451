//! One reading of JSON: an object, no member twice, no deeper than [`crate::JSON_DEPTH_MAX`].
//!
//! Parsers differ in which of two equal members they keep. A token that one side reads so and the other side
//! otherwise is a way past a check (RFC 8725 §2.4), hence such a document has no meaning here at all.

use std::{borrow::Cow, collections::BTreeSet, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::JSON_DEPTH_MAX;

/// Why a document is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Not JSON, a member twice, or nested too deep.
    #[error("the JSON is malformed, has a member twice or nests too deep")]
    Malformed,
    /// JSON, but not an object.
    #[error("the JSON is not an object")]
    NotAnObject,
}

/// Accepts a JSON object without duplicate members and without excessive depth.
pub fn ensure_strict(bytes: &[u8]) -> Result<(), JsonError> {
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    if first != Some(&b'{') {
        return Err(JsonError::NotAnObject);
    }
    let mut parser = serde_json::Deserializer::from_slice(bytes);
    Walk { depth_left: JSON_DEPTH_MAX }
        .deserialize(&mut parser)
        .and_then(|()| parser.end())
        .map_err(|_| JsonError::Malformed)
}

/// Visits a value only to see its shape; keeps nothing but the member names of the open objects.
#[derive(Clone, Copy)]
struct Walk {
    depth_left: usize,
}

impl Walk {
    fn inside<E: Error>(self) -> Result<Self, E> {
        match self.depth_left.checked_sub(1) {
            Some(depth_left) => Ok(Self { depth_left }),
            None => Err(E::custom("nested too deep")),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Walk {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without duplicate members")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let inside = self.inside()?;
        while items.next_element_seed(inside)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let inside = self.inside()?;
        let mut seen = BTreeSet::new();
        while let Some(name) = members.next_key_seed(Name)? {
            if !seen.insert(name) {
                return Err(A::Error::custom("a member appears twice"));
            }
            members.next_value_seed(inside)?;
        }
        Ok(())
    }
}

/// A member name, borrowed from the document unless it is written with escapes.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rs_09_duplicate_members_and_depth_are_refused() {
        let deep = |levels: usize| format!("{}1{}", r#"{"a":"#.repeat(levels), "}".repeat(levels));
        let wide = format!("{{\"a\":{}1{}}}", "[".repeat(JSON_DEPTH_MAX), "]".repeat(JSON_DEPTH_MAX));
        let cases = [
            (r#" {"a":1,"b":[true,null,"x",1.5,-1,{}]} "#.to_owned(), Ok(())),
            ("{}".to_owned(), Ok(())),
            (r#"{"a":{"a":1},"b":{"a":1}}"#.to_owned(), Ok(())),
            (deep(JSON_DEPTH_MAX), Ok(())),
            (deep(JSON_DEPTH_MAX + 1), Err(JsonError::Malformed)),
            (wide, Err(JsonError::Malformed)),
            (r#"{"a":1,"a":1}"#.to_owned(), Err(JsonError::Malformed)),
            (r#"{"a":1,"\u0061":2}"#.to_owned(), Err(JsonError::Malformed)),
            (r#"{"x":{"a":1,"a":2}}"#.to_owned(), Err(JsonError::Malformed)),
            (r#"{"x":[{"a":1,"a":2}]}"#.to_owned(), Err(JsonError::Malformed)),
            (r#"{"a":1e999}"#.to_owned(), Err(JsonError::Malformed)),
            (r#"{"a":1} x"#.to_owned(), Err(JsonError::Malformed)),
            (r#"{"a":1"#.to_owned(), Err(JsonError::Malformed)),
            ("[]".to_owned(), Err(JsonError::NotAnObject)),
            (r#""a""#.to_owned(), Err(JsonError::NotAnObject)),
            (String::new(), Err(JsonError::NotAnObject)),
        ];
        for (text, expected) in cases {
            assert_eq!(ensure_strict(text.as_bytes()), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn rs_09_any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
            let _ = ensure_strict(&bytes);
        }
    }
}
