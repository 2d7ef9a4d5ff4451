//! An HTTP answer, read whole.

use reqwest::header::HeaderMap;
use serde_json::Value;

/// Status, headers and body of an HTTP answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// All headers, repeated ones too.
    pub headers: HeaderMap,
    /// The body as text.
    pub body: String,
}

impl Answer {
    /// Sends a request and reads the answer.
    pub async fn of(request: reqwest::RequestBuilder) -> Self {
        Self::try_of(request).await.expect("the server answers")
    }

    /// [`Self::of`] for a server that may die meanwhile: an error unless the answer came whole.
    pub(crate) async fn try_of(request: reqwest::RequestBuilder) -> reqwest::Result<Self> {
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Self { status, headers, body: response.text().await? })
    }

    /// A header's value; empty where it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a header of ASCII"))
    }

    /// Whether any header's name starts so.
    pub fn has_header_like(&self, front: &str) -> bool {
        self.headers.keys().any(|name| name.as_str().starts_with(front))
    }

    /// The body as JSON; the test fails if it is none.
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
