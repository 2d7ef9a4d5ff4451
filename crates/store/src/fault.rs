//! What can go wrong with the durable state. All of it is ours: a caller's mistake never ends here.

use std::io;

use thiserror::Error;

use crate::not_serving::NotServing;

/// A fault of the store. Messages name tables, columns and keys, never values.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Fault {
    /// More work is waiting than the queue holds.
    #[error("the queue of writes is full")]
    Busy,
    /// Another process held the database's lock, or the lock of a row, for longer than the timeout.
    #[error("another process holds the lock of the database")]
    Locked,
    /// Other writes kept changing what this one depends on.
    #[error("other writes got in the way, again and again")]
    Contended,
    /// The database took longer than it may.
    #[error("the database did not answer in time")]
    Slow,
    /// No host of the database takes connections that can write.
    #[error("the database at {host} cannot be used: {reason}")]
    Unreachable {
        /// The host that was tried last, with its port.
        host: String,
        /// What it or the system said.
        reason: String,
        /// Whether it answered, and lets no client in by this URL: to wait would not help.
        is_denied: bool,
    },
    /// The connection to the database was lost before it could be told to make anything durable.
    #[error("the connection to the database was lost: {reason}")]
    LinkLost {
        /// What the server or the system said.
        reason: String,
    },
    /// The connection to the database was lost while a write was being made durable, and whether it is could not be learnt.
    #[error("the connection to the database was lost, and whether the change was made is unknown")]
    OutcomeUnknown,
    /// The URL of the database cannot be used.
    #[error("the URL of the database {reason}")]
    Url {
        /// What is wrong with it, without any of its secrets.
        reason: String,
    },
    /// There is no room. Nothing of the transaction was written; it works again once there is.
    #[error("the disk is full")]
    Full,
    /// There is no memory for it. The transaction is undone; it works again once there is.
    #[error("there is no memory for it")]
    NoMemory,
    /// The engine refused.
    #[error("{doing}: {message} (code {code})")]
    Engine {
        /// What was being done: the name of a statement, or a phrase.
        doing: &'static str,
        /// The engine's own code, as its manual writes it.
        code: String,
        /// The engine's words.
        message: String,
    },
    /// A file could not be used.
    #[error("{doing}: {kind}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The kind of the error.
        kind: io::ErrorKind,
    },
    /// A row that this program cannot have written.
    #[error("impossible row in {table}, column {column}, key {key}")]
    #[expect(missing_docs, reason = "table and column are named as in the schema")]
    Impossible {
        table: &'static str,
        column: String,
        /// The row's key as text.
        key: String,
    },
    /// The database was written by a newer version of this program.
    #[error("the database has migration {found}, which this version does not know; it knows {known}")]
    NewerSchema {
        /// The migration found.
        found: i64,
        /// The newest that is known here.
        known: i64,
    },
    /// The database lacks migrations, and they are not applied unasked.
    #[error(
        "the database has migration {found}, and this version wants {needed}: `proofkey upgrade` brings it up, beside the servers \
         that run"
    )]
    OlderSchema {
        /// The newest that is applied.
        found: i64,
        /// The newest that this version has.
        needed: i64,
    },
    /// The database is one side of a copy, or a backup.
    #[error(transparent)]
    NotServing(#[from] NotServing),
    /// What stands in the file is no sound database.
    #[error("the file is damaged: {found}")]
    Damaged {
        /// What the engine says of it.
        found: String,
    },
    /// A migration that was applied differs from the one in this program.
    #[error("migration {name} was applied with another content than it has in this version")]
    MigrationChanged {
        /// The migration's name: its file without the ending.
        name: &'static str,
    },
    /// This version of the engine can corrupt the database.
    #[error("{engine} {found} can corrupt the database; {needed} or later is needed")]
    EngineTooOld {
        /// The engine's name.
        engine: &'static str,
        /// The version found.
        found: String,
        /// The first version without the fault.
        needed: &'static str,
    },
    /// Two connections at once are one session of the database: what one of them is set to holds for the other.
    #[error(
        "two connections to the database share one session of it, as behind a pooler that gives each transaction another one: what \
         is set for one would be lost, and with it what a transaction is promised; connect to the database itself, or let the pooler \
         work by session"
    )]
    SharedSession,
    /// Every user of this machine may use the file, and its mode cannot be changed.
    #[error(
        "{file}: every user of this machine can use it (mode {mode:04o}); run `chmod 600 {file}` as its owner"
    )]
    #[expect(missing_docs, reason = "the message says what its fields are")]
    Exposed { file: String, mode: u32 },
    /// A file beside the database is a symbolic link, which may lead to a file of another program.
    #[error("{file} is a symbolic link, and what stands beside a database is read through none: remove it")]
    #[expect(missing_docs, reason = "the message says what its field is")]
    Linked { file: String },
    /// The name of the database leads to another file than the one that is open, or to none.
    #[error(
        "the database was moved or replaced while it was open: start again on the file that is there now"
    )]
    Replaced,
    /// Another server works on this file.
    #[error("another server is running on this database")]
    AlreadyServed,
    /// The commit failed in a way that leaves open whether the write is durable. The store has stopped writing.
    #[error("a commit failed and its outcome is unknown: {message} (code {code})")]
    Unknown {
        /// The engine's own code.
        code: String,
        /// The engine's words.
        message: String,
    },
    /// The store stopped writing after an input/output error; the process should end and start again.
    #[error("the store has stopped writing after an error")]
    Stopped,
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

/// Why an operator's change did not happen.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AdminFault {
    /// The id or the name is taken.
    #[error("it exists already")]
    Exists,
    /// There is nothing of that id or name.
    #[error("there is no such thing")]
    Missing,
    /// It is not as it was read any more: another write changed it meanwhile, and nothing was written.
    #[error("it was changed at the same moment")]
    Conflict,
    /// The store failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Fault {
    /// Whether the same request may succeed a little later, here or on the process that follows: worth a `Retry-After`.
    pub const fn is_temporary(&self) -> bool {
        match self {
            Self::Busy
            | Self::Locked
            | Self::Contended
            | Self::Slow
            | Self::Unreachable { .. }
            | Self::LinkLost { .. }
            | Self::OutcomeUnknown
            | Self::Full
            | Self::NoMemory
            | Self::Unknown { .. }
            | Self::Stopped
            | Self::Closed
            | Self::Replaced => true,
            Self::Engine { .. }
            | Self::Url { .. }
            | Self::Io { .. }
            | Self::Impossible { .. }
            | Self::NewerSchema { .. }
            | Self::OlderSchema { .. }
            | Self::NotServing(_)
            | Self::Damaged { .. }
            | Self::MigrationChanged { .. }
            | Self::EngineTooOld { .. }
            | Self::SharedSession
            | Self::Exposed { .. }
            | Self::Linked { .. }
            | Self::AlreadyServed => false,
        }
    }

    /// A file error, without its path.
    pub(crate) fn io(doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::Io { doing, kind: error.kind() }
    }
}
