//! Why a database is not moved.

use std::io;

use thiserror::Error;

use crate::fault::Fault;

/// Why a copy, a backup, a restore or an upgrade did not happen, or is not finished.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the message of a variant says what its fields are")]
#[non_exhaustive]
pub enum MoveRefused {
    /// The database failed, or is not for this.
    #[error("{place}: {fault}")]
    Database { place: String, fault: Fault },
    /// There is nothing to move.
    #[error("{place}: there is no database, or nothing in it")]
    Absent { place: String },
    /// A server works on it.
    #[error("{place}: a server works on this database: stop it first")]
    Served { place: String },
    /// Another session is connected to it.
    #[error(
        "{place}: {count} other sessions are connected to this database, and each may write: stop every node, and close what else \
         is connected"
    )]
    Sessions { place: String, count: i64 },
    /// What is copied goes into an empty database.
    #[error(
        "{place}: it is not empty: the table {table} has rows. A copy goes into an empty database, or on with one that the same \
         command has begun"
    )]
    NotEmpty { place: String, table: &'static str },
    /// A copy of another database was begun there.
    #[error(
        "{place}: a copy of another database ({peer}) was begun there and not finished: empty it, or go on with that one"
    )]
    OtherCopy { place: String, peer: String },
    /// The two sides differ when all is copied.
    #[error(
        "the table {table} has {from} rows in the source and {to} in the target, or rows that differ: something has written \
         meanwhile. Empty the target and copy again"
    )]
    Differs { table: &'static str, from: u64, to: u64 },
    /// It was changed at the same moment.
    #[error("{place}: somebody has changed what this database is at the same moment: try again")]
    Raced { place: String },
    /// The caller that watches has stopped it.
    #[error("stopped: the same command goes on where this one was cut off")]
    Stopped,
    /// Only one side of a copy can be opened again.
    #[error("{place}: {reason}")]
    NoWayBack { place: String, reason: &'static str },
    /// There is a database where a backup would be restored.
    #[error(
        "{place}: there is a database with {what}. What was taken away in it since the backup, and would be back: {since}. \
         `--replace` puts the backup in its place and keeps that one beside it"
    )]
    WouldReplace { place: String, what: String, since: String },
    /// A file is in the way, cannot be read or cannot be written.
    #[error("{path}: {cause}")]
    File { path: String, cause: io::Error },
    /// A database that is to be grown has users.
    #[error(
        "{place}: this database has users, and would be full of made-up ones whose sessions others know: a database is grown to be \
         measured and for nothing else. Name an installation of its own, with clients and APIs and no users"
    )]
    HasUsers { place: String },
    /// There is nothing that made-up users could allow.
    #[error(
        "{place}: there is no client {client} with a scope: register it first, with the API that owns the scope"
    )]
    NoClient { place: String, client: String },
    /// The caller that was told of the sessions could not take them.
    #[error("the cookies cannot be written: {cause}")]
    Cookies { cause: io::Error },
    /// The file holds what is only a part of a database.
    #[error(
        "{path}: there is a log beside it ({path}-wal), and a database without its log is not whole: it was copied by hand from \
         under a server. `proofkey backup` makes one that is whole"
    )]
    NotWhole { path: String },
    /// The log of a database that is gone lies where another is to be put.
    #[error(
        "{path} is left of a database that is gone, and would be read into the one that takes its place: move it away, to where \
         the rest of that database is, and run this again"
    )]
    LeftOver { path: String },
}
