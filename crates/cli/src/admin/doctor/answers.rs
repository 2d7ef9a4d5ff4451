//! Requests to the public name, as a stranger sends them, and what came back.

use std::error::Error as _;
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use serde_json::Value;

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest wait for an answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest answer that is looked at, in bytes.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// An answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Answer {
    /// Its body, if that is JSON.
    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_str(&self.body).ok()
    }

    /// A header's value; empty where there is none.
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// What it says of itself, for a message.
    pub(super) fn shown(&self) -> String {
        match self.header("location") {
            "" => format!("{} with {:?}", self.status, self.header("content-type")),
            location => format!("{} to {location}", self.status),
        }
    }
}

/// Sends requests straight to the host that a URL names: no proxy of this shell's environment comes between.
pub(super) struct Caller(reqwest::Client);

impl Caller {
    pub(super) fn new() -> Result<Self, String> {
        let builder = reqwest::Client::builder().redirect(Policy::none()).no_proxy();
        let builder = builder.connect_timeout(CONNECT_TIMEOUT).timeout(ANSWER_TIMEOUT);
        builder.user_agent("proofkey-doctor").build().map(Self).map_err(|error| cause(&error))
    }

    pub(super) async fn get(&self, url: &str) -> Result<Answer, String> {
        read(self.0.get(url)).await
    }

    /// A token request that is refused whatever is registered: its grant type does not exist.
    pub(super) async fn post_nonsense(
        &self,
        url: &str,
        forwarded_for: Option<&str>,
    ) -> Result<Answer, String> {
        let mut request = self.0.post(url).form(&[("grant_type", "urn:proofkey:doctor")]);
        if let Some(forged) = forwarded_for {
            request = request.header("x-forwarded-for", forged);
        }
        read(request).await
    }
}

async fn read(request: reqwest::RequestBuilder) -> Result<Answer, String> {
    let mut response = request.send().await.map_err(|error| cause(&error))?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| cause(&error))? {
        if body.len().saturating_add(chunk.len()) > ANSWER_BYTES_MAX {
            return Err(format!("an answer of more than {ANSWER_BYTES_MAX} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, headers, body: String::from_utf8_lossy(&body).into_owned() })
}

/// The last of a chain of causes, which says most.
fn cause(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    let mut text = error.to_string();
    while let Some(next) = cause {
        text = next.to_string();
        cause = next.source();
    }
    text
}
