//! The clients, users and APIs that every test server has from the start.

use proofkey_oauth::AuthMethod;
use serde_json::{Value, json};

/// A registered client, as a test needs to know it.
#[derive(Clone, Debug)]
pub struct TestClient {
    /// The `client_id` of its registration.
    pub id: String,
    /// Its secret, if it has one.
    pub secret: Option<String>,
    /// How it authenticates at the token endpoint.
    pub method: AuthMethod,
    /// Its first redirect URI; empty for a service.
    pub redirect_uri: String,
    /// All that it may ask for.
    pub scope: String,
}

/// A user, as a test needs to know one.
#[derive(Clone, Debug)]
pub struct TestUser {
    /// The name to sign in with.
    pub username: String,
    /// The password in clear.
    pub password: String,
}

/// A registered API, as a test needs to know it.
#[derive(Clone, Debug)]
pub struct TestApi {
    /// The resource identifier that tokens name as their audience.
    pub resource: String,
    /// The secret it introspects with, if it does.
    pub secret: Option<String>,
}

/// The API of `notes:read` and `notes:write`.
pub const NOTES: &str = "https://notes.example/api";
/// The API of `files:read`.
pub const FILES: &str = "https://files.example/api";
/// All that a person's app may ask for.
pub const SCOPE: &str = "openid profile email offline_access notes:read notes:write files:read";

/// The user of most tests, with claims for `profile` and `email`.
pub fn ada() -> TestUser {
    TestUser { username: "ada".into(), password: "analytical-engine-no-7".into() }
}

/// A second user, for tests in which users must not be confused.
pub fn bob() -> TestUser {
    TestUser { username: "bob".into(), password: "a-bridge-over-the-river-9".into() }
}

/// A native app: public, loopback redirect.
pub fn native() -> TestClient {
    public("native", "http://127.0.0.1/callback")
}

/// A second native app, for tests in which clients must not be confused.
pub fn native_b() -> TestClient {
    public("native-b", "http://127.0.0.1/callback")
}

/// A browser app: public, https redirect.
pub fn spa() -> TestClient {
    public("spa", "https://app.example/callback")
}

/// A second browser app, for the same.
pub fn spa_b() -> TestClient {
    public("spa-b", "https://other-app.example/callback")
}

/// A web server's app: `client_secret_basic`.
pub fn web() -> TestClient {
    confidential("web", "https://web.example/callback", AuthMethod::ClientSecretBasic)
}

/// A second client like [`web`].
pub fn web_b() -> TestClient {
    confidential("web-b", "https://other-web.example/callback", AuthMethod::ClientSecretBasic)
}

/// A web server's app: `client_secret_post`.
pub fn web_post() -> TestClient {
    confidential("web-post", "https://post.example/callback", AuthMethod::ClientSecretPost)
}

/// A second client like [`web_post`].
pub fn web_post_b() -> TestClient {
    confidential("web-post-b", "https://other-post.example/callback", AuthMethod::ClientSecretPost)
}

/// A confidential client for which PKCE is optional.
pub fn legacy() -> TestClient {
    confidential("legacy", "https://legacy.example/callback", AuthMethod::ClientSecretBasic)
}

/// A service that acts for itself: `client_credentials` only.
pub fn service() -> TestClient {
    let client = confidential("service", "", AuthMethod::ClientSecretBasic);
    TestClient { scope: "notes:read notes:write".into(), ..client }
}

/// A second service, for another API.
pub fn service_b() -> TestClient {
    TestClient { scope: "files:read".into(), ..confidential("service-b", "", AuthMethod::ClientSecretBasic) }
}

/// Every kind of client that signs people in.
pub fn user_clients() -> [TestClient; 4] {
    [native(), spa(), web(), web_post()]
}

fn public(id: &str, redirect_uri: &str) -> TestClient {
    let redirect_uri = redirect_uri.to_owned();
    TestClient { id: id.into(), secret: None, method: AuthMethod::None, redirect_uri, scope: SCOPE.into() }
}

fn confidential(id: &str, redirect_uri: &str, method: AuthMethod) -> TestClient {
    // Characters that form-encoding changes: both halves of Basic are encoded (RFC 6749 §2.3.1).
    let secret = Some(format!("{id}: secret+of/100% random=chars"));
    TestClient { id: id.into(), secret, method, redirect_uri: redirect_uri.into(), scope: SCOPE.into() }
}

/// The registration of every client, as `client add` takes it.
pub(crate) fn registrations() -> Vec<Value> {
    let users = json!(["authorization_code", "refresh_token"]);
    let clients = [native(), native_b(), spa(), spa_b(), web(), web_b(), web_post(), web_post_b(), legacy()];
    let mut registrations: Vec<Value> = clients
        .iter()
        .map(|client| {
            let native = client.redirect_uri.starts_with("http://");
            let mut redirect_uris = vec![client.redirect_uri.clone()];
            redirect_uris.extend(native.then(|| "http://[::1]/callback".to_owned()));
            let origin = client.redirect_uri.trim_end_matches("/callback").to_owned();
            json!({
                "client_id": client.id, "client_secret": client.secret, "client_name": format!("The {} app", client.id),
                "token_endpoint_auth_method": client.method, "scope": client.scope, "grant_types": users,
                "application_type": if native { "native" } else { "web" }, "redirect_uris": redirect_uris,
                "post_logout_redirect_uris": [format!("{origin}/bye")],
                "pkce": if client.id == "legacy" { "optional" } else { "required" },
            })
        })
        .collect();
    registrations.extend([service(), service_b()].iter().map(|client| {
        json!({
            "client_id": client.id, "client_secret": client.secret, "scope": client.scope,
            "token_endpoint_auth_method": client.method, "grant_types": ["client_credentials"],
        })
    }));
    registrations
}
