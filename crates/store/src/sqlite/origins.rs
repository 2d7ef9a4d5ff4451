//! The migration that indexes web origins finds the same as the rule that finds them for clients registered since.

use std::collections::BTreeSet;
use std::path::Path;

use proofkey_protocol::web_origins;
use rusqlite::Connection;
use serde_json::json;

use super::migrate::{MIGRATIONS, migrate};

/// The migration before which clients had no index of origins.
const INDEXED_AT: i64 = 3;

/// Redirect URIs whose origins are easy to get wrong.
const ODD: [&str; 19] = [
    "https://app.example/cb",
    "https://app.example",
    "https://app.example?x=/y",
    "https://app.example/?x",
    "https://app.example:443/cb",
    "https://app.example:8443/cb",
    "https://APP.example/cb?a=b/c?d",
    "https://APP.example:443/cb",
    "https://[2001:db8::1]:8443/cb",
    "https://[2001:DB8::443]/cb",
    "http://127.0.0.1/callback",
    "http://127.0.0.1:80/callback",
    "http://127.0.0.1:4456/callback",
    "http://[::1]/",
    "http://[::1]:81?x",
    "http://localhost:3000/a/b",
    "http://localhost/a",
    "httpx.example:/cb",
    "com.example.app:/cb",
];

fn before() -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    let older: Vec<_> = MIGRATIONS.iter().filter(|step| step.version < INDEXED_AT).copied().collect();
    migrate(&mut connection, &older).unwrap();
    connection
}

fn add(connection: &Connection, id: &str, metadata: &str, disabled: bool) {
    let insert = "INSERT INTO clients (id, metadata, disabled, created_at) VALUES (?1, ?2, ?3, 0)";
    connection.execute(insert, (id, metadata, disabled)).unwrap();
}

/// What the index holds of one client, in order.
fn indexed(connection: &Connection, id: &str) -> Vec<(String, bool)> {
    let text = "SELECT origin, disabled FROM client_origins WHERE client_id = ?1 ORDER BY origin";
    let mut statement = connection.prepare(text).unwrap();
    let rows = statement.query_map([id], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

/// What the rule finds in a registration, in order.
fn ruled(metadata: &serde_json::Value, disabled: bool) -> Vec<(String, bool)> {
    let metadata = serde_json::from_value(metadata.clone()).unwrap();
    let keys: BTreeSet<_> = web_origins(&metadata).iter().map(|origin| origin.key().to_owned()).collect();
    keys.into_iter().map(|key| (key, disabled)).collect()
}

#[test]
fn tk_19_k_31_the_migrations_index_what_the_rule_finds() {
    let mut connection = before();
    let mut registered = Vec::new();
    for application in ["web", "native"] {
        let with = |uris: &[&str]| json!({"redirect_uris": uris, "application_type": application});
        registered.extend(ODD.iter().map(|uri| (format!("{application} {uri}"), with(&[uri]), false)));
        registered.push((format!("{application} all"), with(&ODD), true));
    }
    for (id, metadata, disabled) in &registered {
        add(&connection, id, &metadata.to_string(), *disabled);
    }
    for (id, metadata) in [
        ("none", "{}"),
        ("torn", "{\"redirect_uris\": [\"https://"),
        ("text", "hush"),
        ("numbers", "{\"redirect_uris\": [1, null, [\"https://a.example/\"]]}"),
    ] {
        add(&connection, id, metadata, false);
    }
    migrate(&mut connection, MIGRATIONS).unwrap();
    for (id, metadata, disabled) in &registered {
        assert_eq!(indexed(&connection, id), ruled(metadata, *disabled), "{id}");
    }
    for id in ["none", "torn", "text", "numbers"] {
        assert_eq!(indexed(&connection, id), [], "{id}");
    }
}

#[test]
fn tk_19_the_clients_of_earlier_releases_are_indexed() {
    let museum = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/museum");
    let mut clients = 0;
    for entry in std::fs::read_dir(museum).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_dir())
    {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("proofkey.db");
        let _bytes = std::fs::copy(entry.path().join("data/proofkey.db"), &file).unwrap();
        let mut connection = Connection::open(&file).unwrap();
        migrate(&mut connection, MIGRATIONS).unwrap();
        let mut statement = connection.prepare("SELECT id, metadata, disabled FROM clients").unwrap();
        let rows = statement
            .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get(2)?)))
            .unwrap();
        for (id, metadata, disabled) in rows.map(Result::unwrap) {
            let found = ruled(&serde_json::from_str(&metadata).unwrap(), disabled);
            assert_eq!(indexed(&connection, &id), found, "{id}");
            clients += usize::from(!found.is_empty());
        }
    }
    assert!(clients > 5, "{clients}");
}
