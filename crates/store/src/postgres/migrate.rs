//! Migrations: applied in order, each in one transaction, and never changed afterwards.
//!
//! Any number of nodes may do this at once. A transaction first notes its migration, under a unique key: of two, one waits
//! for the other, finds it noted, and goes on with the next.

use tokio_postgres::Row;
use tokio_postgres::error::SqlState;

use super::attempts::Attempts;
use super::connection::Session;
use super::severity::{Failure, Severity, Stage, failure};
use crate::fault::Fault;
use crate::migration::{Applied, Migration};

/// Every step, oldest first.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "0001_begin",
        text: include_str!("../../migrations/postgres/0001_begin.sql"),
    },
    Migration {
        version: 2,
        name: "0002_nodes",
        text: include_str!("../../migrations/postgres/0002_nodes.sql"),
    },
    Migration {
        version: 3,
        name: "0003_moving",
        text: include_str!("../../migrations/postgres/0003_moving.sql"),
    },
    Migration {
        version: 4,
        name: "0004_sessions_by_user",
        text: include_str!("../../migrations/postgres/0004_sessions_by_user.sql"),
    },
    Migration {
        version: 6,
        name: "0006_removed_users",
        text: include_str!("../../migrations/postgres/0006_removed_users.sql"),
    },
    Migration {
        version: 7,
        name: "0007_closed_rings",
        text: include_str!("../../migrations/postgres/0007_closed_rings.sql"),
    },
    Migration {
        version: 8,
        name: "0008_refusals",
        text: include_str!("../../migrations/postgres/0008_refusals.sql"),
    },
];

const DOING: &str = "migrate the database";

const MIGRATION_TABLE: &str = r#"CREATE TABLE IF NOT EXISTS schema_migrations (
    version BIGINT NOT NULL PRIMARY KEY,
    name    TEXT COLLATE "C" NOT NULL,
    sha256  BYTEA  NOT NULL
)"#;

const APPLIED: &str = "SELECT version, sha256 FROM schema_migrations ORDER BY version";

const EXPANSIONS: &str = "SELECT version, beside FROM schema_expansions ORDER BY version";

const NOTE: &str =
    "INSERT INTO schema_migrations (version, name, sha256) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";

/// Brings the schema up to the newest step, over a connection that is of no other use.
pub(super) async fn migrate(session: &Session, migrations: &[Migration]) -> Result<(), Fault> {
    if applied(session).await?.missing(migrations)?.is_empty() {
        return Ok(());
    }
    // A step may take longer than a statement of a request, and so may the wait for another node.
    session
        .say(DOING, "SET statement_timeout = 0; SET lock_timeout = 60000", Stage::Open)
        .await
        .map_err(told)?;
    begin(session).await?;
    for migration in migrations {
        apply(session, migration).await?;
    }
    // What another node noted meanwhile may be newer than this program.
    applied(session).await?.missing(migrations).map(drop)
}

/// What is applied: nothing while there is no table of it.
pub(super) async fn applied(session: &Session) -> Result<Applied, Fault> {
    let steps = read(session, APPLIED).await?.iter().map(|row| (row.get(0), row.get(1))).collect();
    let expansions = read(session, EXPANSIONS).await?.iter().map(|row| (row.get(0), row.get(1))).collect();
    Ok(Applied { steps, expansions })
}

/// The rows of a table that may not be there yet.
async fn read(session: &Session, text: &str) -> Result<Vec<Row>, Fault> {
    match session.in_time(session.client().query(text, &[])).await? {
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => Ok(Vec::new()),
        read => read.map_err(|error| told(failure(DOING, Stage::Open)(error))),
    }
}

/// Makes the table of migrations. Of two that do so at once, one may fail although the table is there in the end.
async fn begin(session: &Session) -> Result<(), Fault> {
    let mut attempts = Attempts::begin();
    while let Err(error) = session.client().batch_execute(MIGRATION_TABLE).await {
        let met = [&SqlState::UNIQUE_VIOLATION, &SqlState::DUPLICATE_TABLE, &SqlState::DUPLICATE_OBJECT];
        let severity = if error.code().is_some_and(|code| met.contains(&code)) {
            Severity::Again
        } else {
            Severity::Statement
        };
        let Failure { fault, .. } = failure(DOING, Stage::Open)(error);
        attempts.again_after(Failure { fault, severity }).await?;
    }
    Ok(())
}

/// Applies one step, unless it is applied.
async fn apply(session: &Session, migration: &Migration) -> Result<(), Fault> {
    let client = session.client();
    let failed = |error| told(failure(DOING, Stage::Open)(error));
    client.batch_execute("BEGIN").await.map_err(failed)?;
    let digest = migration.digest();
    let noted = client.execute(NOTE, &[&migration.version, &migration.name, &digest.as_slice()]).await;
    if noted.map_err(failed)? > 0 {
        client.batch_execute(migration.text).await.map_err(failed)?;
    }
    client.batch_execute("COMMIT").await.map_err(failed)
}

fn told(failure: Failure) -> Fault {
    failure.fault
}
