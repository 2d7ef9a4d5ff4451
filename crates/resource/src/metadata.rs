//! Protected resource metadata (RFC 9728): how a client learns which authorization server this API trusts.

use proofkey_oauth::{Issuer, ResourceUri, Scope};
use serde::Serialize;

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// The metadata document (RFC 9728 §2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ResourceMetadata {
    /// This API, exactly as configured: a client compares it with the URL it used (§3.3).
    pub resource: String,
    /// The issuers of tokens for it; here always one.
    pub authorization_servers: Vec<String>,
    /// The scopes that it knows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes_supported: Vec<String>,
    /// How it takes tokens: in the header only.
    pub bearer_methods_supported: [&'static str; 1],
}

impl ResourceMetadata {
    pub(crate) fn new(resource: &ResourceUri, issuer: &Issuer, scopes: &Scope) -> Self {
        Self {
            resource: resource.as_str().to_owned(),
            authorization_servers: vec![issuer.as_str().to_owned()],
            scopes_supported: scopes.iter().map(str::to_owned).collect(),
            bearer_methods_supported: ["header"],
        }
    }
}

/// Where the document of a resource lies (§3.1): the well-known part goes between host and path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Location {
    pub(crate) url: String,
    pub(crate) path: String,
}

impl Location {
    /// `None` for a resource that is no web address (a URN): there is no address for a document then.
    pub(crate) fn of(resource: &ResourceUri) -> Option<Self> {
        let (scheme, rest) = resource.as_str().split_once("://")?;
        if !matches!(scheme, "https" | "http") {
            return None;
        }
        let authority_length = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at_checked(authority_length)?;
        // The terminating slash of a bare host is not part of the path to insert.
        let tail = tail.strip_suffix('/').filter(|rest| rest.is_empty()).unwrap_or(tail);
        let path = format!("{WELL_KNOWN}{}", tail.split('?').next().unwrap_or_default());
        Some(Self { url: format!("{scheme}://{authority}{WELL_KNOWN}{tail}"), path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rs_15_the_well_known_part_goes_between_host_and_path() {
        let cases = [
            (
                "https://api.example/notes",
                Some((
                    "https://api.example/.well-known/oauth-protected-resource/notes",
                    "/.well-known/oauth-protected-resource/notes",
                )),
            ),
            (
                "https://api.example",
                Some((
                    "https://api.example/.well-known/oauth-protected-resource",
                    "/.well-known/oauth-protected-resource",
                )),
            ),
            (
                "https://api.example/",
                Some((
                    "https://api.example/.well-known/oauth-protected-resource",
                    "/.well-known/oauth-protected-resource",
                )),
            ),
            (
                "http://127.0.0.1:4457/a/b/",
                Some((
                    "http://127.0.0.1:4457/.well-known/oauth-protected-resource/a/b/",
                    "/.well-known/oauth-protected-resource/a/b/",
                )),
            ),
            (
                "https://api.example/notes?v=1",
                Some((
                    "https://api.example/.well-known/oauth-protected-resource/notes?v=1",
                    "/.well-known/oauth-protected-resource/notes",
                )),
            ),
            ("urn:example:notes", None),
        ];
        for (resource, expected) in cases {
            let location = Location::of(&ResourceUri::parse(resource).unwrap());
            let expected =
                expected.map(|(url, path)| Location { url: url.to_owned(), path: path.to_owned() });
            assert_eq!(location, expected, "{resource}");
        }
    }
}
