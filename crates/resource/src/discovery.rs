//! Finding the issuer's endpoints from its name alone (RFC 8414 §3, OpenID Connect Discovery §4).

use proofkey_jose::ensure_strict;
use proofkey_oauth::{EndpointRefused, EndpointUrl, Issuer};
use reqwest::Url;
use serde::Deserialize;

use crate::fetch::{Document, Fetch, FetchError};

/// What this crate needs to know of an authorization server.
#[derive(Clone, Debug)]
pub(crate) struct Discovered {
    pub(crate) jwks_uri: Url,
    pub(crate) introspection_endpoint: Option<Url>,
}

/// Why the issuer's endpoints could not be learnt.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DiscoveryError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("the metadata is malformed")]
    Malformed,
    #[error("the metadata is another issuer's")]
    OtherIssuer,
    #[error("the metadata names an address that may not be asked")]
    Address(#[source] EndpointRefused),
}

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
    introspection_endpoint: Option<String>,
}

/// Asks the issuer for its metadata, in the form of RFC 8414 first, then in that of OpenID Connect. What is no metadata is not
/// there, whatever its status, unless the server fails: gateways answer an address that they do not know with 400, 403 or a web page of their own. A
/// document that is metadata is judged, and then there is no second try.
pub(crate) async fn discover(fetch: &Fetch, issuer: &Issuer) -> Result<Discovered, DiscoveryError> {
    match get(fetch, &issuer.well_known_inserted("oauth-authorization-server")).await {
        Ok(document) if is_metadata(&document.body) => return read(issuer, &document.body),
        // A server that is away is away at its second place too, and is not asked twice as often for it.
        Err(error @ (FetchError::Transport(_) | FetchError::Status(429 | 500..=599))) => {
            return Err(error.into());
        }
        Ok(_) | Err(_) => {}
    }
    let document = get(fetch, &issuer.well_known_appended("openid-configuration")).await?;
    read(issuer, &document.body)
}

/// Whether a document means to be metadata: a JSON object that names an issuer.
fn is_metadata(document: &[u8]) -> bool {
    let value: serde_json::Value = serde_json::from_slice(document).unwrap_or_default();
    value.get("issuer").is_some_and(serde_json::Value::is_string)
}

async fn get(fetch: &Fetch, url: &str) -> Result<Document, FetchError> {
    fetch.get(&Url::parse(url).map_err(|_| FetchError::Address)?).await
}

fn read(issuer: &Issuer, body: &[u8]) -> Result<Discovered, DiscoveryError> {
    ensure_strict(body).map_err(|_| DiscoveryError::Malformed)?;
    let metadata: Metadata = serde_json::from_slice(body).map_err(|_| DiscoveryError::Malformed)?;
    // Otherwise a server that answers for one issuer could have its tokens believed in the name of another (§3.3, §6.2).
    if metadata.issuer != issuer.as_str() {
        return Err(DiscoveryError::OtherIssuer);
    }
    let address = |text: &str| {
        let endpoint = EndpointUrl::of_issuer(issuer, text).map_err(DiscoveryError::Address)?;
        Url::parse(endpoint.as_str()).map_err(|_| DiscoveryError::Malformed)
    };
    Ok(Discovered {
        jwks_uri: address(&metadata.jwks_uri)?,
        introspection_endpoint: metadata.introspection_endpoint.as_deref().map(address).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn issuer() -> Issuer {
        Issuer::parse("https://id.example/tenant").unwrap()
    }

    #[test]
    fn metadata_is_believed_only_for_its_own_issuer() {
        let good = r#"{"issuer":"https://id.example/tenant","jwks_uri":"https://id.example/jwks","x":[1]}"#;
        assert!(read(&issuer(), good.as_bytes()).is_ok());
        for (from, to) in [
            ("https://id.example/tenant", "https://id.example"),
            ("https://id.example/tenant", "https://ID.example/tenant"),
            ("https://id.example/tenant", "https://id.example/tenant/"),
            ("https://id.example/jwks", "http://id.example/jwks"),
            ("https://id.example/jwks", "http://127.0.0.1/jwks"),
            ("https://id.example/jwks", "http://localhost/jwks"),
            ("https://id.example/jwks", "file:///jwks"),
            ("https://id.example/jwks", "/jwks"),
            (r#""jwks_uri""#, r#""other""#),
            (r#""x":[1]"#, r#""issuer":"https://id.example/tenant""#),
            (r#""x":[1]"#, r#""introspection_endpoint":"http://evil.example""#),
        ] {
            assert!(good.contains(from));
            let bad = good.replacen(from, to, 1);
            assert!(read(&issuer(), bad.as_bytes()).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_other_document_is_refused(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(read(&issuer(), &body).is_err());
        }
    }
}
