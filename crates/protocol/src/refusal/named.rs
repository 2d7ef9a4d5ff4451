//! What a refusal is about: the name of a parameter or of an algorithm, or a scope as the request spelt it.

use std::borrow::Cow;

use proofkey_oauth::wire_text;

/// Longest name that is repeated, in characters.
const NAMED_CHARS_MAX: usize = 64;
/// Most names that are repeated.
const LISTED_MAX: usize = 8;

/// A word of ours, or a name out of a request, cut to what an answer may repeat: short, and in characters that `error_description` allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named(Cow<'static, str>);

impl Named {
    /// No name, for the list of all refusals.
    pub const NOTHING: Self = Self(Cow::Borrowed(""));

    /// A word of ours: the name of a parameter or of an algorithm.
    pub const fn ours(word: &'static str) -> Self {
        Self(Cow::Borrowed(word))
    }

    /// The name that a request sent; a long one ends in an ellipsis.
    pub fn of(text: &str) -> Self {
        let mut named: String = wire_text(text).chars().take(NAMED_CHARS_MAX).collect();
        if text.chars().nth(NAMED_CHARS_MAX).is_some() {
            named.push_str("...");
        }
        Self(named.into())
    }

    /// Several names, one after another.
    pub fn list<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let listed = names.take(LISTED_MAX).map(Self::of).map(|Self(name)| name).collect::<Vec<_>>();
        Self(listed.join(", ").into())
    }

    /// Whether it is a word of ours, and no text that a request chose.
    pub const fn is_ours(&self) -> bool {
        matches!(self.0, Cow::Borrowed(_))
    }

    /// The name; `None` for [`Named::NOTHING`].
    pub fn as_str(&self) -> Option<&str> {
        Some(&*self.0).filter(|name| !name.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_is_cut_to_what_the_wire_can_carry(text in ".{0,100}") {
            let named = Named::of(&text);
            let shown = named.as_str().unwrap_or_default();
            prop_assert_eq!(wire_text(shown), shown);
            prop_assert!(shown.len() <= NAMED_CHARS_MAX + 3);
        }
    }
}
