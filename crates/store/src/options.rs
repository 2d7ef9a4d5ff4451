//! How a store is opened.

use std::time::Duration;

/// What a database is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To serve from it, or to change it by a command beside those that do.
    Serve,
    /// To apply the migrations that it lacks.
    Upgrade,
    /// To copy from it or into it: whatever side of a copy it is, and only with the schema that this program has.
    Move,
    /// To make a database of a backup: a copy of it, which no other process uses.
    Restore,
}

/// How to open a store on SQLite. Each field is a maximum.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long a write waits while another process writes.
    pub busy_timeout: Duration,
    /// How long a read waits; it runs on a request's thread, and in WAL mode it practically never has to.
    pub reader_busy_timeout: Duration,
    /// Most writes that may wait, and in a large file as many more as one transaction has; one more is refused with
    /// [`crate::Fault::Busy`].
    pub queue_max: usize,
    /// Most writes in one transaction.
    pub batch_max: usize,
    /// Most pages of 4 KiB that the database may have; SQLite's own maximum when absent.
    pub pages_max: Option<u32>,
    /// Pages of 4 KiB from which on a file counts as large: what is one person's is read by the connection that writes. It keeps
    /// its pages, where each other connection reads every page anew after each commit.
    pub large_from_pages: u32,
    /// How long that connection has for such a read, before it is done by another: a commit takes a few milliseconds on a disk that
    /// is well.
    pub writer_reads_within: Duration,
    /// Most subjects (a session with its user, consent and client) that are remembered until a write changes them, and most
    /// access tokens with their grants; 0 for none.
    pub remembered_max: usize,
}

impl Options {
    /// As many subjects, and as many access tokens, are remembered where nothing else is asked for.
    pub const REMEMBERED_MAX: u32 = 2_048;
}

/// How to connect a store to PostgreSQL. Each field is a maximum.
#[derive(Clone, Debug)]
pub struct ConnectOptions {
    /// How long one host has to answer, with all that a session is set to.
    pub connect_timeout: Duration,
    /// How long a statement may take. An answer that takes a second longer counts as a lost connection.
    pub statement_timeout: Duration,
    /// How long a statement waits for rows that others have locked.
    pub lock_timeout: Duration,
    /// How long a transaction may wait for its next statement before the server ends it.
    pub idle_in_transaction_timeout: Duration,
    /// Connections that reads share.
    pub read_connections: usize,
    /// Connections that single statements share which decide by the rows that they write.
    pub write_connections: usize,
    /// Connections that other single statements share: each is a serializable transaction.
    pub serializable_connections: usize,
    /// Connections for transactions of several statements and for reads of many rows, beside those.
    pub own_connections: usize,
    /// Most reads and writes that may be under way; one more is refused with [`crate::Fault::Busy`].
    pub queue_max: usize,
    /// Most subjects (a session with its user, consent and client) that are kept as they were read last, for the statement that redeems
    /// a code to compare; 0 for none.
    pub subjects_read_max: usize,
    /// The name that sessions have on the server, instead of that of the URL.
    pub application_name: Option<String>,
}

impl ConnectOptions {
    /// All connections of one store.
    pub const fn connections(&self) -> usize {
        self.read_connections + self.write_connections + self.serializable_connections + self.own_connections
    }

    /// The same with one connection of each kind.
    #[must_use]
    pub fn with_few_connections(self) -> Self {
        Self {
            read_connections: 1,
            write_connections: 1,
            serializable_connections: 1,
            own_connections: 1,
            ..self
        }
    }
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(2),
            statement_timeout: Duration::from_secs(5),
            lock_timeout: Duration::from_secs(3),
            idle_in_transaction_timeout: Duration::from_secs(10),
            read_connections: 2,
            write_connections: 6,
            serializable_connections: 8,
            own_connections: 4,
            queue_max: 4096,
            subjects_read_max: 2048,
            application_name: None,
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            busy_timeout: Duration::from_secs(5),
            reader_busy_timeout: Duration::from_secs(1),
            queue_max: 4096,
            batch_max: 256,
            pages_max: None,
            large_from_pages: 16_384,
            writer_reads_within: Duration::from_millis(50),
            remembered_max: Self::REMEMBERED_MAX as usize,
        }
    }
}
