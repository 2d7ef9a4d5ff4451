//! Files: which may be read by others, where they lie, and how many may be open.

use std::path::Path;

use proofkey_server::config::{Config, SealingKeySource, Store, database_file};
use proofkey_server::http::HttpLimits;
use proofkey_server::system::{self, FileSystem};

use super::report::Report;

/// What must be left for a database that grows.
const FREE_BYTES_MIN: u64 = 64 * 1024 * 1024;

pub(super) fn examine(config: &Config, report: &mut Report) {
    if let Store::Directory { data, .. } = &config.store {
        directory(data, report);
    }
    secrets(config, report);
    limits(config, report);
}

/// The data directory and the database in it.
fn directory(data: &Path, report: &mut Report) {
    if !data.is_dir() {
        let cure =
            "`proofkey serve` and `proofkey user add` make it; where it was moved, name it in store.data";
        report.find("data.missing", format!("store.data: {} is no directory", data.display()), cure);
        return;
    }
    let closed = [(data.to_owned(), "700"), (database_file(data), "600")]
        .map(|(path, mode)| closed(&path, mode, report));
    match system::file_system(data) {
        Err(cause) => report.note(format!("{}: the file system cannot be asked: {cause}", data.display())),
        Ok(FileSystem { is_network: true, .. }) => report.find(
            "data.network",
            format!("{} is on a network file system, on which SQLite cannot lock", data.display()),
            "put store.data on a disk of this machine, or the data into PostgreSQL (store.url)",
        ),
        Ok(FileSystem { free_bytes, .. }) if free_bytes < FREE_BYTES_MIN => report.find(
            "data.full",
            format!("{}: {} MiB are left on the file system", data.display(), free_bytes >> 20),
            "make room: nothing can be signed in to when the disk is full",
        ),
        Ok(_) if closed == [true, true] => {
            report.pass(format!("{} is private and on a disk with room", data.display()))
        }
        Ok(_) => {}
    }
}

/// Whether only its owner, who is this user, gets at a file; one that is not there is closed.
fn closed(path: &Path, mode: &str, report: &mut Report) -> bool {
    let Ok(access) = system::access(path) else { return true };
    if access.is_open_to_others {
        let what = format!("{} can be read or written by others (mode {:04o})", path.display(), access.mode);
        report.find("data.mode", what, format!("chmod {mode} {}", path.display()));
        return false;
    }
    if !access.is_own {
        let what = format!("{} belongs to another user", path.display());
        let cure =
            format!("run the server and its commands as that user, or: chown -R USER {}", path.display());
        report.find("data.owner", what, cure);
        return false;
    }
    true
}

/// Files that hold keys. That the sealing key is closed to all others is a condition of reading the configuration.
fn secrets(config: &Config, report: &mut Report) {
    let sealing = match &config.keys.sealing_key_source {
        SealingKeySource::File(path) => Some(path),
        SealingKeySource::Environment => None,
    };
    let tls = config.server.tls.as_ref().map(|files| &files.key);
    for path in sealing.into_iter().chain(tls) {
        let Ok(access) = system::access(path) else { continue };
        if access.mode & 0o007 == 0 {
            report.pass(format!("{} is closed to others", path.display()));
        } else {
            let what = format!("{} can be read by every user (mode {:04o})", path.display(), access.mode);
            report.find(
                "keys.mode",
                what,
                format!("chmod 600 {}; if others use this machine, replace the key", path.display()),
            );
        }
    }
}

/// What this shell lets a process do. A service manager may set other limits for the server.
fn limits(config: &Config, report: &mut Report) {
    let (wanted, limits) = (config.server.connections_max, system::file_limits());
    let had = limits.open_max.map_or(wanted, |files| HttpLimits::connections_within(&config.server, files));
    if had < wanted {
        let files = limits.open_max.unwrap_or_default();
        report.find(
            "limits.open_files",
            format!(
                "the hard limit on open files is {files}: it leaves room for {had} connections, and \
                server.connections_max is {wanted}"
            ),
            "raise the limit (LimitNOFILE= of the unit, `ulimit -Hn`), or lower server.connections_max",
        );
    } else {
        report.pass(format!("{wanted} connections fit under the limit on open files"));
    }
    if let Some(bytes) = limits.size_max {
        report.find(
            "limits.file_size",
            format!("a file may grow to {bytes} bytes and no further: the database would stop there"),
            "lift the limit (LimitFSIZE=infinity of the unit, `ulimit -f unlimited`)",
        );
    }
}
