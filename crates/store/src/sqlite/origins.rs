//! The migration that indexes web origins finds the same as the rule that finds them for clients registered since.

use std::path::Path;

use proofkey_protocol::web_origins;
use rusqlite::Connection;

use super::migrate::{MIGRATIONS, migrate};

/// The migration before which clients had no index of origins.
const INDEXED_AT: i64 = 3;

/// Redirect URIs whose origins are easy to get wrong, and some that never passed registration.
const ODD: [&str; 24] = [
    "https://app.example/cb",
    "https://app.example",
    "https://app.example?x=/y",
    "https://app.example/?x",
    "https://app.example:8443/cb",
    "https://APP.example/cb?a=b/c?d",
    "https://[2001:db8::1]:8443/cb",
    "http://127.0.0.1/callback",
    "http://127.0.0.1:4456/callback",
    "http://[::1]/",
    "http://[::1]:80?x",
    "http://localhost:3000/a/b",
    "http://a/",
    "http:///x",
    "https:///x",
    "http:/",
    "http",
    "https://",
    "httpx.example:/cb",
    "http.example.app:/oauth?x",
    "HTTP://127.0.0.1/cb",
    "com.example.app:/cb",
    "",
    "https://a.example/\"'\u{fc}",
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

/// What the rule finds in redirect URIs, in order.
fn ruled(uris: &[&str], disabled: bool) -> Vec<(String, bool)> {
    let mut origins = web_origins(uris.iter().copied());
    origins.sort();
    origins.into_iter().map(|origin| (origin, disabled)).collect()
}

#[test]
fn tk_19_the_migration_indexes_what_the_rule_finds() {
    let mut connection = before();
    for (at, uri) in ODD.iter().enumerate() {
        add(&connection, &at.to_string(), &serde_json::json!({"redirect_uris": [uri]}).to_string(), false);
    }
    add(&connection, "all", &serde_json::json!({"redirect_uris": ODD}).to_string(), true);
    for (id, metadata) in [
        ("none", "{}"),
        ("torn", "{\"redirect_uris\": [\"https://"),
        ("text", "hush"),
        ("numbers", "{\"redirect_uris\": [1, null, [\"https://a.example/\"]]}"),
    ] {
        add(&connection, id, metadata, false);
    }
    migrate(&mut connection, MIGRATIONS).unwrap();
    for (at, uri) in ODD.iter().enumerate() {
        assert_eq!(indexed(&connection, &at.to_string()), ruled(&[uri], false), "{uri}");
    }
    assert_eq!(indexed(&connection, "all"), ruled(&ODD, true));
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
            let metadata: proofkey_oauth::ClientMetadata = serde_json::from_str(&metadata).unwrap();
            let uris: Vec<&str> = metadata.redirect_uris.iter().map(String::as_str).collect();
            assert_eq!(indexed(&connection, &id), ruled(&uris, disabled), "{id}");
            clients += usize::from(!uris.is_empty());
        }
    }
    assert!(clients > 5, "{clients}");
}
