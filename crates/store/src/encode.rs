//! How values that are more than one column wide are written as text, the same on every engine.

use proofkey_oauth::{ResourceUri, Scope};
use proofkey_protocol::UserRecord;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::fault::Fault;

/// Resources separated by spaces, which no URI holds.
pub(crate) fn resources(all: &[ResourceUri]) -> String {
    let texts: Vec<&str> = all.iter().map(ResourceUri::as_str).collect();
    texts.join(" ")
}

/// Reads [`resources`] back.
pub(crate) fn parse_resources(text: &str) -> Option<Vec<ResourceUri>> {
    text.split(' ').filter(|part| !part.is_empty()).map(|part| ResourceUri::parse(part).ok()).collect()
}

/// Reads the text form of a scope back.
pub(crate) fn parse_scope(text: &str) -> Option<Scope> {
    Scope::parse(text).ok()
}

/// JSON text of a wire type.
pub(crate) fn json<T: Serialize>(value: &T) -> Result<String, Fault> {
    serde_json::to_string(value)
        .map_err(|_| Fault::Io { doing: "write a value as JSON", kind: std::io::ErrorKind::InvalidInput })
}

/// Reads JSON text back.
pub(crate) fn parse_json<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text).ok()
}

/// The name to show for a user: the `name` claim (OpenID Connect Core §5.1), else the name to sign in with.
pub(crate) fn display_name(user: &UserRecord) -> &str {
    let name = user.claims.get("name").and_then(|value| value.as_str()).map(str::trim);
    name.filter(|name| !name.is_empty()).unwrap_or(&user.username)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn resources_read_back(paths in proptest::collection::vec("[a-z0-9/?=&.-]{1,20}", 0..4)) {
            let all: Vec<ResourceUri> =
                paths.iter().map(|path| ResourceUri::parse(&format!("https://{path}")).unwrap()).collect();
            prop_assert_eq!(parse_resources(&resources(&all)), Some(all));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,200}") {
            let _ = parse_resources(&text);
            let _ = parse_scope(&text);
            let _ = parse_json::<proofkey_oauth::ClientMetadata>(&text);
        }
    }
}
