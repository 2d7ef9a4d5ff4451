//! The two schemas say the same: tables, columns, what may be absent, keys and indexes, and the rows that are there at first.

use std::collections::BTreeSet;

use rusqlite::Connection;
use tokio_postgres::Client;

use super::migrated;
use crate::sql::tables::{OF_THE_DATABASE, TABLES};

/// One fact of a schema, as a line.
type Facts = BTreeSet<String>;

/// A copy of what a new store has.
fn sqlite() -> Connection {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("proofkey.db");
    drop(crate::Store::open(&path, &crate::Options::default()).unwrap());
    let file = Connection::open(&path).unwrap();
    let mut copy = Connection::open_in_memory().unwrap();
    let backup = rusqlite::backup::Backup::new(&file, &mut copy).unwrap();
    backup.run_to_completion(1_000, std::time::Duration::ZERO, None).unwrap();
    drop(backup);
    copy
}

fn lines(connection: &Connection, text: &str) -> Facts {
    let mut statement = connection.prepare(text).unwrap();
    let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

async fn told(client: &Client, text: &str) -> Facts {
    client.query(text, &[]).await.unwrap().iter().map(|row| row.get::<_, String>(0)).collect()
}

const SQLITE_TABLES: &str = "sqlite_schema AS t WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'";

#[tokio::test]
async fn both_schemas_have_the_same_columns() {
    let database = migrated().await;
    let postgres = told(
        &database.master().await,
        "SELECT table_name || '.' || column_name || ' ' ||
             CASE data_type WHEN 'bigint' THEN 'INTEGER' WHEN 'bytea' THEN 'BLOB' ELSE upper(data_type) END ||
             CASE is_nullable WHEN 'NO' THEN ' NOT NULL' ELSE '' END
             || CASE WHEN data_type = 'text' AND collation_name IS DISTINCT FROM 'C' THEN ' not as bytes' ELSE '' END
         FROM information_schema.columns WHERE table_schema = 'public'",
    )
    .await;
    let text = "SELECT t.name || '.' || c.name || ' ' || c.type || CASE WHEN c.\"notnull\" THEN ' NOT NULL' ELSE '' END
         FROM (SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%') AS t
         JOIN pragma_table_info(t.name) AS c";
    let sqlite = lines(&sqlite(), text);
    assert!(sqlite.len() > 90);
    assert_eq!(postgres, sqlite);
}

#[tokio::test]
async fn both_schemas_have_the_same_keys_and_indexes() {
    let database = migrated().await;
    let postgres = told(
        &database.master().await,
        "SELECT t.relname || ' ' || CASE WHEN x.indisprimary THEN 'PRIMARY' WHEN x.indisunique THEN 'UNIQUE' ELSE i.relname END
             || ' (' || (SELECT string_agg(a.attname, ', ' ORDER BY k.place)
                         FROM unnest(x.indkey) WITH ORDINALITY AS k (number, place)
                         JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = k.number)
             || ')' || CASE WHEN x.indpred IS NULL THEN '' ELSE ' partial' END
         FROM pg_index AS x
         JOIN pg_class AS t ON t.oid = x.indrelid
         JOIN pg_class AS i ON i.oid = x.indexrelid
         JOIN pg_namespace AS n ON n.oid = t.relnamespace AND n.nspname = 'public'",
    )
    .await;
    let text = format!(
        "SELECT t.name || ' ' || CASE x.origin WHEN 'pk' THEN 'PRIMARY' WHEN 'u' THEN 'UNIQUE' ELSE x.name END
             || ' (' || (SELECT group_concat(c.name, ', ' ORDER BY c.seqno) FROM pragma_index_info(x.name) AS c)
             || ')' || CASE WHEN x.partial THEN ' partial' ELSE '' END
         FROM (SELECT t.name FROM {SQLITE_TABLES}) AS t JOIN pragma_index_list(t.name) AS x"
    );
    let connection = sqlite();
    let mut sqlite = lines(&connection, &text);
    // A key of one integer is the table itself, and no index.
    sqlite.extend(lines(
        &connection,
        &format!(
            "SELECT t.name || ' PRIMARY (' || group_concat(c.name, ', ' ORDER BY c.pk) || ')'
             FROM (SELECT t.name FROM {SQLITE_TABLES}) AS t JOIN pragma_table_info(t.name) AS c
             WHERE c.pk > 0 GROUP BY t.name"
        ),
    ));
    assert!(sqlite.len() > 20);
    assert_eq!(postgres, sqlite);
}

#[tokio::test]
async fn both_schemas_have_the_same_references_and_first_rows() {
    let database = migrated().await;
    let master = database.master().await;
    let references = told(
        &master,
        "SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
         WHERE contype = 'f' AND connamespace = 'public'::regnamespace",
    )
    .await;
    let connection = sqlite();
    let text = format!(
        "SELECT t.name || ' FOREIGN KEY (' || f.\"from\" || ') REFERENCES ' || f.\"table\" || '(' || f.\"to\" || ')'
         FROM (SELECT t.name FROM {SQLITE_TABLES}) AS t JOIN pragma_foreign_key_list(t.name) AS f"
    );
    assert_eq!(references, lines(&connection, &text));
    let first =
        "SELECT concat_ws(' ', id, clients, apis, keys, pings, api_ids, sealing) FROM directory_versions
         UNION ALL SELECT concat_ws(' ', id, latest) FROM known_time
         UNION ALL SELECT concat_ws(' ', id, state, copied) FROM database_state
         UNION ALL SELECT concat_ws(' ', id, mark) FROM epoch";
    assert_eq!(told(&master, first).await, lines(&connection, first));
}

/// What is listed as a table's columns is what both engines have, and its first columns are the key.
#[tokio::test]
async fn st_12_the_list_by_which_databases_are_copied_leaves_no_table_and_no_column_out() {
    let columns =
        TABLES.iter().flat_map(|table| table.columns.iter().map(|column| format!("{}.{column}", table.name)));
    let keys =
        TABLES.iter().map(|table| format!("{} {}", table.name, table.columns[..table.keys].join(", ")));
    let (columns, keys): (Facts, Facts) = (columns.collect(), keys.collect());
    let elsewhere = OF_THE_DATABASE.map(|name| format!("'{name}'")).join(", ");
    let connection = sqlite();
    let tables = format!("(SELECT t.name FROM {SQLITE_TABLES} AND t.name NOT IN ({elsewhere})) AS t");
    let of = |what: &str| format!("SELECT {what} FROM {tables} JOIN pragma_table_info(t.name) AS c");
    assert_eq!(columns, lines(&connection, &of("t.name || '.' || c.name")));
    let of_keys = of("t.name || ' ' || group_concat(c.name, ', ' ORDER BY c.pk)");
    assert_eq!(keys, lines(&connection, &format!("{of_keys} WHERE c.pk > 0 GROUP BY t.name")));
    let text = format!(
        "SELECT table_name || '.' || column_name FROM information_schema.columns
         WHERE table_schema = 'public' AND table_name NOT IN ({elsewhere})"
    );
    assert_eq!(columns, told(&migrated().await.master().await, &text).await);
}
