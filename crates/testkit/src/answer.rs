//! An HTTP answer, read whole.

use reqwest::header::HeaderMap;
use serde_json::Value;

/// An HTTP answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: String,
}

impl Answer {
    /// Sends a request and reads the answer.
    pub async fn of(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.expect("the server answers");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, body: response.text().await.expect("the answer is text") }
    }

    /// The same of a server that may die meanwhile: nothing unless the whole answer came.
    pub(crate) async fn of_mortal(request: reqwest::RequestBuilder) -> Option<Self> {
        let response = request.send().await.ok()?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Some(Self { status, headers, body: response.text().await.ok()? })
    }

    /// A header's value; empty where it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a header of ASCII"))
    }

    /// Whether any header's name starts so.
    pub fn has_header_like(&self, front: &str) -> bool {
        self.headers.keys().any(|name| name.as_str().starts_with(front))
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The `error` member of the body; empty where there is none.
    pub fn error(&self) -> String {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        body["error"].as_str().unwrap_or_default().to_owned()
    }

    /// Status and error code, for assertions.
    pub fn refusal(&self) -> (u16, String) {
        (self.status, self.error())
    }
}
