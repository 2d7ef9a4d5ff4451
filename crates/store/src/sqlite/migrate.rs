//! Migrations: applied in order, all that are missing in one transaction, and never changed afterwards.
//!
//! Data definitions and the table of applied migrations are the engine's own: the rule that texts are shared between
//! engines is about queries, and ends here.

use rusqlite::types::FromSql;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::severity::fault;
use crate::fault::Fault;
use crate::migration::{Applied, Migration};

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
    Migration {
        version: 16,
        name: "0016_moving",
        text: include_str!("../../migrations/sqlite/0016_moving.sql"),
    },
    Migration {
        version: 17,
        name: "0017_sessions_by_user",
        text: include_str!("../../migrations/sqlite/0017_sessions_by_user.sql"),
    },
    Migration {
        version: 19,
        name: "0019_removed_users",
        text: include_str!("../../migrations/sqlite/0019_removed_users.sql"),
    },
    Migration {
        version: 20,
        name: "0020_closed_rings",
        text: include_str!("../../migrations/sqlite/0020_closed_rings.sql"),
    },
    Migration {
        version: 21,
        name: "0021_refusals",
        text: include_str!("../../migrations/sqlite/0021_refusals.sql"),
    },
    Migration {
        version: 22,
        name: "0022_grants_by_rowid",
        text: include_str!("../../migrations/sqlite/0022_grants_by_rowid.sql"),
    },
];

const DOING: &str = "migrate the database";

const MIGRATION_TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
    version INTEGER NOT NULL PRIMARY KEY,
    name    TEXT    NOT NULL,
    sha256  BLOB    NOT NULL
) STRICT, WITHOUT ROWID";

const APPLIED: &str = "SELECT version, sha256 FROM schema_migrations ORDER BY version";

const EXPANSIONS: &str = "SELECT version, beside FROM schema_expansions ORDER BY version";

/// What is applied. Reads only, so that a command beside a busy server need not wait for its turn to write.
pub(super) fn applied(connection: &Connection) -> Result<Applied, Fault> {
    let mut applied = Applied::default();
    if has_table(connection, "schema_migrations")? {
        applied.steps = pairs(connection, APPLIED)?;
    }
    if has_table(connection, "schema_expansions")? {
        applied.expansions = pairs(connection, EXPANSIONS)?;
    }
    Ok(applied)
}

/// Brings the schema up to the newest step, in one transaction: a process that dies leaves all steps behind or none. Any
/// number of processes may do this at once; of two, one waits and finds nothing to do.
pub(super) fn migrate(connection: &mut Connection, migrations: &[Migration]) -> Result<(), Fault> {
    migrate_after(connection, migrations, |_| Ok(()))
}

/// The same, with something to be done before on a database that is no new one: while no other connection can write to it.
pub(super) fn migrate_after(
    connection: &mut Connection,
    migrations: &[Migration],
    before: impl FnOnce(&[Migration]) -> Result<(), Fault>,
) -> Result<(), Fault> {
    if applied(connection)?.missing(migrations)?.is_empty() {
        return Ok(());
    }
    let txn = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fault(DOING))?;
    let applied = applied(&txn)?;
    let missing = applied.missing(migrations)?;
    if !applied.is_new() && !missing.is_empty() {
        before(&missing)?;
    }
    txn.execute_batch(MIGRATION_TABLE).map_err(fault(DOING))?;
    missing.iter().try_for_each(|migration| apply(&txn, migration))?;
    txn.commit().map_err(fault(DOING))
}

fn has_table(connection: &Connection, name: &str) -> Result<bool, Fault> {
    connection.table_exists(None, name).map_err(fault(DOING))
}

fn pairs<T: FromSql>(connection: &Connection, text: &str) -> Result<Vec<(i64, T)>, Fault> {
    let mut statement = connection.prepare(text).map_err(fault(DOING))?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    rows.and_then(Iterator::collect).map_err(fault(DOING))
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
    fn st_11_a_migration_that_fails_halfway_leaves_nothing_of_any_step_and_is_resumed() {
        let mut connection = Connection::open_in_memory().unwrap();
        let torn = Migration {
            text: "CREATE TABLE b (x INTEGER) STRICT; INSERT INTO nowhere VALUES (1);",
            ..SECOND
        };
        assert!(migrate(&mut connection, &[FIRST, torn]).is_err());
        assert_eq!(tables(&connection), 0);
        migrate(&mut connection, &[FIRST, SECOND]).unwrap();
        assert_eq!(tables(&connection), 2);
    }

    #[test]
    fn st_10_a_changed_or_unknown_migration_is_refused() {
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
