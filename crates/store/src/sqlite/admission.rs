//! Whether a database may be opened for what it is opened for, and the migrations that it lacks.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use super::backup::back_up_before;
use super::connection::{is_backup, open_reader};
use super::migrate::{MIGRATIONS, applied, migrate, migrate_after};
use super::rows;
use super::severity::fault;
use crate::fault::Fault;
use crate::migration::newest;
use crate::not_serving::NotServing;
use crate::options::Purpose;
use crate::sql::state::DATABASE_STATE;
use crate::state::DatabaseState;

const DOING: &str = "read what the database is";
const BUSY: Duration = Duration::from_secs(5);

/// Refuses a database that is not for this purpose, and brings the schema up where the purpose says so. Before a database
/// changes its schema a backup of it is taken.
pub(super) fn admit(connection: &mut Connection, path: &Path, purpose: Purpose) -> Result<(), Fault> {
    let applied = applied(connection)?;
    let missing = applied.missing(MIGRATIONS)?;
    match purpose {
        Purpose::Restore => migrate(connection, MIGRATIONS),
        Purpose::Move if applied.is_new() || missing.is_empty() => migrate(connection, MIGRATIONS),
        Purpose::Move => Err(Fault::OlderSchema { found: applied.newest(), needed: newest(MIGRATIONS) }),
        Purpose::Serve | Purpose::Upgrade => {
            refuse_side_of_copy(connection)?;
            migrate_after(connection, MIGRATIONS, |missing| back_up_before(path, newest(missing)))
        }
    }
}

/// Refuses a database in a file from which no server may serve, or which is of a newer schema. Reads only.
pub(crate) fn refuse_unless_serving(path: &Path) -> Result<(), Fault> {
    let connection = open_reader(path, BUSY)?;
    if is_backup(&connection).map_err(fault(DOING))? {
        return Err(NotServing::Backup.into());
    }
    applied(&connection)?.missing(MIGRATIONS)?;
    refuse_side_of_copy(&connection)
}

/// Refuses a database that is one side of a copy.
fn refuse_side_of_copy(connection: &Connection) -> Result<(), Fault> {
    if !connection.table_exists(None, "database_state").map_err(fault(DOING))? {
        return Ok(());
    }
    let state = rows::one(connection, &DATABASE_STATE, &[], |cells| cells.skip().row::<DatabaseState>())?;
    match state.as_ref().and_then(DatabaseState::refusal) {
        Some(refusal) => Err(refusal.into()),
        None => Ok(()),
    }
}
