//! Migrations: applied in order, each in one transaction, and never changed afterwards.
//!
//! Data definitions and the table of applied migrations are the engine's own: the rule that texts are shared between
//! engines is about queries, and ends here.

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::severity::fault;
use crate::fault::Fault;
use crate::migration::{Migration, compare};

/// Every step, oldest first.
pub(super) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "0001_begin",
        text: include_str!("../../migrations/sqlite/0001_begin.sql"),
    },
    Migration {
        version: 2,
        name: "0002_authentication",
        text: include_str!("../../migrations/sqlite/0002_authentication.sql"),
    },
    Migration {
        version: 3,
        name: "0003_client_origins",
        text: include_str!("../../migrations/sqlite/0003_client_origins.sql"),
    },
    Migration {
        version: 4,
        name: "0004_access_by_api",
        text: include_str!("../../migrations/sqlite/0004_access_by_api.sql"),
    },
    Migration {
        version: 5,
        name: "0005_refresh_overlap",
        text: include_str!("../../migrations/sqlite/0005_refresh_overlap.sql"),
    },
    Migration {
        version: 6,
        name: "0006_sessions",
        text: include_str!("../../migrations/sqlite/0006_sessions.sql"),
    },
    Migration {
        version: 7,
        name: "0007_keys_and_time",
        text: include_str!("../../migrations/sqlite/0007_keys_and_time.sql"),
    },
    Migration {
        version: 8,
        name: "0008_sign_in_failures",
        text: include_str!("../../migrations/sqlite/0008_sign_in_failures.sql"),
    },
    Migration {
        version: 12,
        name: "0012_origins_as_browsers_write_them",
        text: include_str!("../../migrations/sqlite/0012_origins_as_browsers_write_them.sql"),
    },
    Migration {
        version: 13,
        name: "0013_marks_and_time",
        text: include_str!("../../migrations/sqlite/0013_marks_and_time.sql"),
    },
    Migration {
        version: 14,
        name: "0014_removed_clients",
        text: include_str!("../../migrations/sqlite/0014_removed_clients.sql"),
    },
    Migration {
        version: 15,
        name: "0015_nodes",
        text: include_str!("../../migrations/sqlite/0015_nodes.sql"),
    },
];

const DOING: &str = "migrate the database";

const MIGRATION_TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
    version INTEGER NOT NULL PRIMARY KEY,
    name    TEXT    NOT NULL,
    sha256  BLOB    NOT NULL
) STRICT, WITHOUT ROWID";

/// Brings the schema up to the newest step. Any number of processes may do this at once, and one that dies leaves whole
/// steps behind.
pub(super) fn migrate(connection: &mut Connection, migrations: &[Migration]) -> Result<(), Fault> {
    if current(connection, migrations)? {
        return Ok(());
    }
    for migration in migrations {
        let txn =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fault(DOING))?;
        txn.execute_batch(MIGRATION_TABLE).map_err(fault(DOING))?;
        let applied = check(&txn, migrations)?;
        if !applied.contains(&migration.version) {
            apply(&txn, migration)?;
        }
        txn.commit().map_err(fault(DOING))?;
    }
    Ok(())
}

/// Whether nothing is to do. Reads only, so that a command beside a busy server need not wait for its turn to write.
fn current(connection: &Connection, migrations: &[Migration]) -> Result<bool, Fault> {
    let begun = connection.table_exists(None, "schema_migrations").map_err(fault(DOING))?;
    Ok(begun && check(connection, migrations)?.len() == migrations.len())
}

/// The versions that are applied, after comparing each with what this program has.
fn check(connection: &Connection, migrations: &[Migration]) -> Result<Vec<i64>, Fault> {
    let mut statement = connection
        .prepare("SELECT version, sha256 FROM schema_migrations ORDER BY version")
        .map_err(fault(DOING))?;
    let rows = statement
        .query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)))
        .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
        .map_err(fault(DOING))?;
    compare(&rows, migrations)?;
    Ok(rows.into_iter().map(|(version, _)| version).collect())
}

fn apply(txn: &Transaction<'_>, migration: &Migration) -> Result<(), Fault> {
    let digest = migration.digest();
    txn.execute_batch(migration.text).map_err(fault(DOING))?;
    txn.execute(
        "INSERT INTO schema_migrations (version, name, sha256) VALUES ($1, $2, $3)",
        params![migration.version, migration.name, digest.as_slice()],
    )
    .map_err(fault(DOING))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Migration =
        Migration { version: 1, name: "0001", text: "CREATE TABLE a (x INTEGER) STRICT;" };
    const SECOND: Migration = Migration {
        version: 2,
        name: "0002",
        text: "CREATE TABLE b (x INTEGER) STRICT; INSERT INTO b (x) VALUES (1);",
    };

    fn tables(connection: &Connection) -> i64 {
        connection
            .query_row("SELECT count(*) FROM sqlite_schema WHERE name IN ('a', 'b')", [], |row| row.get(0))
            .unwrap()
    }

    #[test]
    fn migrations_run_once_and_in_order() {
        let mut connection = Connection::open_in_memory().unwrap();
        for _ in 0..3 {
            migrate(&mut connection, &[FIRST]).unwrap();
        }
        assert_eq!(tables(&connection), 1);
        for _ in 0..2 {
            migrate(&mut connection, &[FIRST, SECOND]).unwrap();
        }
        assert_eq!(tables(&connection), 2);
        migrate(&mut Connection::open_in_memory().unwrap(), MIGRATIONS).unwrap();
        assert!(MIGRATIONS.is_sorted_by(|a, b| a.version < b.version));
    }

    #[test]
    fn a_migration_that_fails_halfway_leaves_nothing_and_is_resumed() {
        let mut connection = Connection::open_in_memory().unwrap();
        let torn = Migration {
            text: "CREATE TABLE b (x INTEGER) STRICT; INSERT INTO nowhere VALUES (1);",
            ..SECOND
        };
        assert!(migrate(&mut connection, &[FIRST, torn]).is_err());
        assert_eq!(tables(&connection), 1, "the first stays, nothing of the second is there");
        migrate(&mut connection, &[FIRST, SECOND]).unwrap();
        assert_eq!(tables(&connection), 2);
    }

    #[test]
    fn a_changed_or_unknown_migration_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, &[FIRST, SECOND]).unwrap();
        let changed = Migration { text: "CREATE TABLE b (y INTEGER) STRICT;", ..SECOND };
        assert_eq!(
            migrate(&mut connection, &[FIRST, changed]),
            Err(Fault::MigrationChanged { name: "0002" })
        );
        assert_eq!(migrate(&mut connection, &[FIRST]), Err(Fault::NewerSchema { found: 2, known: 1 }));
    }
}
