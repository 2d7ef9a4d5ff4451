//! The one HTTP client of this crate. Bounded in time and size; follows no redirects; speaks https to every server but
//! an issuer on a loopback address. Which addresses may be asked is decided where they are learnt ([`crate::discovery`]).

use std::time::Duration;

use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use proofkey_oauth::{Issuer, Secret, form_encode, form_encoded};
use reqwest::{Client, Response, Url, redirect::Policy};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const TIMEOUT: Duration = Duration::from_secs(5);
const BODY_BYTES_MAX: usize = 256 * 1024;

/// Talks to one authorization server.
#[derive(Clone, Debug)]
pub(crate) struct Fetch {
    client: Client,
}

/// Why there is no document.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("the address cannot be read")]
    Address,
    #[error("the request failed")]
    Transport(#[source] reqwest::Error),
    #[error("the answer has status {0}")]
    Status(u16),
    #[error("the answer is longer than {BODY_BYTES_MAX} bytes")]
    TooLong,
}

/// A document, and for how long its owner wants it kept.
pub(crate) struct Document {
    pub(crate) body: Vec<u8>,
    pub(crate) max_age_seconds: Option<i64>,
}

impl Fetch {
    pub(crate) fn new(issuer: &Issuer) -> Result<Self, reqwest::Error> {
        let https = issuer.is_https();
        let builder = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .redirect(Policy::none())
            .user_agent(concat!("proofkey-resource/", env!("CARGO_PKG_VERSION")))
            .https_only(https);
        // A loopback issuer is spoken to directly and without TLS: no proxy, and no trust store to load.
        let builder = if https { builder } else { builder.no_proxy().tls_certs_only([]) };
        Ok(Self { client: builder.build()? })
    }

    pub(crate) async fn get(&self, url: &Url) -> Result<Document, FetchError> {
        read(self.client.get(url.clone()).send().await).await
    }

    /// Posts a token to an introspection endpoint (RFC 7662 §2.1), authenticated by Basic (OAuth 2.1 §2.4.1).
    pub(crate) async fn introspect(
        &self,
        url: &Url,
        client_id: &str,
        secret: &Secret,
        token: &str,
    ) -> Result<Document, FetchError> {
        let mut form = String::new();
        form_encode(&mut form, "token", token);
        form.push_str("&token_type_hint=access_token");
        let request = self
            .client
            .post(url.clone())
            .basic_auth(form_encoded(client_id), Some(form_encoded(secret.expose())))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form);
        read(request.send().await).await
    }
}

async fn read(response: Result<Response, reqwest::Error>) -> Result<Document, FetchError> {
    let mut response = response.map_err(FetchError::Transport)?;
    if response.status() != http::StatusCode::OK {
        return Err(FetchError::Status(response.status().as_u16()));
    }
    let max_age_seconds =
        response.headers().get(CACHE_CONTROL).and_then(|value| value.to_str().ok()).and_then(max_age);
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(FetchError::Transport)? {
        if body.len() + chunk.len() > BODY_BYTES_MAX {
            return Err(FetchError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Document { body, max_age_seconds })
}

fn max_age(cache_control: &str) -> Option<i64> {
    cache_control.split(',').find_map(|directive| directive.trim().strip_prefix("max-age=")?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn max_age_is_read_where_it_stands() {
        for (value, seconds) in [
            ("max-age=300", Some(300)),
            ("public, max-age=60, must-revalidate", Some(60)),
            ("no-store", None),
            ("max-age=", None),
            ("s-maxage=5", None),
        ] {
            assert_eq!(max_age(value), seconds, "{value}");
        }
    }
}
