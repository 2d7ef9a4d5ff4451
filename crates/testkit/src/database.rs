//! The database of a test server: a file of its own, or a database of its own in the PostgreSQL of this process.

use std::collections::BTreeMap;
use std::path::PathBuf;

use proofkey_store::{ConnectOptions, Options, Store};
use tokio_postgres::types::Type;

use crate::server::TestServer;

/// The variable that names the engine of a run.
const SWITCH: &str = "PROOFKEY_TEST_STORE";

/// What holds the data of a test server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A file.
    Sqlite,
    /// A database of a PostgreSQL server.
    Postgres,
}

impl Engine {
    /// The engine of those test servers that do not ask for one: `PROOFKEY_TEST_STORE`, which is `sqlite` where it is not set.
    pub fn of_this_run() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the one switch of all test servers")]
        let asked = std::env::var(SWITCH);
        match asked.as_deref() {
            Err(_) | Ok("sqlite") => Self::Sqlite,
            Ok("postgres") => Self::Postgres,
            Ok(other) => panic!("{SWITCH} is `sqlite` or `postgres`, and not {other:?}"),
        }
    }
}

/// A connection of its own to the database of a server, as another process has one: for what no part of the server does.
#[derive(Debug)]
pub enum Sibling {
    /// To a file.
    Sqlite(rusqlite::Connection),
    /// To a PostgreSQL database.
    Postgres(tokio_postgres::Client),
}

impl TestServer {
    /// What holds its data.
    pub fn engine(&self) -> Engine {
        if self.postgres.is_some() { Engine::Postgres } else { Engine::Sqlite }
    }

    /// A connection of its own to its database.
    pub async fn sibling(&self) -> Sibling {
        match &self.postgres {
            Some(database) => Sibling::Postgres(database.master().await),
            None => Sibling::Sqlite(rusqlite::Connection::open(self.file()).expect("the database")),
        }
    }

    /// A store of its own on its database, as a command in another process has one.
    pub async fn store_beside(&self) -> Store {
        let opened = match &self.postgres {
            Some(database) => Store::connect(&database.url(), &ConnectOptions::default()).await,
            None => Store::open(&self.file(), &Options::default()),
        };
        opened.expect("the database")
    }

    /// All that is stored, in pieces that each have a name: the files, or the rows of each table as texts.
    pub async fn stored(&self) -> Vec<(String, Vec<u8>)> {
        let Sibling::Postgres(master) = self.sibling().await else {
            let files =
                std::fs::read_dir(self.data()).expect("a directory").map(|entry| entry.unwrap().path());
            return files
                .map(|path| (path.display().to_string(), std::fs::read(path).expect("a file")))
                .collect();
        };
        let tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'";
        let mut stored = Vec::new();
        for table in master.query(tables, &[]).await.expect("a list of tables") {
            let table: String = table.get(0);
            let rows = master.query(&format!("SELECT t::text FROM {table} AS t"), &[]).await.expect("rows");
            let rows: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
            stored.push((table, rows.join("\n").into_bytes()));
        }
        stored
    }

    fn file(&self) -> PathBuf {
        self.data().join("proofkey.db")
    }
}

impl Sibling {
    /// Runs statements, which may be several.
    pub async fn execute(&self, text: &str) {
        match self {
            Self::Sqlite(connection) => connection.execute_batch(text).expect("the statements run"),
            Self::Postgres(client) => client.batch_execute(text).await.expect("the statements run"),
        }
    }

    /// Changes rows, and says how many.
    pub async fn change(&self, text: &str) -> u64 {
        match self {
            Self::Sqlite(connection) => connection.execute(text, []).expect("the statement runs") as u64,
            Self::Postgres(client) => client.execute(text, &[]).await.expect("the statement runs"),
        }
    }

    /// The first column of each row, as texts.
    pub async fn texts(&self, text: &str) -> Vec<String> {
        match self {
            Self::Sqlite(connection) => {
                let mut statement = connection.prepare(text).expect("a statement");
                let cell = |row: &rusqlite::Row<'_>| {
                    Ok(match row.get(0)? {
                        rusqlite::types::Value::Integer(number) => number.to_string(),
                        rusqlite::types::Value::Text(text) => text,
                        other => panic!("neither a number nor a text: {other:?}"),
                    })
                };
                let rows = statement.query_map([], cell).expect("rows");
                rows.map(|row| row.expect("a row")).collect()
            }
            Self::Postgres(client) => {
                let rows = client.query(text, &[]).await.expect("rows");
                let cell = |row: &tokio_postgres::Row| match *row.columns()[0].type_() {
                    Type::INT8 => row.get::<_, i64>(0).to_string(),
                    _ => row.get(0),
                };
                rows.iter().map(cell).collect()
            }
        }
    }

    /// Every row of every table but these, as text, in an order that does not change by itself.
    pub async fn rows_outside(&self, left_out: &[&str]) -> BTreeMap<String, Vec<String>> {
        let (tables, is_file) = match self {
            Self::Sqlite(_) => ("SELECT name FROM sqlite_master WHERE type = 'table'", true),
            Self::Postgres(_) => ("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'", false),
        };
        let mut found = BTreeMap::new();
        for table in self.texts(tables).await.into_iter().filter(|name| !left_out.contains(&name.as_str())) {
            let row = if is_file {
                let columns = self.texts(&format!("SELECT name FROM pragma_table_info('{table}')")).await;
                let quoted: Vec<String> = columns.iter().map(|name| format!("quote({name})")).collect();
                quoted.join(" || ',' || ")
            } else {
                "t::text".to_owned()
            };
            let rows = self.texts(&format!("SELECT {row} FROM {table} AS t ORDER BY 1")).await;
            found.insert(table, rows);
        }
        found
    }

    /// The number that a statement finds.
    pub async fn number(&self, text: &str) -> i64 {
        let found = self.texts(text).await;
        found.first().and_then(|text| text.parse().ok()).expect("a number")
    }
}
