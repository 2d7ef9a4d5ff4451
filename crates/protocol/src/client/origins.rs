//! The web origins of a client: where a browser app runs that may read our answers.

use proofkey_oauth::{AppOrigin, ClientMetadata, RedirectUri};

use super::application::application;

/// The web origins of a registration, each once: those of its redirect URIs and the further ones that it names. What could
/// not be registered has none.
pub fn web_origins(metadata: &ClientMetadata) -> Vec<AppOrigin> {
    let application = application(metadata);
    let of_uri = |uri: &String| RedirectUri::register(uri, application).ok()?.web_origin();
    let further = metadata.allowed_cors_origins.iter().cloned().map(AppOrigin::Exact);
    let mut origins = Vec::new();
    for origin in metadata.redirect_uris.iter().filter_map(of_uri).chain(further) {
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    origins
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::client::{Client, RegistrationRefused};
    use crate::fixtures::{client, client_record};

    #[test]
    fn tk_19_k_31_origins_come_from_the_redirect_uris_and_from_the_registration() {
        let metadata = json!({
            "redirect_uris": [
                "https://app.example/cb",
                "https://app.example:443/x?y",
                "https://App.Example/z",
                "http://127.0.0.1:4456/callback",
                "http://[::1]/callback",
                "com.example.app:/cb",
            ],
            "allowed_cors_origins": ["https://other.example", "capacitor://localhost", "https://app.example"],
        });
        let exact = |text: &str| AppOrigin::Exact(text.to_owned());
        assert_eq!(
            client(metadata).origins,
            [
                exact("https://app.example"),
                exact("http://127.0.0.1:4456"),
                AppOrigin::AnyPort("http://[::1]".to_owned()),
                exact("https://other.example"),
                exact("capacitor://localhost"),
            ]
        );
    }

    /// A redirect URI that is accepted is the page that then calls the token endpoint.
    #[test]
    fn k_31_what_a_redirect_uri_allows_cors_allows() {
        for (registered, sent, origin) in [
            ("https://app.example:443/cb", "https://app.example:443/cb", "https://app.example"),
            ("https://APP.example/cb", "https://APP.example/cb", "https://app.example"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:5173/cb", "http://127.0.0.1:5173"),
            ("http://127.0.0.1/cb", "http://127.0.0.1/cb", "http://127.0.0.1"),
            ("http://[::1]/cb", "http://[::1]:5173/cb", "http://[::1]:5173"),
            ("http://localhost:3000/cb", "http://localhost:3000/cb", "http://localhost:3000"),
        ] {
            let client = client(json!({"redirect_uris": [registered], "application_type": "web"}));
            assert!(client.redirect_uris.iter().any(|uri| uri.matches(sent)), "{sent}");
            assert!(client.origins.iter().any(|known| known.covers(origin)), "{sent}");
        }
    }

    #[test]
    fn k_31_a_further_origin_is_one_that_a_browser_sends() {
        let with = |origins: &[&str]| {
            let uris = ["https://app.example/cb"];
            let metadata = json!({"redirect_uris": uris, "allowed_cors_origins": origins});
            Client::try_from(&client_record("app", metadata))
        };
        for good in
            ["https://other.example:8443", "http://localhost:3000", "http://[::1]", "capacitor://localhost"]
        {
            assert!(with(&[good]).is_ok(), "{good}");
        }
        for bad in
            ["*", "null", "https://other.example/", "https://other.example:443", "http://other.example"]
        {
            let refused = with(&["https://a.example", bad]).unwrap_err();
            assert_eq!(refused.member(), ("allowed_cors_origins", Some(1)), "{bad}");
        }
        assert_eq!(with(&["https://a.example"; 51]).unwrap_err(), RegistrationRefused::TooManyOrigins);
    }
}
