//! The database that every test server starts with: keys, APIs, clients and users, made once per process and engine.

use std::path::Path;

use proofkey_oauth::Secret;
use proofkey_protocol::ApiScope;
use proofkey_server::admin::{Actor, Admin, AdminSettings, ClientDocument, NewApi, NewUser};
use proofkey_server::clock::Clock;
use proofkey_server::trace::Tracer;
use proofkey_server::{Randomness, Start};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::sync::OnceCell;

use crate::configuration::config;
use crate::fixtures::{self, FILES, NOTES, TestUser};
use crate::postgres::TestDatabase;

/// In whose name tests administer.
pub(crate) const ACTOR: &str = "testkit";

/// Made once per process: making its RSA key takes longer than everything else together.
static FILE: OnceCell<(Vec<u8>, i64)> = OnceCell::const_new();
/// The same in PostgreSQL.
static DATABASE: OnceCell<(TestDatabase, i64)> = OnceCell::const_new();

/// Puts a copy into a data directory; the instant at which it was made, where manual clocks begin.
pub(crate) async fn copy_to(data: &Path) -> i64 {
    let make = async || {
        let directory = tempfile::tempdir().unwrap();
        let made_at = make(directory.path(), &[]).await;
        // Closing has moved everything from the log into the file.
        (std::fs::read(directory.path().join("proofkey.db")).unwrap(), made_at)
    };
    let (database, made_at) = FILE.get_or_init(make).await;
    std::fs::write(data.join("proofkey.db"), database).unwrap();
    *made_at
}

/// A copy in PostgreSQL, and the instant at which the first was made.
pub(crate) async fn copy_in_postgres() -> (TestDatabase, i64) {
    let make = async || {
        let database = TestDatabase::create("template0").await;
        let directory = tempfile::tempdir().unwrap();
        let made_at = make(directory.path(), &[("store.url".to_owned(), database.url())]).await;
        (database, made_at)
    };
    let (database, made_at) = DATABASE.get_or_init(make).await;
    (TestDatabase::create(database.name()).await, *made_at)
}

/// Puts it into an empty database in PostgreSQL; the instant at which that was done.
pub(crate) async fn put_into(url: &str) -> i64 {
    let directory = tempfile::tempdir().unwrap();
    make(directory.path(), &[("store.url".to_owned(), url.to_owned())]).await
}

async fn make(data: &Path, settings: &[(String, String)]) -> i64 {
    let now = Clock::System.now();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let config = config(&issuer, data, settings);
    let admin_settings = AdminSettings::from_config(&config).expect("password settings");
    let (clock, randomness) = (Clock::manual(now), Randomness::System);
    let start = Start { config, clock, randomness, tracer: Tracer::default(), listener: Some(listener) };
    let running = start.run().await.expect("the template server starts");
    let admin = Admin::new(running.store.clone(), admin_settings, Clock::manual(now), Actor::cli(ACTOR));
    seed(&admin).await;
    running.stop();
    drop(admin);
    running.stopped().await.expect("the template server stops");
    now
}

/// The fixtures, into the database of a server that runs.
async fn seed(admin: &Admin) {
    for (resource, name, scopes) in [
        (
            NOTES,
            "Notes",
            [("notes:read", "Read your notes"), ("notes:write", "Change your notes")].as_slice(),
        ),
        (FILES, "Files", [("files:read", "Read your files")].as_slice()),
    ] {
        let scope = |(name, words): &(&str, &str)| ApiScope {
            name: (*name).to_owned(),
            description: Some((*words).to_owned()),
        };
        let scopes = scopes.iter().map(scope).collect();
        let new = NewApi { resource: resource.into(), name: Some(name.into()), scopes, ..NewApi::default() };
        let _ = admin.add_api(new).await.expect("the API can be added");
    }
    for registration in fixtures::registrations() {
        let new = ClientDocument::parse(&without_nulls(registration).to_string()).expect("client metadata");
        let _ = admin.add_client(new).await.expect("the client can be added");
    }
    for (user, claims) in [(fixtures::ada(), ada_claims()), (fixtures::bob(), json!({"name": "Bob"}))] {
        let _ = add_user(admin, &user, claims).await;
    }
}

/// Adds a user with the given claims.
pub(crate) async fn add_user(admin: &Admin, user: &TestUser, claims: Value) -> String {
    admin.add_user(new_user(user, &claims)).await.expect("the user can be added").id.to_string()
}

pub(crate) fn new_user(user: &TestUser, claims: &Value) -> NewUser {
    let claims: Map<String, Value> = claims.as_object().cloned().unwrap_or_default();
    let password = Some(Secret::new(user.password.clone()));
    NewUser { username: user.username.clone(), password, claims }
}

fn ada_claims() -> Value {
    json!({
        "name": "Ada Lovelace", "given_name": "Ada", "family_name": "Lovelace",
        "email": "ada@example.com", "email_verified": true, "locale": "en",
    })
}

fn without_nulls(mut value: Value) -> Value {
    if let Some(members) = value.as_object_mut() {
        members.retain(|_, member| !member.is_null());
    }
    value
}
