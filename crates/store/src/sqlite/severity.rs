//! How far an error of SQLite reaches: one write, its transaction, or the trust in the file.

use rusqlite::{Error, ffi};

use crate::fault::Fault;

/// What an error undoes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Severity {
    /// The write that met it.
    Write,
    /// Every write of the transaction; the next transaction may work.
    Batch,
    /// Everything: after a failed fsync the kernel may have dropped the pages, so trying again would lie. A new process
    /// reads what is really there.
    Stop,
}

/// An error that the writer met: what is reported of it, and how far it reaches.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) fault: Fault,
    pub(super) severity: Severity,
}

impl Failure {
    /// The same error, met by `COMMIT` itself: it is never the matter of one write, and unless it is known to have left the
    /// transaction open it leaves the outcome open instead.
    pub(super) fn of_commit(self) -> Self {
        match (self.severity, self.fault) {
            (Severity::Write | Severity::Stop, Fault::Engine { code, message, .. }) => {
                Self { fault: Fault::Unknown { code, message }, severity: Severity::Stop }
            }
            // It may have come after the log was synchronised: the next process would find the transaction there.
            (_, Fault::NoMemory) => {
                let (code, message) = (ffi::SQLITE_NOMEM.to_string(), "out of memory".to_owned());
                Self { fault: Fault::Unknown { code, message }, severity: Severity::Stop }
            }
            (severity, fault) => Self { fault, severity },
        }
    }
}

/// The failure that an error is, with what was being done.
pub(super) fn failure(doing: &'static str) -> impl FnOnce(Error) -> Failure {
    move |error| {
        let code = code_of(&error);
        let fault = match primary(code) {
            ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED => Fault::Locked,
            ffi::SQLITE_FULL => Fault::Full,
            ffi::SQLITE_NOMEM => Fault::NoMemory,
            _ if is_full(code, has_file_size_limit()) => Fault::Full,
            _ => Fault::Engine { doing, code: code.to_string(), message: error.to_string() },
        };
        Failure { fault, severity: severity(code, has_file_size_limit()) }
    }
}

/// The fault of an error, where nothing has to be undone.
pub(super) fn fault(doing: &'static str) -> impl FnOnce(Error) -> Fault {
    move |error| failure(doing)(error).fault
}

/// Whether an error that is not called so means that a file could not grow. No fsync was involved, so nothing is in doubt.
fn is_full(code: i32, has_limit: bool) -> bool {
    match code {
        // The shared index of the log.
        ffi::SQLITE_IOERR_SHMSIZE => true,
        // SQLite knows ENOSPC and not EFBIG, which is what a process with a limit on file sizes gets (K-37).
        ffi::SQLITE_IOERR_WRITE => has_limit,
        _ => false,
    }
}

/// Whether this process may not write files of any size (`ulimit -f`, `LimitFSIZE=`).
#[cfg(unix)]
fn has_file_size_limit() -> bool {
    rustix::process::getrlimit(rustix::process::Resource::Fsize).current.is_some()
}

#[cfg(not(unix))]
const fn has_file_size_limit() -> bool {
    false
}

fn severity(code: i32, has_limit: bool) -> Severity {
    match primary(code) {
        ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED | ffi::SQLITE_FULL => Severity::Batch,
        _ if is_full(code, has_limit) => Severity::Batch,
        ffi::SQLITE_NOMEM | ffi::SQLITE_INTERRUPT => Severity::Batch,
        ffi::SQLITE_IOERR
        | ffi::SQLITE_CORRUPT
        | ffi::SQLITE_NOTADB
        | ffi::SQLITE_CANTOPEN
        | ffi::SQLITE_PROTOCOL
        | ffi::SQLITE_READONLY
        | ffi::SQLITE_INTERNAL
        | ffi::SQLITE_MISUSE => Severity::Stop,
        _ => Severity::Write,
    }
}

fn code_of(error: &Error) -> i32 {
    match error {
        Error::SqliteFailure(failure, _) => failure.extended_code,
        Error::SqlInputError { error, .. } => error.extended_code,
        _ => ffi::SQLITE_ERROR,
    }
}

const fn primary(code: i32) -> i32 {
    code & 0xff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v_31_each_code_reaches_as_far_as_it_must() {
        for (code, expected) in [
            (ffi::SQLITE_CONSTRAINT_UNIQUE, Severity::Write),
            (ffi::SQLITE_CONSTRAINT_FOREIGNKEY, Severity::Write),
            (ffi::SQLITE_BUSY, Severity::Batch),
            (ffi::SQLITE_BUSY_SNAPSHOT, Severity::Batch),
            (ffi::SQLITE_FULL, Severity::Batch),
            (ffi::SQLITE_IOERR_SHMSIZE, Severity::Batch),
            (ffi::SQLITE_NOMEM, Severity::Batch),
            (ffi::SQLITE_IOERR_FSYNC, Severity::Stop),
            (ffi::SQLITE_IOERR_WRITE, Severity::Stop),
            (ffi::SQLITE_IOERR_READ, Severity::Stop),
            (ffi::SQLITE_CORRUPT, Severity::Stop),
            (ffi::SQLITE_NOTADB, Severity::Stop),
            (ffi::SQLITE_READONLY_DBMOVED, Severity::Stop),
        ] {
            let error = Error::SqliteFailure(ffi::Error::new(code), None);
            assert_eq!(failure("test")(error).severity, expected, "{code}");
        }
    }

    #[test]
    fn f_31_what_finds_no_memory_may_be_asked_for_again_and_what_the_engine_refuses_may_not() {
        let told = |code| fault("test")(Error::SqliteFailure(ffi::Error::new(code), None));
        assert_eq!(told(ffi::SQLITE_NOMEM), Fault::NoMemory);
        assert!(told(ffi::SQLITE_NOMEM).is_temporary() && !told(ffi::SQLITE_TOOBIG).is_temporary());
    }

    #[test]
    fn k_37_a_file_that_may_not_grow_is_a_full_disk_only_where_there_is_such_a_limit() {
        for (code, has_limit, expected) in [
            (ffi::SQLITE_IOERR_WRITE, true, Severity::Batch),
            (ffi::SQLITE_IOERR_WRITE, false, Severity::Stop),
            (ffi::SQLITE_IOERR_FSYNC, true, Severity::Stop),
        ] {
            assert_eq!(severity(code, has_limit), expected, "{code} {has_limit}");
        }
    }
}
