//! Backups: a database as of one moment in a file of its own, which says that it is one.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use proofkey_oauth::Timestamp;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};

use super::connection::{BACKUP_TABLE, harden, is_backup, open_reader};
use super::files::{make_durable, new_of_installation, sibling_path};
use super::migrate::{MIGRATIONS, applied};
use super::severity::fault;
use crate::fault::Fault;
use crate::migration::SchemaStands;
use crate::sql::tables;

/// How long a backup waits for the locks of a server that begins or ends.
const BUSY: Duration = Duration::from_secs(5);

const MAKING: &str = "make a backup";
const READING: &str = "read a backup";

const NOTE_TABLE: &str =
    "CREATE TABLE proofkey_backup (made_at INTEGER NOT NULL, source TEXT NOT NULL) STRICT";

/// What a backup says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupNote {
    /// When it was begun: what was changed later is not in it.
    pub made_at: Timestamp,
    /// The database that it was made of, as messages name it.
    pub source: String,
}

/// Writes all of a database, as of one moment, into a new file, beside those who write to it. The file is made by `make`, which says
/// whom it belongs to.
pub(crate) fn copy_as_of_now(
    database: &Path,
    file: &Path,
    make: fn(&Path) -> io::Result<File>,
) -> Result<(), Fault> {
    drop(make(file).map_err(Fault::io(MAKING))?);
    let copied = open_reader(database, BUSY).and_then(|source| {
        let name = file.to_str().ok_or(Fault::Io { doing: MAKING, kind: io::ErrorKind::InvalidInput })?;
        source.execute("VACUUM INTO $1", params![name]).map(drop).map_err(fault(MAKING))
    });
    copied.and_then(|()| make_durable(file).map_err(Fault::io(MAKING))).inspect_err(|_| discard(file))
}

/// Makes a database in a file a backup: it says so, and no server serves from it.
pub(crate) fn note(file: &Path, note: &BackupNote) -> Result<(), Fault> {
    let connection = open_alone(file, MAKING)?;
    // One file, without a log beside it.
    connection
        .pragma_update_and_check(None, "journal_mode", "delete", |row| row.get::<_, String>(0))
        .and_then(|_| connection.execute_batch(NOTE_TABLE))
        .and_then(|()| {
            let text = format!("INSERT INTO {BACKUP_TABLE} (made_at, source) VALUES ($1, $2)");
            connection.execute(&text, params![note.made_at.seconds(), note.source])
        })
        .map_err(fault(MAKING))?;
    connection.close().map_err(|(_, error)| fault(MAKING)(error))?;
    make_durable(file).map_err(Fault::io(MAKING))
}

/// The backup that is taken before a database gets the migration `version`; one of that name from an earlier upgrade is
/// replaced. The caller keeps others from writing.
pub(super) fn back_up_before(database: &Path, version: i64) -> Result<(), Fault> {
    let file = backup_before(database, version);
    let part = sibling_path(&file, ".part");
    // Of one that was cut off: no other process writes it, for the caller holds the lock of those who write.
    discard(&part);
    copy_as_of_now(database, &part, new_of_installation)?;
    let made_at = last_known_time(&part)?;
    note(&part, &BackupNote { made_at, source: database.display().to_string() })
        .and_then(|()| fs::rename(&part, &file).map_err(Fault::io(MAKING)))
        .inspect_err(|_| discard(&part))?;
    make_durable(&file).map_err(Fault::io(MAKING))?;
    tracing::info!(file = %file.display(), "a backup was taken before the schema changes");
    Ok(())
}

/// Where that backup is.
pub(crate) fn backup_before(database: &Path, version: i64) -> PathBuf {
    sibling_path(database, &format!(".before-{version:04}"))
}

/// What a file says of itself: `None` if it is no backup. A file that is no sound database, or one of a newer schema, is refused.
pub(crate) fn read_note(file: &Path) -> Result<Option<BackupNote>, Fault> {
    let connection = open_reader(file, BUSY).map_err(damaged)?;
    let _known = applied(&connection).and_then(|applied| applied.missing(MIGRATIONS)).map_err(damaged)?;
    if !is_backup(&connection).map_err(fault(READING))? {
        return Ok(None);
    }
    let read = connection.query_row(&format!("SELECT made_at, source FROM {BACKUP_TABLE}"), [], |row| {
        Ok(BackupNote { made_at: Timestamp(row.get(0)?), source: row.get(1)? })
    });
    read.optional().map_err(fault(READING)).map_err(damaged)
}

/// Makes a database of a copy of a backup: what says that it is one is taken out. A file that is not sound is refused.
pub(crate) fn begin_restore(file: &Path) -> Result<(), Fault> {
    check_sound(file)?;
    let connection = open_alone(file, READING)?;
    let drop = format!("DROP TABLE IF EXISTS {BACKUP_TABLE}");
    connection.execute_batch(&drop).map_err(fault(READING))?;
    connection.close().map_err(|(_, error)| fault(READING)(error))
}

/// Refuses a database in a file whose pages, indexes or references do not agree.
pub(crate) fn check_sound(file: &Path) -> Result<(), Fault> {
    let connection = open_reader(file, BUSY).map_err(damaged)?;
    let found: String = connection
        .pragma_query_value(None, "integrity_check", |row| row.get(0))
        .map_err(fault(READING))
        .map_err(damaged)?;
    if found != "ok" {
        return Err(Fault::Damaged { found });
    }
    let mut references = connection.prepare("PRAGMA foreign_key_check").map_err(fault(READING))?;
    let broken = references.query([]).and_then(|mut rows| rows.next().map(|row| row.is_some()));
    if broken.map_err(fault(READING)).map_err(damaged)? {
        return Err(Fault::Damaged { found: "a row refers to one that is not there".to_owned() });
    }
    Ok(())
}

/// Which migrations a database in a file has and lacks. Reads only.
pub(crate) fn schema_stands(file: &Path) -> Result<SchemaStands, Fault> {
    applied(&open_reader(file, BUSY)?)?.stands(MIGRATIONS)
}

/// Moves the log of a database into its file, so that the file alone is all of it; [`Fault::Locked`] while another connection
/// reads it.
pub(crate) fn settle_log(file: &Path) -> Result<(), Fault> {
    const DOING: &str = "move the log into the database";
    let connection = open_alone(file, DOING)?;
    let mut is_busy = 0;
    let busy = |row: &rusqlite::Row<'_>| row.get(0).map(|busy: i64| is_busy = busy);
    connection.pragma(None, "wal_checkpoint", "TRUNCATE", busy).map_err(fault(DOING))?;
    if is_busy != 0 {
        return Err(Fault::Locked);
    }
    connection.close().map_err(|(_, error)| fault(DOING)(error))
}

/// The latest time that a server of the database has noted; 0 where none has, or where the schema is from before that.
pub(crate) fn last_known_time(file: &Path) -> Result<Timestamp, Fault> {
    let connection = open_reader(file, BUSY)?;
    if !connection.table_exists(None, "known_time").map_err(fault(READING))? {
        return Ok(Timestamp(0));
    }
    let read = connection.query_row("SELECT latest FROM known_time", [], |row| row.get(0)).optional();
    Ok(Timestamp(read.map_err(fault(READING))?.unwrap_or_default()))
}

/// How many rows each table of a file has, of those that it has.
pub(crate) fn count_rows(file: &Path) -> Result<Vec<(&'static str, i64)>, Fault> {
    let connection = open_reader(file, BUSY).map_err(damaged)?;
    let mut counts = Vec::new();
    for of in tables::all() {
        if connection.table_exists(None, of.table.name).map_err(fault(READING))? {
            let count = connection.query_row(of.count.text, [], |row| row.get(0));
            counts.push((of.table.name, count.map_err(fault(READING)).map_err(damaged)?));
        }
    }
    Ok(counts)
}

/// Removes a file that is of no use. That it is not there is what was asked for.
pub(crate) fn discard(file: &Path) {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let _ = fs::remove_file(sibling_path(file, suffix));
    }
}

/// A connection to a file that is there and that no other connection uses.
fn open_alone(file: &Path, doing: &'static str) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags).map_err(fault(doing))?;
    connection.busy_timeout(BUSY).and_then(|()| harden(&connection)).map_err(fault(doing))?;
    Ok(connection)
}

/// What cannot be read in a file that is no database of ours at all is the file's fault.
fn damaged(refused: Fault) -> Fault {
    match refused {
        Fault::Engine { message, .. } => Fault::Damaged { found: message },
        other => other,
    }
}
