//! The HTTP client: no redirects, bounded times and bodies, certificates always verified.
//!
//! There is no switch that turns verification off. A private certificate authority belongs into the system's trust store.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use proofkey_oauth::Secret;
use tokio::sync::OnceCell;
use zeroize::Zeroizing;

use crate::application::Application;
use crate::error::{Error, shown};
use crate::url::SecureUrl;

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest time from the first byte sent to the last byte received.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(30);
/// How rustls begins to say that it does not believe a certificate.
const CERTIFICATE_REFUSED: &str = "invalid peer certificate";
/// Longest answer of an authorization server, in bytes.
pub(crate) const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// A request to the authorization server or to an API.
pub(crate) struct Outgoing<'a> {
    /// Names the receiver in errors.
    pub(crate) what: &'static str,
    pub(crate) method: Method,
    pub(crate) url: &'a SecureUrl,
    /// The value of the `Authorization` header.
    pub(crate) authorization: Option<&'a Secret>,
    /// Content type and bytes of the body, if there is one.
    pub(crate) body: Option<(&'a str, &'a [u8])>,
    pub(crate) answer_bytes_max: usize,
}

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// May hold tokens, so it is wiped.
    pub(crate) body: Zeroizing<Vec<u8>>,
}

/// Two clients, each made when first needed: reading the trust store costs time.
#[derive(Debug, Default)]
pub(crate) struct Transport {
    https: OnceCell<reqwest::Client>,
    /// Plain http stays on this machine: no proxy may see it, no certificate is involved.
    loopback: OnceCell<reqwest::Client>,
}

impl Transport {
    /// Fetches a JSON document, without any credential.
    pub(crate) async fn get(&self, what: &'static str, url: &SecureUrl) -> Result<Answer, Error> {
        let method = Method::GET;
        self.send(Outgoing {
            what,
            method,
            url,
            authorization: None,
            body: None,
            answer_bytes_max: ANSWER_BYTES_MAX,
        })
        .await
    }

    /// Posts a form, which holds secrets, in the name of an app.
    pub(crate) async fn post_form(
        &self,
        what: &'static str,
        url: &SecureUrl,
        application: &Application,
        form: &Secret,
    ) -> Result<Answer, Error> {
        let body = Some(("application/x-www-form-urlencoded", form.expose().as_bytes()));
        let method = Method::POST;
        let authorization = application.authentication.header(&application.client_id);
        let (authorization, answer_bytes_max) = (authorization.as_ref(), ANSWER_BYTES_MAX);
        self.send(Outgoing { what, method, url, authorization, body, answer_bytes_max }).await
    }

    /// Sends one request and reads its whole answer.
    pub(crate) async fn send(&self, outgoing: Outgoing<'_>) -> Result<Answer, Error> {
        let unreachable = |cause: reqwest::Error| {
            let (host, cause) = (shown(&outgoing.url.authority()), shown(&root_cause(&cause)));
            // Being online does not help against a certificate.
            if cause.contains(CERTIFICATE_REFUSED) {
                Error::CertificateUntrusted { host, cause }
            } else {
                Error::Unreachable { host, cause }
            }
        };
        let client = self.client(outgoing.url).await.map_err(unreachable)?;
        let mut request = client.request(outgoing.method.clone(), outgoing.url.url().clone());
        request = request.header(header::ACCEPT, "application/json, */*;q=0.5");
        if let Some(text) = outgoing.authorization {
            let mut value = HeaderValue::try_from(text.expose())
                .map_err(|_| Error::TokenResponseMalformed("access_token"))?;
            value.set_sensitive(true);
            request = request.header(header::AUTHORIZATION, value);
        }
        if let Some((content_type, bytes)) = outgoing.body {
            request = request.header(header::CONTENT_TYPE, content_type).body(bytes.to_vec());
        }
        let mut response = request.send().await.map_err(unreachable)?;
        let mut body = Zeroizing::new(Vec::new());
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if body.len().saturating_add(chunk.len()) > outgoing.answer_bytes_max {
                let bytes_max = outgoing.answer_bytes_max;
                return Err(Error::AnswerTooLong { what: outgoing.what, bytes_max });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status: response.status(), headers: response.headers().clone(), body })
    }

    async fn client(&self, url: &SecureUrl) -> reqwest::Result<&reqwest::Client> {
        if url.is_http() {
            let build = || async { builder().no_proxy().tls_certs_only([]).build() };
            self.loopback.get_or_try_init(build).await
        } else {
            let build = || async { builder().https_only(true).build() };
            self.https.get_or_try_init(build).await
        }
    }
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(EXCHANGE_TIMEOUT)
        .user_agent(concat!("proofkey/", env!("CARGO_PKG_VERSION")))
}

/// The innermost cause: "connection refused" says more than "error sending request".
fn root_cause(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.last().map_or_else(|| error.to_string(), ToString::to_string)
}

impl Answer {
    /// The bytes of a 200; every other status is the error it stands for.
    pub(crate) fn success(self, what: &'static str) -> Result<Self, Error> {
        match self.status.as_u16() {
            200 => Ok(self),
            300..=399 => Err(Error::Redirected { what }),
            status @ (429 | 500..=599) => Err(Error::ServerFailing { what, status }),
            status => Err(Error::StatusUnexpected { what, status }),
        }
    }
}
