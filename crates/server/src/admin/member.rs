//! The member of what was given that a refusal is about.

use std::borrow::Cow;
use std::fmt;

/// A member by its name in the documents of the noun, or one part of it: `redirect_uris[1]`, `claims.email`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    name: Cow<'static, str>,
    part: Option<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Item(usize),
    Member(String),
}

impl Member {
    /// The whole member.
    pub(super) fn whole(name: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), part: None }
    }

    /// One item of a list.
    pub(super) fn item(name: &'static str, at: usize) -> Self {
        Self { name: name.into(), part: Some(Part::Item(at)) }
    }

    /// One member of an object.
    pub(super) fn inner(name: &'static str, member: &str) -> Self {
        Self { name: name.into(), part: Some(Part::Member(member.to_owned())) }
    }

    /// The name, without the part.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for Member {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.part {
            None => out.write_str(&self.name),
            Some(Part::Item(at)) => write!(out, "{}[{at}]", self.name),
            Some(Part::Member(member)) => write!(out, "{}.{member}", self.name),
        }
    }
}
