//! Authorization requests that tests change, and how forms and client credentials are written.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proofkey_oauth::{CodeVerifier, form_encode, form_encoded};
use proofkey_protocol::Random as _;
use proofkey_server::SystemRandom;

use crate::fixtures::TestClient;

/// An authorization request that is valid until a test changes it.
#[derive(Clone, Debug)]
pub struct AuthorizeRequest {
    /// The parameters, in the order in which they are sent.
    pub params: Vec<(String, String)>,
    /// The verifier of its challenge.
    pub verifier: String,
}

impl AuthorizeRequest {
    /// The request of a client for `openid`, with state, nonce and challenge.
    pub fn new(client: &TestClient) -> Self {
        let mut octets = [0; 32];
        SystemRandom.fill(&mut octets);
        let verifier = CodeVerifier::from_random(&octets);
        let (state, nonce) = (random_text(), random_text());
        let challenge = verifier.challenge().to_string();
        let pairs = [
            ("response_type", "code"),
            ("client_id", &client.id),
            ("redirect_uri", &client.redirect_uri),
            ("scope", "openid"),
            ("state", &state),
            ("nonce", &nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let params = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { params, verifier: verifier.expose().to_owned() }
    }

    /// Sets a parameter, wherever it stands.
    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Self {
        match self.params.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => value.clone_into(old),
            None => self.params.push((name.to_owned(), value.to_owned())),
        }
        self
    }

    /// Adds a parameter, even if it is there.
    #[must_use]
    pub fn push(mut self, name: &str, value: &str) -> Self {
        self.params.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Removes a parameter.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.params.retain(|(known, _)| known != name);
        self
    }

    /// The value of a parameter; empty where it is absent.
    pub fn get(&self, name: &str) -> &str {
        self.params.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The query of the authorization request.
    pub fn encoded(&self) -> String {
        form_body(&self.params)
    }
}

/// A form body or query of these pairs.
pub fn form_body<N: AsRef<str>, V: AsRef<str>>(pairs: &[(N, V)]) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        form_encode(&mut out, name.as_ref(), value.as_ref());
    }
    out
}

/// The value of an `Authorization: Basic` header, both halves form-encoded (RFC 6749 §2.3.1).
pub fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{}:{}", form_encoded(id), form_encoded(secret))))
}

/// 128 random bits as text.
pub(crate) fn random_text() -> String {
    let mut bytes = [0; 16];
    SystemRandom.fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
