//! The users, clients and APIs of a run.

use std::collections::BTreeMap;
use std::sync::Arc;

use proofkey_jose::Algorithm;
use proofkey_oauth::{ClientCredentials, PresentedCredentials, ResourceUri, Secret, Timestamp};
use proofkey_protocol::{
    ApiRecord, ApiScope, AuthenticatedClient, Client, ClientId, ClientRecord, ClientSecretRecord, Judged,
    UserId, UserRecord, authenticate,
};
use serde_json::json;

use super::settings::START;
use crate::model::Model;

/// Where codes go.
pub(crate) const CALLBACK: &str = "https://app.example/cb";
/// Its access tokens are of an algorithm of its own.
const MAIL: &str = "https://mail.example";
/// The two APIs.
pub(crate) const APIS: [(&str, &[&str]); 2] =
    [("https://notes.example", &["read", "write"]), (MAIL, &["send"])];
/// Names to sign in with.
pub(crate) const USERS: [&str; 2] = ["ada", "bob"];
/// The password of each at first.
pub(crate) const FIRST_PASSWORD: &str = "first";
/// A web server, a browser app whose grants end with the session, and processes that share a sign-in.
pub(crate) const CLIENTS: [&str; 3] = ["web", "spa", "shared"];
/// The client whose ID tokens say something of the user, and what.
pub(crate) const CLIENT_OF_CLAIMS: &str = "web";
/// It is the id of the user, so that it tells whose it is.
pub(crate) const CLAIM: &str = "nickname";
const SECRET: &str = "the secret";

/// What was registered when the run began. Servers remember it for as long as they like: what takes it away is read.
pub(crate) struct Registered {
    clients: BTreeMap<&'static str, (ClientRecord, Arc<Client>)>,
}

impl Registered {
    pub(crate) fn new() -> Self {
        let clients = CLIENTS.map(|id| {
            let record = client_record(id);
            let client = Client::try_from(&record).expect("a registration");
            (id, (record, Arc::new(client)))
        });
        Self { clients: clients.into_iter().collect() }
    }

    /// Registers all of it.
    pub(crate) fn add_all(&self, model: &mut Model) {
        for name in USERS {
            model.add_user(user(name, 1)).expect("a new user");
        }
        for (record, _) in self.clients.values() {
            model.add_client(record.clone()).expect("a new client");
        }
        for (resource, scopes) in APIS {
            model.add_api(api(resource, scopes)).expect("a new API");
        }
    }

    /// A client as a server remembers it.
    pub(crate) fn client(&self, id: &str) -> Arc<Client> {
        self.clients.get(id).map(|(_, client)| Arc::clone(client)).expect("a client of this run")
    }

    /// Its registration.
    pub(crate) fn record(&self, id: &str) -> ClientRecord {
        self.clients.get(id).map(|(record, _)| record.clone()).expect("a client of this run")
    }

    /// A client that has proved who it is.
    pub(crate) fn authenticated(&self, id: &str) -> AuthenticatedClient {
        let client = self.client(id);
        let client_id = id.to_owned();
        let credentials = if client.is_public() {
            ClientCredentials::None { client_id }
        } else {
            ClientCredentials::Basic { client_id, secret: Secret::new(SECRET.to_owned()) }
        };
        let presented = PresentedCredentials::Present(credentials);
        match authenticate(&presented, Some(client), Timestamp(START)) {
            Judged::Named(Ok(client)) | Judged::Compared(Ok(client)) => client,
            refused => panic!("{refused:?}"),
        }
    }
}

/// The stored form of a password: no hash is run here.
pub(crate) fn stored(password: &str) -> String {
    format!("$stored${password}")
}

/// The id of the person who has the name after so many others, counted from 1.
pub(crate) fn user_id(name: &str, number: usize) -> UserId {
    UserId::new(format!("u-{name}-{number}"))
}

pub(crate) fn user(name: &str, number: usize) -> UserRecord {
    let id = user_id(name, number);
    let claims = [(CLAIM.to_owned(), json!(id.as_str()))].into_iter().collect();
    UserRecord {
        id,
        username: name.to_owned(),
        username_key: name.to_owned(),
        password: Some(stored(FIRST_PASSWORD)),
        claims,
        disabled: false,
        valid_from: Timestamp(START - 1_000),
        created_at: Timestamp(START - 1_000),
        updated_at: Timestamp(START - 1_000),
    }
}

pub(crate) fn api(resource: &str, scopes: &[&str]) -> ApiRecord {
    let scopes = scopes.iter().map(|name| ApiScope { name: (*name).to_owned(), description: None });
    ApiRecord {
        resource: ResourceUri::parse(resource).expect("a resource"),
        name: None,
        scopes: scopes.collect(),
        access_token_seconds: None,
        algorithm: (resource == MAIL).then_some(Algorithm::EdDsa),
        introspection: None,
    }
}

pub(crate) fn client_record(id: &str) -> ClientRecord {
    let is_public = id == "spa";
    let mut grant_types = vec!["authorization_code", "refresh_token"];
    if !is_public {
        grant_types.push("client_credentials");
    }
    let metadata = json!({
        "token_endpoint_auth_method": if is_public { "none" } else { "client_secret_basic" },
        "redirect_uris": [CALLBACK],
        "grant_types": grant_types,
        "scope": "openid profile offline_access read write send",
        "id_token_claims": if id == CLIENT_OF_CLAIMS { vec![CLAIM] } else { vec![] },
        "resources": APIS.map(|(resource, _)| resource),
        "refresh_shared": id == "shared",
    });
    let hash = Secret::new(SECRET.to_owned()).hash();
    let secret = ClientSecretRecord { hash, created_at: Timestamp(START), expires_at: None };
    ClientRecord {
        id: ClientId::new(id),
        metadata: serde_json::from_value(metadata).expect("metadata"),
        secrets: if is_public { vec![] } else { vec![secret] },
        disabled: false,
        created_at: Timestamp(START),
    }
}
