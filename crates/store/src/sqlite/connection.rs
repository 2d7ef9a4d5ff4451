//! Opening of the file, and what every connection is set to.

use std::path::Path;
use std::thread;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::files::make_private;
use super::severity::fault;
use crate::fault::Fault;
use crate::not_serving::NotServing;
use crate::options::Options;

/// The first SQLite without the WAL-reset bug, as `sqlite3_libversion_number` writes it.
const SQLITE_MIN: i32 = 3_051_003;

/// Page cache of the writer of a large file, where it reads for others too, in KiB. Pages are not mapped: an error of the disk under a mapped
/// page would be a signal instead of an error code.
const WRITER_CACHE_KIB: i64 = 8 * 1024;
/// That of the writer of any other file. After most splits of a leaf SQLite looks, at the commit, through all that is kept (decision 45).
const WRITER_CACHE_OF_SMALL_FILE_KIB: i64 = 2 * 1024;
/// That of one reader. There is one per thread, so its share is small.
const READER_CACHE_KIB: i64 = 1024;

/// The log is cut back to this size when it starts over.
const LOG_BYTES_MAX: i64 = 16 * 1024 * 1024;

/// Statements that a connection keeps prepared: more than there are texts.
const STATEMENTS_MAX: usize = 64;

/// How often the switch to WAL is tried while another process opens the same new file.
const WAL_ATTEMPTS_MAX: u32 = 100;
const WAL_RETRY: Duration = Duration::from_millis(20);

/// Refuses an SQLite that can corrupt what it stores.
pub(super) fn check_version(number: i32) -> Result<(), Fault> {
    if number >= SQLITE_MIN {
        return Ok(());
    }
    let found = format!("{}.{}.{}", number / 1_000_000, number / 1000 % 1000, number % 1000);
    Err(Fault::EngineTooOld { engine: "SQLite", found, needed: "3.51.3" })
}

/// The connection that writes.
pub(super) fn open_writer(path: &Path, options: &Options) -> Result<Connection, Fault> {
    const DOING: &str = "open the database";
    make_private(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(fault(DOING))?;
    connection.busy_timeout(options.busy_timeout).map_err(fault(DOING))?;
    // Before anything is written into it.
    if is_backup(&connection).map_err(fault(DOING))? {
        return Err(NotServing::Backup.into());
    }
    enter_wal(&connection)?;
    let set = |name, value: i64| connection.pragma_update(None, name, value);
    set("synchronous", 2)
        .and_then(|()| set("foreign_keys", 1))
        .and_then(|()| set("temp_store", 2))
        .and_then(|()| fit_cache(&connection, false))
        .and_then(|()| set("journal_size_limit", LOG_BYTES_MAX))
        // The writer moves the log itself, after it has acknowledged, and hears about errors that way.
        .and_then(|()| set("wal_autocheckpoint", 0))
        .and_then(|()| harden(&connection))
        .map_err(fault(DOING))?;
    if let Some(pages) = options.pages_max {
        set("max_page_count", i64::from(pages)).map_err(fault(DOING))?;
    }
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    Ok(connection)
}

/// Lets the writer keep as much as the file is worth.
pub(super) fn fit_cache(connection: &Connection, is_large: bool) -> rusqlite::Result<()> {
    let kib = if is_large { WRITER_CACHE_KIB } else { WRITER_CACHE_OF_SMALL_FILE_KIB };
    connection.pragma_update(None, "cache_size", -kib)
}

/// The table that a backup has beside those of the database it was made of, and nothing else has.
pub(super) const BACKUP_TABLE: &str = "proofkey_backup";

/// Whether a file is a backup.
pub(super) fn is_backup(connection: &Connection) -> rusqlite::Result<bool> {
    connection.table_exists(None, BACKUP_TABLE)
}

/// A connection that cannot write.
pub(super) fn open_reader(path: &Path, busy_timeout: Duration) -> Result<Connection, Fault> {
    const DOING: &str = "open the database to read";
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(fault(DOING))?;
    connection.busy_timeout(busy_timeout).map_err(fault(DOING))?;
    connection
        .pragma_update(None, "cache_size", -READER_CACHE_KIB)
        .and_then(|()| connection.pragma_update(None, "temp_store", 2))
        .and_then(|()| harden(&connection))
        .map_err(fault(DOING))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    Ok(connection)
}

/// The busy timeout does not cover this switch, so it is tried again here.
fn enter_wal(connection: &Connection) -> Result<(), Fault> {
    const DOING: &str = "switch the database to WAL";
    for _ in 1..WAL_ATTEMPTS_MAX {
        match try_wal(connection).map_err(fault(DOING)) {
            Err(Fault::Locked) => thread::sleep(WAL_RETRY),
            done => return done,
        }
    }
    try_wal(connection).map_err(fault(DOING))
}

fn try_wal(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get::<_, String>(0)).map(drop)
}

/// A hostile file must not run code through its schema, and no statement may edit the schema by hand.
pub(super) fn harden(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    // A library that plans by samples of the data (STAT4), as it may be compiled, parses and plans a statement anew whenever another
    // value is bound. Our statements find their rows by key whatever the value is: one plan serves for good.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v_84_an_sqlite_with_the_wal_reset_bug_is_refused() {
        for (number, accepted) in
            [(3_040_001, false), (3_051_002, false), (3_051_003, true), (3_054_001, true)]
        {
            assert_eq!(check_version(number).is_ok(), accepted, "{number}");
        }
        assert_eq!(check_version(rusqlite::version_number()), Ok(()));
        let refused = check_version(3_051_002).unwrap_err().to_string();
        assert!(refused.starts_with("SQLite 3.51.2 "), "{refused}");
    }

    /// `.cargo/config.toml` says how; where it is not read, SQLite works all the same.
    #[test]
    fn sqlite_is_compiled_without_what_is_not_used() {
        let connection = Connection::open_in_memory().unwrap();
        let mut read = connection.prepare("PRAGMA compile_options").unwrap();
        let options: Vec<String> =
            read.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        for there in [
            "DEFAULT_MEMSTATUS=0",
            "DQS=0",
            "LIKE_DOESNT_MATCH_BLOBS",
            "OMIT_LOAD_EXTENSION",
            "OMIT_SHARED_CACHE",
            "USE_ALLOCA",
        ] {
            assert!(options.iter().any(|option| option == there), "{there} of {options:?}");
        }
        for gone in [
            "ENABLE_API_ARMOR",
            "ENABLE_FTS3",
            "ENABLE_FTS5",
            "ENABLE_LOAD_EXTENSION",
            "ENABLE_RTREE",
            "ENABLE_STAT4",
            "SOUNDEX",
        ] {
            assert!(options.iter().all(|option| !option.starts_with(gone)), "{gone}");
        }
    }

    #[test]
    fn settings_are_in_force() {
        let folder = tempfile::tempdir().unwrap();
        let connection = open_writer(&folder.path().join("db"), &Options::default()).unwrap();
        for (pragma, expected) in [
            ("synchronous", "2"),
            ("foreign_keys", "1"),
            ("journal_mode", "wal"),
            ("trusted_schema", "0"),
            ("temp_store", "2"),
            ("wal_autocheckpoint", "0"),
            ("busy_timeout", "5000"),
        ] {
            let value: rusqlite::types::Value =
                connection.pragma_query_value(None, pragma, |row| row.get(0)).unwrap();
            let text = match value {
                rusqlite::types::Value::Integer(number) => number.to_string(),
                rusqlite::types::Value::Text(text) => text,
                other => format!("{other:?}"),
            };
            assert_eq!(text, expected, "{pragma}");
        }
    }
}
