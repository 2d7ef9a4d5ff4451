//! Calling the API: the token goes to the resource that it was asked for and nowhere else (OAuth 2.1 §5.1, row CL-09).

use std::time::Duration;

use http::{HeaderMap, Method, StatusCode, header};
use proofkey_oauth::ResourceUri;
use zeroize::Zeroizing;

use crate::error::{Error, shown};
use crate::session::Session;
use crate::token::{AccessToken, bearer};
use crate::transport::{Answer, Outgoing};
use crate::url::SecureUrl;

/// Longest answer of an API, in bytes.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;
/// A token that ends sooner is refreshed before the call rather than refused during it.
const VALIDITY_MIN: Duration = Duration::from_secs(30);

/// A request to the API.
#[derive(Clone, Debug)]
pub struct ApiRequest<'a> {
    /// `GET`, `POST` or any other method.
    pub method: Method,
    /// The absolute address, at or below the resource; any other is refused before anything is sent.
    pub url: &'a str,
    /// Content type and bytes of the body, if there is one.
    pub body: Option<(&'a str, &'a [u8])>,
}

/// What the API answered, whatever the status. Redirects are not followed: they could lead the token away.
#[derive(Debug)]
#[non_exhaustive]
pub struct ApiAnswer {
    /// The status; a refusal by the API is an answer too, not an [`Error`].
    pub status: StatusCode,
    /// All headers, a challenge in `WWW-Authenticate` included.
    pub headers: HeaderMap,
    /// The whole body. It is wiped from memory when dropped, for it may be personal.
    pub body: Zeroizing<Vec<u8>>,
}

impl Session {
    /// A GET request to the API; see [`Self::call`].
    pub async fn get(&self, url: &str) -> Result<ApiAnswer, Error> {
        self.call(&ApiRequest { method: Method::GET, url, body: None }).await
    }

    /// Calls the API with the access token in the header. If the API finds the token invalid, it is refreshed and the
    /// call repeated, once.
    pub async fn call(&self, request: &ApiRequest<'_>) -> Result<ApiAnswer, Error> {
        let resource = self.application().resource.as_ref().ok_or(Error::ResourceMissing)?;
        let url = target(request.url, resource)?;
        let token = self.access_token(VALIDITY_MIN).await?;
        let answer = self.send(request, &url, &token).await?;
        if !is_token_refused(&answer) {
            return Ok(answer.into());
        }
        match self.access_token_after(&token).await {
            Ok(fresh) => self.send(request, &url, &fresh).await.map(ApiAnswer::from),
            // Without a refresh token there is no fresh access token, so the API's refusal is the answer.
            Err(Error::SignInAgain) => Ok(answer.into()),
            Err(error) => Err(error),
        }
    }

    async fn send(
        &self,
        request: &ApiRequest<'_>,
        url: &SecureUrl,
        token: &AccessToken,
    ) -> Result<Answer, Error> {
        let outgoing = Outgoing {
            what: "API",
            method: request.method.clone(),
            url,
            authorization: Some(&bearer(&token.token)),
            body: request.body,
            answer_bytes_max: ANSWER_BYTES_MAX,
        };
        self.shared.transport.send(outgoing).await
    }
}

impl From<Answer> for ApiAnswer {
    fn from(answer: Answer) -> Self {
        Self { status: answer.status, headers: answer.headers, body: answer.body }
    }
}

/// A 401 that says `invalid_token` (RFC 6750 §3.1): expired or revoked, and so worth one fresh token.
fn is_token_refused(answer: &Answer) -> bool {
    let challenges = answer.headers.get_all(header::WWW_AUTHENTICATE);
    let says_invalid =
        challenges.iter().any(|value| value.as_bytes().windows(13).any(|window| window == b"invalid_token"));
    answer.status == StatusCode::UNAUTHORIZED && says_invalid
}

/// The address, if the token may go there: same origin as the resource, path at or below its path.
fn target(text: &str, resource: &ResourceUri) -> Result<SecureUrl, Error> {
    let base = SecureUrl::parse("resource", resource.as_str())
        .map_err(|_| Error::ResourceNotUrl(shown(resource.as_str())))?;
    let target = SecureUrl::parse("address", text)?;
    let (base_url, target_url) = (base.url(), target.url());
    let path = target_url.path();
    // Encoded separators pass our comparison as plain characters and may not pass the server's as such.
    let lower = path.to_ascii_lowercase();
    if ["%2e", "%2f", "%5c"].iter().any(|encoded| lower.contains(encoded)) {
        return Err(Error::PathAmbiguous(shown(text)));
    }
    let is_below = path.strip_prefix(base_url.path().trim_end_matches('/'));
    let is_below = is_below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let same_query = base_url.query().is_none() || base_url.query() == target_url.query();
    if base_url.origin() == target_url.origin() && is_below && same_query {
        Ok(target)
    } else {
        Err(Error::OutsideResource { url: shown(text), resource: shown(resource.as_str()) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cl_09_a_token_goes_to_its_resource_or_below_and_nowhere_else() {
        let notes = ResourceUri::parse("https://api.example/notes").unwrap();
        for good in [
            "https://api.example/notes",
            "https://api.example/notes/1",
            "https://api.example/notes?x=$y",
            "https://API.example:443/notes/",
            "https://api.example/other/../notes/1",
        ] {
            assert!(target(good, &notes).is_ok(), "{good}");
        }
        for bad in [
            "https://api.example/",
            "https://api.example/notes2",
            "https://api.example/notes/../admin",
            "https://api.example/notes/%2e%2e/admin",
            "https://api.example/Notes",
            "https://evil.example/notes",
            "https://api.example.evil.example/notes",
            "https://api.example:8443/notes",
            "https://x@api.example/notes",
            "https://api.example/notes/..%2fadmin",
            "https://api.example/notes/%5c..",
            "http://api.example/notes",
            "http://127.0.0.1/notes",
            "https://api.example/notes#x",
            "/notes",
            "//api.example/notes",
        ] {
            assert!(target(bad, &notes).is_err(), "{bad}");
        }
        let whole = ResourceUri::parse("https://api.example").unwrap();
        assert!(target("https://api.example/anything", &whole).is_ok());
        let urn = ResourceUri::parse("urn:bench:api").unwrap();
        assert!(matches!(target("https://api.example/", &urn), Err(Error::ResourceNotUrl(_))));
        let plain = ResourceUri::parse("http://api.example/notes").unwrap();
        assert!(target("http://api.example/notes", &plain).is_err());
    }

    proptest! {
        #[test]
        fn cl_09_no_spelling_of_a_path_leaves_the_resource(rest in "[a-z./%2eEfF5cC\\\\?;@:]{0,30}") {
            let notes = ResourceUri::parse("https://api.example/notes").unwrap();
            if let Ok(url) = target(&format!("https://api.example/notes{rest}"), &notes) {
                let path = url.url().path();
                prop_assert!(path == "/notes" || path.starts_with("/notes/"), "{path}");
                prop_assert!(!path.contains("/../"), "{path}");
            }
        }
    }
}
