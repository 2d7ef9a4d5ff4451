//! What an operator does, done to a test server: clients, APIs, users, consents.

use proofkey_protocol::ClientId;
use proofkey_server::admin::{self, Hashing, NewApi, NewClient};
use proofkey_server::username_key;
use serde_json::Value;

use crate::configuration::config;
use crate::fixtures::{TestApi, TestUser};
use crate::server::TestServer;
use crate::template;

impl TestServer {
    /// Registers a client; returns its secret.
    pub async fn client(&self, metadata: &Value) -> Option<String> {
        let new = NewClient::parse(&metadata.to_string()).expect("client metadata");
        let added = admin::add_client(self.store(), new, self.now()).await.expect("the client can be added");
        self.refresh_directory().await;
        added.secret.map(|secret| secret.expose().to_owned())
    }

    /// Registers an API; its secret is there if it introspects.
    pub async fn api(&self, resource: &str, scopes: &[&str], introspection: bool) -> TestApi {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        self.api_with(NewApi { resource: resource.to_owned(), scopes, introspection, ..NewApi::default() })
            .await
    }

    /// Registers an API with everything that one can have.
    pub async fn api_with(&self, new: NewApi) -> TestApi {
        let resource = new.resource.clone();
        let added = admin::add_api(self.store(), new).await.expect("the API can be added");
        self.refresh_directory().await;
        TestApi { resource, secret: added.introspection.map(|secret| secret.expose().to_owned()) }
    }

    /// Adds a user with claims; returns the `sub`.
    pub async fn user(&self, user: &TestUser, claims: Value) -> String {
        let hashing = self.hashing();
        template::add_user(self.store(), &hashing, user, claims, self.now()).await
    }

    /// Sets a user's password as an operator does.
    pub async fn set_password(&self, username: &str, password: &str) {
        let hashing = self.hashing();
        let password = proofkey_oauth::Secret::new(password.to_owned());
        admin::set_password(self.store(), &hashing, username, &password, &self.clock)
            .await
            .expect("the password can be set");
    }

    /// Disables or enables a user.
    pub async fn disable_user(&self, user: &TestUser, disabled: bool) {
        let key = username_key(&user.username).expect("a username");
        let now = self.now();
        self.store().set_user_disabled(&key, disabled, move || now).await.expect("the user exists");
    }

    /// Disables or enables a client.
    pub async fn disable_client(&self, id: &str, disabled: bool) {
        self.store()
            .set_client_disabled(&ClientId::new(id.to_owned()), disabled)
            .await
            .expect("the client exists");
        self.refresh_directory().await;
    }

    /// Withdraws a user's remembered consent to a client.
    pub async fn withdraw_consent(&self, user: &TestUser, client_id: &str) {
        let key = username_key(&user.username).expect("a username");
        let user = self.store().user_by_name(&key).await.expect("the store reads").expect("the user exists");
        let client = ClientId::new(client_id.to_owned());
        self.store().revoke_consent(&user.id, &client).await.expect("the consent exists");
    }

    fn hashing(&self) -> Hashing {
        let config = config(&self.issuer, &self.data(), &self.settings);
        Hashing::from_config(&config).expect("password settings")
    }
}
