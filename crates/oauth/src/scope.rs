//! Scopes (OAuth 2.1 §1.4.1): an ordered set of tokens.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

/// Longest accepted `scope` parameter, in bytes.
pub const SCOPE_BYTES_MAX: usize = 4096;

/// The scope values with a meaning in OpenID Connect (Core §5.4, §11).
pub mod standard {
    /// Makes the request an OpenID Connect one.
    pub const OPENID: &str = "openid";
    /// Asks for a refresh token.
    pub const OFFLINE_ACCESS: &str = "offline_access";
    /// Every scope that OpenID Connect defines.
    pub const ALL: [&str; 6] = [OPENID, "profile", "email", "address", "phone", OFFLINE_ACCESS];
}

/// A set of scope tokens in the order they were first named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    tokens: Vec<String>,
}

/// A `scope` that breaks the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ScopeMalformed {
    /// More than [`SCOPE_BYTES_MAX`] bytes.
    #[error("the scope is longer than {SCOPE_BYTES_MAX} bytes")]
    TooLong,
    /// A character outside `%x21 / %x23-5B / %x5D-7E`.
    #[error("the scope holds a character that is not allowed")]
    BadCharacter,
}

impl Scope {
    /// Reads space-separated scope tokens; a repeated token counts once.
    pub fn parse(text: &str) -> Result<Self, ScopeMalformed> {
        if text.len() > SCOPE_BYTES_MAX {
            return Err(ScopeMalformed::TooLong);
        }
        let mut scope = Self::default();
        for token in text.split(' ').filter(|token| !token.is_empty()) {
            if !Self::is_token(token) {
                return Err(ScopeMalformed::BadCharacter);
            }
            scope.insert(token);
        }
        Ok(scope)
    }

    /// Whether a text has only characters that scope tokens have.
    pub fn is_token(text: &str) -> bool {
        text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
    }

    /// Whether the set holds this token.
    pub fn contains(&self, token: &str) -> bool {
        self.tokens.iter().any(|held| held == token)
    }

    /// Whether every token of `self` is in `other`.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.tokens.iter().all(|token| other.contains(token))
    }

    /// The tokens of `self` that `keep` accepts.
    pub fn filter(&self, keep: impl Fn(&str) -> bool) -> Self {
        Self { tokens: self.tokens.iter().filter(|token| keep(token)).cloned().collect() }
    }

    /// The tokens of `self`, then those of `other` that are not among them.
    pub fn union(&self, other: &Self) -> Self {
        let mut all = self.clone();
        other.iter().for_each(|token| all.insert(token));
        all
    }

    /// Adds a token that is known to keep to the grammar.
    fn insert(&mut self, token: &str) {
        if !self.contains(token) {
            self.tokens.push(token.to_owned());
        }
    }

    /// Whether there is no token at all.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// The tokens in the order in which they were first named.
    pub fn iter(&self) -> impl Iterator<Item = &str> + Clone {
        self.tokens.iter().map(String::as_str)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, token) in self.tokens.iter().enumerate() {
            let space = if index == 0 { "" } else { " " };
            write!(out, "{space}{token}")?;
        }
        Ok(())
    }
}

impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn az_29_the_grammar_is_enforced() {
        for bad in ["a\"b", "a\\b", "a\tb", "a\nb", "a\u{7f}", "é"] {
            assert_eq!(Scope::parse(bad), Err(ScopeMalformed::BadCharacter), "{bad:?}");
        }
        assert_eq!(Scope::parse(&"a".repeat(SCOPE_BYTES_MAX + 1)), Err(ScopeMalformed::TooLong));
        assert_eq!(Scope::parse("b  a b").unwrap().to_string(), "b a");
    }

    proptest! {
        #[test]
        fn display_parses_back(text in "[!#-\\[\\]-~ ]{0,80}") {
            let scope = Scope::parse(&text).unwrap();
            prop_assert_eq!(Scope::parse(&scope.to_string()).unwrap(), scope);
        }
    }
}
