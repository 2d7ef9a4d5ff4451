//! What an API says about itself, turned into the layer that protects it.

use std::sync::Arc;

use proofkey_jose::Algorithm;
use proofkey_oauth::{Issuer, ResourceUri, Scope, Secret};

use crate::{
    Challenge, Clock, ConfigurationError, Policy, ProtectLayer, ResourceMetadata, cors::Origins,
    fetch::Fetch, introspection::Introspection, keys::Keys, layer::Guard, metadata::Location,
    remembered::Remembered,
};

/// The settings of a protected API.
#[derive(Debug)]
#[must_use = "nothing is protected before `build` and `layer`"]
pub struct Protect {
    issuer: String,
    audience: String,
    scopes: Vec<String>,
    scopes_supported: Vec<String>,
    algorithms: Vec<Algorithm>,
    leeway_seconds: Option<u32>,
    origins: Vec<String>,
    realm: Option<String>,
    resource_metadata: Option<String>,
    introspection: Option<(String, Secret)>,
    clock: Clock,
}

impl Protect {
    /// An API called `audience` (its resource identifier, RFC 8707) that trusts tokens of `issuer`.
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            audience: audience.into(),
            scopes: Vec::new(),
            scopes_supported: Vec::new(),
            algorithms: Algorithm::ALL.to_vec(),
            leeway_seconds: None,
            origins: Vec::new(),
            realm: None,
            resource_metadata: None,
            introspection: None,
            clock: Clock::system(),
        }
    }

    /// Scopes that every request needs. Routes that need more use [`crate::RequireScope`].
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// Further scopes that the metadata document names (RFC 9728 §2).
    pub fn scopes_supported<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes_supported = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// The algorithms that the issuer signs with; by default all that we verify.
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = algorithms.into_iter().collect();
        self
    }

    /// How far the clocks of issuer and API may differ, [`crate::LEEWAY_SECONDS_MAX`] at most.
    pub fn leeway_seconds(mut self, seconds: u32) -> Self {
        self.leeway_seconds = Some(seconds);
        self
    }

    /// The web origins whose pages may call this API from a browser, written as browsers send them; `*` for all.
    pub fn cors_origins<S: Into<String>>(mut self, origins: impl IntoIterator<Item = S>) -> Self {
        self.origins = origins.into_iter().map(Into::into).collect();
        self
    }

    /// The realm in challenges; by default the audience.
    pub fn realm(mut self, realm: impl Into<String>) -> Self {
        self.realm = Some(realm.into());
        self
    }

    /// Where the metadata document lies, if not where RFC 9728 §3.1 puts it.
    pub fn resource_metadata(mut self, url: impl Into<String>) -> Self {
        self.resource_metadata = Some(url.into());
        self
    }

    /// Asks the issuer about each token too (RFC 7662), so that revoked tokens end within 30 seconds. `client_id` and
    /// `secret` are this API's own credential at the issuer.
    pub fn introspection(mut self, client_id: impl Into<String>, secret: Secret) -> Self {
        self.introspection = Some((client_id.into(), secret));
        self
    }

    /// Replaces the machine's clock, for tests.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Checks the settings. Needs no network: keys are fetched with the first token.
    pub fn build(self) -> Result<ProtectLayer, ConfigurationError> {
        let issuer = Issuer::parse(&self.issuer)?;
        let resource = ResourceUri::parse(&self.audience)?;
        let required = Scope::parse(&self.scopes.join(" "))?;
        let supported = required.union(&Scope::parse(&self.scopes_supported.join(" "))?);
        if self.algorithms.is_empty() {
            return Err(ConfigurationError::NoAlgorithm);
        }
        let mut policy =
            Policy::new(issuer.as_str(), resource.as_str()).with_algorithms(self.algorithms.iter().copied());
        if let Some(seconds) = self.leeway_seconds {
            policy = policy.with_leeway_seconds(seconds)?;
        }
        let origins = Origins::new(&self.origins)?;
        let fetch = Fetch::new(&issuer).map_err(ConfigurationError::HttpClient)?;
        let location = Location::of(&resource);
        let metadata_url = self.resource_metadata.or_else(|| location.as_ref().map(|at| at.url.clone()));
        let realm = self.realm.unwrap_or(self.audience);
        let metadata = ResourceMetadata::new(&resource, &issuer, &supported);
        Ok(ProtectLayer::new(Guard {
            policy,
            challenge: Arc::new(Challenge::new(realm, metadata_url, required.clone())),
            required,
            origins,
            metadata,
            metadata_path: location.map(|at| at.path),
            remembered: Remembered::new(),
            introspection: self
                .introspection
                .map(|(client_id, secret)| Introspection::new(fetch.clone(), client_id, secret)),
            keys: Arc::new(Keys::new(issuer, fetch, self.clock.clone())),
            clock: self.clock,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_protect_nothing_are_refused() {
        let good = || Protect::new("https://id.example", "https://api.example/notes");
        assert!(good().build().is_ok());
        assert!(good().cors_origins(["*"]).leeway_seconds(60).build().is_ok());
        let bad = [
            Protect::new("http://id.example", "https://api.example/notes"),
            Protect::new("https://id.example", "notes"),
            good().scopes(["a\"b"]),
            good().scopes_supported(["a\\b"]),
            good().leeway_seconds(61),
            good().algorithms([]),
            good().cors_origins(["app.example"]),
            good().cors_origins(["https://app.example/"]),
            good().cors_origins(["https://app.example\n"]),
        ];
        for (at, protect) in bad.into_iter().enumerate() {
            assert!(protect.build().is_err(), "case {at}");
        }
    }

    #[test]
    fn origins_that_no_browser_sends_are_refused_by_name() {
        let build = |origin| Protect::new("https://id.example", "urn:api").cors_origins([origin]).build();
        for good in [
            "https://app.example",
            "https://app.example:8443",
            "http://127.0.0.1:4456",
            "http://[::1]:3000",
            "http://localhost",
            "https://xn--bcher-kva.example",
            "capacitor://localhost",
            "chrome-extension://abcdefghijklmnop",
        ] {
            assert!(build(good).is_ok(), "{good}");
        }
        for bad in [
            "https://app.example/path",
            "https://app.example?x",
            "https://app.example#x",
            "https://App.example",
            "HTTPS://app.example",
            "https://app.example:443",
            "http://app.example:80",
            "https://b\u{fc}cher.example",
            "https://a@app.example",
            "https://app.example:",
            "https://app.example, https://b.example",
            "https://*.app.example",
            "https://",
            "file://",
            "app.example",
            "capacitor://localhost/x",
            "Capacitor://localhost",
            "null",
            "",
        ] {
            let error = build(bad).unwrap_err();
            assert!(matches!(&error, ConfigurationError::Origin(named) if named == bad), "{bad}: {error}");
        }
    }
}
