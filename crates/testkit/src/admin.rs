//! What an operator does, done to a test server: clients, APIs, users, consents.

use proofkey_oauth::ResourceUri;
use proofkey_protocol::{ApiScope, ClientId};
use proofkey_server::admin::{Actor, Admin, AdminSettings, ClientDocument, NewApi};
use serde_json::Value;

use crate::configuration::config;
use crate::fixtures::{TestApi, TestUser};
use crate::server::TestServer;
use crate::template;

impl TestServer {
    /// Administers it, as commands do beside a running server.
    pub fn admin(&self) -> Admin {
        let config = config(&self.issuer, &self.data(), &self.settings);
        let settings = AdminSettings::from_config(&config).expect("password settings");
        Admin::new(self.store().clone(), settings, self.clock.clone(), Actor::cli(template::ACTOR))
    }

    /// Registers a client; returns its secret.
    pub async fn client(&self, metadata: &Value) -> Option<String> {
        let new = ClientDocument::parse(&metadata.to_string()).expect("client metadata");
        let added = self.admin().add_client(new).await.expect("the client can be added");
        self.refresh_directory().await;
        added.secret.map(|secret| secret.expose().to_owned())
    }

    /// Replaces the registration of a client.
    pub async fn update_client(&self, id: &str, metadata: &Value) {
        let new = ClientDocument::parse(&metadata.to_string()).expect("client metadata");
        let updated = self.admin().update_client(&ClientId::new(id), new).await;
        let _record = updated.expect("the client can be changed");
        self.refresh_directory().await;
    }

    /// Removes an API.
    pub async fn remove_api(&self, resource: &str) {
        let resource = ResourceUri::parse(resource).expect("a resource");
        self.admin().remove_api(&resource).await.expect("the API exists");
        self.refresh_directory().await;
    }

    /// Registers an API; its secret is there if it introspects.
    pub async fn api(&self, resource: &str, scopes: &[&str], introspection: bool) -> TestApi {
        let scope = |name: &&str| ApiScope { name: (*name).to_owned(), description: None };
        let scopes = scopes.iter().map(scope).collect();
        self.api_with(NewApi { resource: resource.to_owned(), scopes, introspection, ..NewApi::default() })
            .await
    }

    /// Registers an API with everything that one can have.
    pub async fn api_with(&self, new: NewApi) -> TestApi {
        let resource = new.resource.clone();
        let added = self.admin().add_api(new).await.expect("the API can be added");
        self.refresh_directory().await;
        TestApi { resource, secret: added.introspection.map(|secret| secret.expose().to_owned()) }
    }

    /// Adds a user with claims; returns the `sub`.
    pub async fn user(&self, user: &TestUser, claims: Value) -> String {
        template::add_user(&self.admin(), user, claims).await
    }

    /// Adds another person under the name of a user who was removed; returns the `sub`.
    pub async fn user_under_freed_name(&self, user: &TestUser) -> String {
        let added = self.admin().add_user_under_freed_name(template::new_user(user, &Value::Null)).await;
        added.expect("the user can be added").id.to_string()
    }

    /// Sets a user's password as an operator does.
    pub async fn set_password(&self, username: &str, password: &str) {
        let password = proofkey_oauth::Secret::new(password.to_owned());
        let _user = self.admin().set_password(username, &password).await.expect("the password can be set");
    }

    /// Disables or enables a user.
    pub async fn disable_user(&self, user: &TestUser, disabled: bool) {
        let (admin, name) = (self.admin(), &user.username);
        let changed = if disabled { admin.disable_user(name).await } else { admin.enable_user(name).await };
        let _user = changed.expect("the user exists");
    }

    /// Disables or enables a client.
    pub async fn disable_client(&self, id: &str, disabled: bool) {
        let (admin, id) = (self.admin(), ClientId::new(id.to_owned()));
        let changed = if disabled { admin.disable_client(&id).await } else { admin.enable_client(&id).await };
        changed.expect("the client exists");
        self.refresh_directory().await;
    }

    /// Withdraws a user's remembered consent to a client.
    pub async fn withdraw_consent(&self, user: &TestUser, client_id: &str) {
        let client = ClientId::new(client_id.to_owned());
        let revoked = self.admin().revoke_consent(&user.username, &client, None).await;
        let _user = revoked.expect("the consent exists");
    }
}
