//! Resource indicators (RFC 8707): the name of an API.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};
use thiserror::Error;

use crate::uri::normal_uri;

/// Longest accepted resource indicator, in bytes.
const RESOURCE_BYTES_MAX: usize = 1024;

/// An absolute URI without a fragment that names an API. Equality is of bytes; [`ResourceUri::names`] tells whether two
/// spellings name one API.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ResourceUri(String);

/// A resource that is relative, has a fragment, or is no URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a resource is an absolute URI without a fragment")]
pub struct ResourceMalformed;

impl ResourceUri {
    /// Accepts a text only if it is an absolute URI without a fragment.
    pub fn parse(text: &str) -> Result<Self, ResourceMalformed> {
        let (scheme, rest) = text.split_once(':').ok_or(ResourceMalformed)?;
        let mut letters = scheme.bytes();
        let scheme_ok = letters.next().is_some_and(|b| b.is_ascii_alphabetic())
            && letters.all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
        let rest_ok =
            !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_graphic() && !b"#\"<>\\^`{|}".contains(&b));
        let fits = text.len() <= RESOURCE_BYTES_MAX;
        if scheme_ok && rest_ok && fits { Ok(Self(text.to_owned())) } else { Err(ResourceMalformed) }
    }

    /// The URI, byte for byte as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether another text names the same, after the normalisation of RFC 3986 §6.2.2 and §6.2.3.
    pub fn names(&self, other: &str) -> bool {
        self.0 == other || normal_uri(&self.0) == normal_uri(other)
    }

    /// Host and port for people; the whole URI when it has none.
    pub fn host(&self) -> &str {
        let after = self.0.split_once("://").map(|(_, rest)| rest);
        after.and_then(|rest| rest.split(['/', '?']).next()).unwrap_or(&self.0)
    }
}

impl fmt::Display for ResourceUri {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ResourceUri {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn az_28_relative_or_fragmented_resources_are_refused() {
        for bad in ["", "notes", "/notes", "https:", "https://a#b", "1a:b", "https://a b", "https://a\\b"] {
            assert_eq!(ResourceUri::parse(bad), Err(ResourceMalformed), "{bad}");
        }
        assert!(ResourceUri::parse("urn:bench:api").is_ok());
        assert_eq!(ResourceUri::parse("http://127.0.0.1:4457/notes").unwrap().host(), "127.0.0.1:4457");
    }

    #[test]
    fn k_34_spellings_of_one_resource_are_one_name() {
        let api = ResourceUri::parse("https://api.example").unwrap();
        for same in [
            "https://api.example",
            "https://api.example/",
            "https://API.example:443",
            "https://api.example/a/..",
        ] {
            assert!(api.names(same), "{same}");
        }
        for other in [
            "https://api.example/x",
            "http://api.example",
            "https://api.example:8443",
            "https://api.example?x",
        ] {
            assert!(!api.names(other), "{other}");
        }
    }
}
