//! The migration that writes out what grants, consents and clients have at each API.

use proofkey_protocol::{ConsentFacts, GrantedApis};
use rusqlite::Connection;

use super::migrate::{MIGRATIONS, migrate};

/// The migration before which a scope was a name and nothing else.
const WRITTEN_OUT_AT: i64 = 4;
/// Of the two APIs below the ids are those of their order, and this is the next: that of an API that is gone.
const GONE: i64 = 3;

/// A database of before: `files` has the id 1, `notes` 2.
fn before() -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    let older: Vec<_> = MIGRATIONS.iter().filter(|step| step.version < WRITTEN_OUT_AT).copied().collect();
    migrate(&mut connection, &older).unwrap();
    connection
        .execute_batch(
            r#"
            INSERT INTO users (id, username, username_key, display_name, disabled, valid_from, created_at, updated_at, claims)
                VALUES ('u-1', 'ada', 'ada', 'Ada', 0, 0, 0, 0, '{}');
            INSERT INTO apis (resource, scopes) VALUES
                ('https://notes.example', '[{"name":"read"},{"name":"write"},{"name":"openid"}]'),
                ('https://files.example', '[{"name":"files"}]');"#,
        )
        .unwrap();
    connection
}

fn consent(connection: &Connection, client: &str, scope: &str) {
    let insert = "INSERT INTO consents (user_id, client_id, scope, since) VALUES ('u-1', ?1, ?2, 100)";
    connection.execute(insert, (client, scope)).unwrap();
}

/// The end of what does not end.
const FAR: i64 = 1 << 40;

/// A grant that was given so many seconds after the epoch, to a client of the same name as its id.
fn grant(connection: &Connection, client: &str, scope: &str, resources: &str, created_at: i64) {
    let insert = "
        INSERT INTO grants (id, client_id, user_id, session_id, scope, resources, auth_time, created_at, expires_at, ends_at,
                            session_bound, generation)
        VALUES (CAST(substr(?1 || '----------------', 1, 16) AS BLOB), ?1, 'u-1', zeroblob(16), ?2, ?3, 0, ?4, ?5, ?5, 0, 0)";
    connection.execute(insert, (client, scope, resources, created_at, FAR)).unwrap();
}

fn client(connection: &Connection, id: &str, metadata: &str) {
    let insert = "INSERT INTO clients (id, metadata, disabled, created_at) VALUES (?1, ?2, 0, 0)";
    connection.execute(insert, (id, metadata)).unwrap();
}

fn text(connection: &Connection, query: &str, id: &str) -> Option<String> {
    connection.query_row(query, [id], |row| row.get(0)).ok()
}

#[test]
fn k_10_grants_consents_and_clients_of_before_have_what_they_had() {
    let mut connection = before();
    let (notes, files) = ("https://notes.example", "https://files.example");
    let grants = [
        // The client, what it was granted, what was named, and what comes of it.
        ("plain", "openid offline_access read", "", "openid offline_access read", "implied 0 2".to_owned()),
        ("both", "read files", "", "read files", "implied 1 2".to_owned()),
        ("dropped", "gone openid read", "", "openid read", "implied 0 2".to_owned()),
        ("ended", "gone", "", "", format!("implied {GONE}")),
        ("empty", "", "", "", format!("implied {GONE}")),
        ("claims", "email read", "", "email read", "implied 2".to_owned()),
        ("email", "email", "", "email", "implied 0".to_owned()),
        ("named", "openid read", notes, "openid read", "named 2".to_owned()),
        ("unscoped", "openid offline_access", files, "openid offline_access", "named 1".to_owned()),
        (
            "issuer",
            "openid read",
            "https://id.example https://notes.example",
            "openid read",
            "named 0 2".to_owned(),
        ),
        ("removed", "read", "https://removed.example", "read", format!("named {GONE}")),
    ];
    for (client, scope, resources, ..) in &grants {
        grant(&connection, client, scope, resources, 100);
    }
    let consents = [
        (
            "plain",
            "openid offline_access read write",
            Some("0 100 openid offline_access\n2 100 offline_access read write"),
        ),
        ("both", "read files", Some("1 100 files\n2 100 read")),
        ("dropped", "gone read", Some("0 100\n2 100 read")),
        ("ended", "gone", None),
        ("offline", "offline_access", Some("0 100 offline_access")),
        ("unscoped", "openid offline_access", Some("0 100 openid offline_access\n1 100 offline_access")),
    ];
    for (client, scope, _) in consents {
        consent(&connection, client, scope);
    }
    // A grant from before a consent that was withdrawn says nothing of the one that stands.
    consent(&connection, "earlier", "openid");
    grant(&connection, "earlier", "openid", files, 99);
    let registrations = [
        ("plain", r#"{"scope":"openid read"}"#, vec![notes]),
        ("both", r#"{"client_name":"Both","scope":"files read write"}"#, vec![files, notes]),
        ("unscoped", r#"{"scope":"openid offline_access"}"#, vec![files]),
        ("dropped", r#"{"redirect_uris":["https://a.example"]}"#, vec![notes]),
        ("idle", r#"{"scope":"gone"}"#, vec![]),
    ];
    for (id, metadata, _) in &registrations {
        client(&connection, id, metadata);
    }
    client(&connection, "broken", "{not JSON");

    migrate(&mut connection, MIGRATIONS).unwrap();
    for (client, _, _, scope, apis) in grants {
        let found = |column: &str| {
            text(&connection, &format!("SELECT {column} FROM grants WHERE client_id = ?1"), client).unwrap()
        };
        assert_eq!((found("scope").as_str(), found("apis")), (scope, apis.clone()), "{client}");
        assert_eq!(GrantedApis::parse(&apis).map(|read| read.to_string()), Some(apis), "{client}");
    }
    let allowed = "SELECT allowed FROM consents WHERE client_id = ?1";
    for (client, _, expected) in consents {
        let found = text(&connection, allowed, client);
        assert_eq!(found.as_deref(), expected, "{client}");
        assert!(found.is_none_or(|text| ConsentFacts::parse(&text).is_some()), "{client}");
    }
    assert_eq!(text(&connection, allowed, "earlier").as_deref(), Some("0 100 openid"));
    for (id, before, resources) in registrations {
        let mut expected: serde_json::Value = serde_json::from_str(before).unwrap();
        expected["resources"] = serde_json::json!(resources);
        let found = text(&connection, "SELECT metadata FROM clients WHERE id = ?1", id).unwrap();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&found).unwrap(), expected, "{id}");
    }
    let broken = text(&connection, "SELECT metadata FROM clients WHERE id = ?1", "broken");
    assert_eq!(broken.as_deref(), Some("{not JSON"), "left to the server");
    let last: i64 =
        connection.query_row("SELECT api_ids FROM directory_versions", [], |row| row.get(0)).unwrap();
    assert_eq!(last, GONE, "no API gets the id of one that is gone");
}

#[test]
fn k_10_what_has_ended_is_no_consent_and_a_damaged_row_keeps_no_server_from_starting() {
    let mut connection = before();
    let ends = [
        ("revoked", "UPDATE grants SET revoked_at = 200 WHERE client_id = ?1"),
        ("idle", "UPDATE grants SET expires_at = 200 WHERE client_id = ?1"),
        ("over", "UPDATE grants SET ends_at = 200 WHERE client_id = ?1"),
        // The user's password was set in the second of the grant.
        ("ended", "UPDATE grants SET created_at = 500, user_id = 'u-2' WHERE client_id = ?1"),
        ("lives", "UPDATE grants SET revoked_at = NULL WHERE client_id = ?1"),
    ];
    let another = "INSERT INTO users SELECT 'u-2', 'bob', 'bob', display_name, disabled, 500, password, created_at, updated_at, claims FROM users";
    connection.execute(another, []).unwrap();
    for (name, end) in ends {
        consent(&connection, name, "openid");
        grant(&connection, name, "openid", "https://files.example", 100);
        client(&connection, name, r#"{"scope":"openid"}"#);
        assert_eq!(connection.execute(end, [name]).unwrap(), 1);
    }
    connection.execute("UPDATE consents SET user_id = 'u-2' WHERE client_id = 'ended'", []).unwrap();
    for (id, metadata) in
        [("quoted", r#"{"scope":"a\"b"}"#), ("listed", r#"{"scope":["read"]}"#), ("none", "[]")]
    {
        client(&connection, id, metadata);
    }
    let odd = r#"INSERT INTO apis (resource, scopes) VALUES ('https://odd.example', '["read"]'), ('https://none.example', '{}')"#;
    connection.execute(odd, []).unwrap();
    migrate(&mut connection, MIGRATIONS).unwrap();
    for (name, _) in ends {
        let allowed = text(&connection, "SELECT allowed FROM consents WHERE client_id = ?1", name).unwrap();
        let registered = text(&connection, "SELECT metadata FROM clients WHERE id = ?1", name).unwrap();
        let lives = name == "lives";
        assert_eq!(allowed.contains("\n1 100"), lives, "{name}: {allowed}");
        assert_eq!(registered.contains("files.example"), lives, "{name}: {registered}");
    }
}
