//! Databases that earlier releases made: each opens, and holds what it held.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::{Folder, digests, open};

/// The schema from which on migrations have changed no row that was there.
const ROWS_STAY_FROM: i64 = 4;
/// Tables whose rows none has ever changed.
const NEVER_CHANGED: [&str; 2] = ["users", "signing_keys"];

/// What stands in each table: a line for each row.
type Held = BTreeMap<String, Vec<String>>;

fn kept() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/museum");
    let entries =
        std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path().join("data/proofkey.db"));
    entries.filter(|path| path.is_file()).collect()
}

fn lines(file: &Connection, text: &str) -> Vec<String> {
    let mut statement = file.prepare(text).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// The columns of each table whose rows stay, as the file has them.
fn columns(path: &Path) -> Vec<(String, Vec<String>)> {
    let file = Connection::open(path).unwrap();
    let all = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' \
        AND name NOT IN ('schema_migrations', 'schema_expansions')";
    let stay = |table: &String| version(path) >= ROWS_STAY_FROM || NEVER_CHANGED.contains(&table.as_str());
    let tables = lines(&file, all).into_iter().filter(stay);
    let of = |table: &str| lines(&file, &format!("SELECT name FROM pragma_table_info('{table}')"));
    tables.map(|table| (table.clone(), of(&table))).collect()
}

fn held(path: &Path, columns: &[(String, Vec<String>)]) -> Held {
    let file = Connection::open(path).unwrap();
    let rows = |(table, columns): &(String, Vec<String>)| {
        let quoted: Vec<String> = columns.iter().map(|column| format!("quote({column})")).collect();
        let text = format!("SELECT {} FROM {table} ORDER BY 1", quoted.join(" || ',' || "));
        (table.clone(), lines(&file, &text))
    };
    columns.iter().map(rows).collect()
}

fn version(path: &Path) -> i64 {
    let file = Connection::open(path).unwrap();
    file.query_row("SELECT max(version) FROM schema_migrations", [], |row| row.get(0)).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_10_each_database_that_is_kept_opens_and_holds_what_it_held() {
    let mut versions = Vec::new();
    for kept in kept() {
        let folder = Folder::new();
        let path = folder.path("proofkey.db");
        std::fs::copy(&kept, &path).unwrap();
        versions.push(version(&path));
        let columns = columns(&path);
        let before = held(&path, &columns);
        let rows: usize = before.values().map(Vec::len).sum();
        assert!(rows > 5, "{}: only {rows} rows", kept.display());
        let store = open(&path);
        let first = digests(&store).await;
        store.close().await;
        assert_eq!(held(&path, &columns), before, "{}", kept.display());
        let store = open(&path);
        assert_eq!(digests(&store).await, first, "{}: to open it again changes nothing", kept.display());
    }
    versions.sort_unstable();
    assert!(versions.len() >= 2 && versions[0] == 1 && versions[versions.len() - 1] >= 14, "{versions:?}");
}
