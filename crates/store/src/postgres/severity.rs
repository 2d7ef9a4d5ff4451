//! How far an error of PostgreSQL reaches: whether what was asked is done, whether it is worth asking again, and where.

use tokio_postgres::Error;
use tokio_postgres::error::{DbError, Severity as Level};

use crate::fault::Fault;

/// What an error tells of what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Severity {
    /// It is not done, and would fail again.
    Statement,
    /// It is not done: it met other writes. The same again may go through.
    Again,
    /// It is not done, and this connection is good for nothing; another one may do it.
    Connection,
    /// It is not done, and no connection to this server will do it: it does not take writes.
    Server,
    /// The server did not tell whether it is done.
    Unknown,
}

/// How far a piece of work had come when an error met it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing of it can have been committed: a read, or a step of a transaction before its `COMMIT` was sent.
    Open,
    /// What decides was sent: a `COMMIT`, or a statement that is its own transaction.
    Deciding,
}

/// An error: what is reported of it, and how far it reaches.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) fault: Fault,
    pub(super) severity: Severity,
}

impl Failure {
    /// No answer came in time, or the connection has gone.
    pub(super) fn lost(stage: Stage, reason: &str) -> Self {
        let fault = Fault::LinkLost { reason: reason.to_owned() };
        Self { fault, severity: lost(stage) }
    }

    /// There is no connection.
    pub(super) const fn unreachable(fault: Fault) -> Self {
        Self { fault, severity: Severity::Connection }
    }
}

/// The failure that an error is, with what was being done.
pub(super) fn failure(doing: &'static str, stage: Stage) -> impl FnOnce(Error) -> Failure {
    move |error| match error.as_db_error() {
        Some(told) => {
            let severity = severity(told.code().code(), is_fatal(told), stage);
            Failure { fault: fault(doing, told), severity }
        }
        None if is_of_the_link(&error) => Failure::lost(stage, &reason(&error)),
        // A value that does not fit, or an answer that is not understood.
        None => Failure { fault: engine(doing, "-", error.to_string()), severity: Severity::Statement },
    }
}

/// What an error of connecting or of the link says.
pub(super) fn reason(error: &Error) -> String {
    match (error.as_db_error(), std::error::Error::source(error)) {
        (Some(told), _) => format!("{} (code {})", told.message(), told.code().code()),
        (None, Some(source)) => format!("{error}: {source}"),
        (None, None) => error.to_string(),
    }
}

/// Whether a server refuses what the URL says: the user, the password, or the name of the database.
pub(super) fn is_denial(error: &Error) -> bool {
    let denies = |code: &str| code.starts_with("28") || code == "3D000";
    error.code().is_some_and(|code| denies(code.code()))
}

/// The classes of codes that PostgreSQL's manual lists in its appendix A.
fn severity(code: &str, is_fatal: bool, stage: Stage) -> Severity {
    match code {
        // serialization_failure, deadlock_detected: the server has rolled back, also when `COMMIT` meets it.
        "40001" | "40P01" => Severity::Again,
        // foreign_key_violation: a row that refers to one that is being removed came after the removal had looked. It is undone,
        // and the next attempt sees that row.
        "23503" => Severity::Again,
        // read_only_sql_transaction: a standby, or a primary that became one.
        "25006" => Severity::Server,
        // feature_not_supported: a standby has no serializable transactions, and says so before it says that it takes no writes. It
        // is also what a prepared statement ends in whose columns have changed, and a new session prepares it anew.
        "0A000" => Severity::Server,
        // cannot_connect_now: refused before anything was looked at.
        "57P03" => Severity::Connection,
        // statement_completion_unknown.
        "40003" => lost(stage),
        // After such an error the server closes the connection, and it may have committed before.
        _ if is_fatal || code.starts_with("08") => lost(stage),
        _ => Severity::Statement,
    }
}

const fn lost(stage: Stage) -> Severity {
    match stage {
        Stage::Open => Severity::Connection,
        Stage::Deciding => Severity::Unknown,
    }
}

fn is_fatal(told: &DbError) -> bool {
    matches!(told.parsed_severity(), Some(Level::Fatal | Level::Panic))
}

fn fault(doing: &'static str, told: &DbError) -> Fault {
    let code = told.code().code();
    match code {
        // lock_not_available.
        "55P03" => Fault::Locked,
        "40001" | "40P01" => Fault::Contended,
        // query_canceled: its time was up.
        "57014" => Fault::Slow,
        // disk_full.
        "53100" => Fault::Full,
        _ if is_fatal(told) || code.starts_with("08") || code.starts_with("53") || code == "25006" => {
            Fault::LinkLost { reason: format!("{} (code {code})", told.message()) }
        }
        // The words of errors of this class have values in them.
        _ if code.starts_with("22") => engine(doing, code, "the column does not take the value".to_owned()),
        _ => engine(doing, code, told.message().to_owned()),
    }
}

fn engine(doing: &'static str, code: &str, message: String) -> Fault {
    Fault::Engine { doing, code: code.to_owned(), message }
}

/// Whether an error that the server did not send is one of the connection, and none of a value.
fn is_of_the_link(error: &Error) -> bool {
    use std::error::Error as _;
    error.is_closed() || error.source().is_some_and(|source| source.is::<std::io::Error>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn st_03_each_class_of_codes_reaches_as_far_as_it_must() {
        use Severity::{Again, Connection, Server, Statement, Unknown};
        for (code, is_fatal, open, deciding) in [
            ("40001", false, Again, Again),
            ("40P01", false, Again, Again),
            ("40003", false, Connection, Unknown),
            ("57P01", true, Connection, Unknown),
            ("57P02", true, Connection, Unknown),
            ("57P03", true, Connection, Connection),
            ("08006", false, Connection, Unknown),
            ("08003", true, Connection, Unknown),
            ("25006", false, Server, Server),
            ("0A000", false, Server, Server),
            ("25P03", true, Connection, Unknown),
            ("55P03", false, Statement, Statement),
            ("57014", false, Statement, Statement),
            ("53100", false, Statement, Statement),
            ("23503", false, Again, Again),
            ("XX000", true, Connection, Unknown),
        ] {
            assert_eq!(severity(code, is_fatal, Stage::Open), open, "{code}");
            assert_eq!(severity(code, is_fatal, Stage::Deciding), deciding, "{code}");
        }
    }
}
