//! The keys that the grammar of the file knows, found by asking it: each struct names its fields when it is read.

use std::cell::RefCell;

use serde::de::value::{Error, StrDeserializer};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};
use serde::{Deserialize as _, forward_to_deserialize_any};

use super::file::File;

/// Every `section.key`, and what stands before all sections.
pub(super) fn keys() -> Vec<String> {
    let sections = fields_of(&[]);
    assert!(sections.len() > 5);
    let mut keys = Vec::new();
    for section in sections {
        match fields_of(&[section]) {
            of_value if of_value.is_empty() => keys.push(section.to_owned()),
            of_section => keys.extend(of_section.iter().map(|key| format!("{section}.{key}"))),
        }
    }
    keys
}

/// The fields of the struct at this path; none where a value stands there.
fn fields_of(path: &[&'static str]) -> Vec<&'static str> {
    let found = RefCell::new(Vec::new());
    let _never_a_file = File::deserialize(Asking { path, found: &found });
    found.into_inner()
}

/// Leads to one field, and notes the fields of what stands there.
#[derive(Clone, Copy)]
struct Asking<'a> {
    path: &'a [&'static str],
    found: &'a RefCell<Vec<&'static str>>,
}

impl<'de> Deserializer<'de> for Asking<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("a value"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.path.split_first() {
            None => {
                *self.found.borrow_mut() = fields.to_vec();
                Err(Error::custom("found"))
            }
            Some((first, path)) => {
                visitor.visit_map(OneField { name: Some(first), inside: Self { path, ..self } })
            }
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct
        seq tuple tuple_struct map enum identifier ignored_any
    }
}

struct OneField<'a> {
    name: Option<&'static str>,
    inside: Asking<'a>,
}

impl<'de> MapAccess<'de> for OneField<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let name = self.name.take();
        name.map(|name| seed.deserialize(StrDeserializer::<Error>::new(name))).transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(self.inside)
    }
}
