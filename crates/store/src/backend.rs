//! The engines behind a store, and the five doors through which all of it goes: one row, the few rows of a key, many rows,
//! a script, and a note that is not waited for.

use std::sync::Arc;

use proofkey_protocol::SessionId;

use crate::fault::Fault;
use crate::remembered::Remembered;
use crate::row::Cells;
use crate::script::{Script, ScriptOutcome};
use crate::value::{Statement, Value};
use crate::{postgres, sqlite};

/// The engines. An engine knows no statement and no table, so each is its connections, its errors and its
/// migrations, and each `match` below names what it must do.
#[derive(Debug)]
pub(crate) enum Backend {
    Sqlite(sqlite::Engine),
    Postgres(postgres::Engine),
}

impl Backend {
    /// The first row, if there is one. A statement sees one state of the database.
    pub(crate) async fn one<T>(
        &self,
        statement: &'static Statement,
        values: &[Value<'_>],
        decode: impl FnOnce(&mut Cells<'_>) -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        match self {
            Self::Sqlite(engine) => engine.one(statement, values, decode),
            // Boxed, so that a read of SQLite, which never waits, is no larger for it.
            Self::Postgres(engine) => Box::pin(engine.one(statement, values, decode)).await,
        }
    }

    /// The first row, if there is one, of a statement that reads what is one person's: few others find it on the same pages.
    pub(crate) async fn one_personal<T: Send + 'static>(
        &self,
        statement: &'static Statement,
        values: &[Value<'_>],
        decode: impl Fn(&mut Cells<'_>) -> Result<T, Fault> + Copy + Send + 'static,
    ) -> Result<Option<T>, Fault> {
        match self {
            Self::Sqlite(engine) => engine.one_personal(statement, values, decode).await,
            Self::Postgres(engine) => Box::pin(engine.one(statement, values, decode)).await,
        }
    }

    /// The few rows that belong to one key. Reading them costs hardly more than reading one.
    pub(crate) async fn few<T>(
        &self,
        statement: &'static Statement,
        values: &[Value<'_>],
        decode: fn(&mut Cells<'_>) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        match self {
            Self::Sqlite(engine) => engine.few(statement, values, decode),
            Self::Postgres(engine) => Box::pin(engine.few(statement, values, decode)).await,
        }
    }

    /// Every row. The statement bounds how many there are.
    pub(crate) async fn many<T: Send + 'static>(
        &self,
        statement: &'static Statement,
        values: Box<[Value<'static>]>,
        decode: fn(&mut Cells<'_>) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        match self {
            Self::Sqlite(engine) => engine.many(statement, values, decode).await,
            Self::Postgres(engine) => Box::pin(engine.many(statement, &values, decode)).await,
        }
    }

    /// Runs a script in one transaction. When this returns, what it says is on the disk.
    pub(crate) async fn run(&self, script: Script) -> Result<ScriptOutcome, Fault> {
        match self {
            Self::Sqlite(engine) => engine.run(script).await,
            Self::Postgres(engine) => Box::pin(engine.run(script)).await,
        }
    }

    /// Runs a script as [`Backend::run`] does, which writes many rows: on PostgreSQL over a connection of its own.
    pub(crate) async fn run_apart(&self, script: Script) -> Result<ScriptOutcome, Fault> {
        match self {
            Self::Sqlite(engine) => engine.run(script).await,
            Self::Postgres(engine) => Box::pin(engine.run_apart(script)).await,
        }
    }

    /// Whether [`Backend::run_last`] would find room now. On SQLite that depends on what waits when its turn comes.
    pub(crate) fn has_room_for_last(&self) -> bool {
        match self {
            Self::Sqlite(_) => true,
            Self::Postgres(engine) => engine.has_room_for_last(),
        }
    }

    /// Runs a script as [`Backend::run`] does, but behind every other write that waits: on SQLite in a transaction of its own
    /// when none does, on PostgreSQL while half of the connections for transactions are free and one that redemptions share has room.
    /// [`Fault::Busy`] where another
    /// script waits so already, or there is no such room.
    pub(crate) async fn run_last(&self, script: Script) -> Result<ScriptOutcome, Fault> {
        match self {
            Self::Sqlite(engine) => engine.run_last(script).await,
            Self::Postgres(engine) => Box::pin(engine.run_last(script)).await,
        }
    }

    /// Sends a script on its way and waits for nothing. It is written soon, or lost; no more are under way than the engine's queue
    /// holds. `afterwards` is done in either case.
    pub(crate) fn post(self: &Arc<Self>, script: Script, afterwards: impl FnOnce(&Self) + Send + 'static) {
        let backend = Arc::clone(self);
        tokio::spawn(async move {
            if let Err(fault) = backend.run(script).await {
                tracing::debug!(%fault, "a note was not written");
            }
            afterwards(&backend);
        });
    }

    /// Forgets what is remembered of a session, where anything is.
    pub(crate) fn doubt(&self, session: SessionId) {
        if let Some(remembered) = self.remembered() {
            remembered.doubt(session);
        }
    }

    /// Whether the answer to a write can be lost while the write is done: [`ScriptOutcome::Unsettled`].
    pub(crate) const fn may_lose_answers(&self) -> bool {
        match self {
            // An error of the disk that leaves an outcome open ends the store.
            Self::Sqlite(_) => false,
            Self::Postgres(_) => true,
        }
    }

    /// What the one writer knows; `None` on an engine that others write to as well.
    pub(crate) fn remembered(&self) -> Option<&Remembered> {
        match self {
            Self::Sqlite(engine) => Some(engine.remembered()),
            Self::Postgres(_) => None,
        }
    }

    /// See [`crate::ProtocolStore::is_shared`].
    pub(crate) const fn is_shared(&self) -> bool {
        match self {
            Self::Sqlite(_) => false,
            Self::Postgres(_) => true,
        }
    }

    /// See [`crate::ProtocolStore::server_time`].
    pub(crate) async fn server_time(&self) -> Result<Option<i64>, Fault> {
        match self {
            Self::Sqlite(_) => Ok(None),
            Self::Postgres(engine) => Box::pin(engine.time()).await.map(Some),
        }
    }

    /// See [`crate::Store::lock_for_serving`].
    pub(crate) fn lock_for_serving(&self) -> Result<(), Fault> {
        match self {
            Self::Sqlite(engine) => engine.lock_for_serving(),
            Self::Postgres(_) => Ok(()),
        }
    }

    /// Sessions of the database that are not this store's own, which has the given application name. A file has none: there
    /// the lock of the server says who serves.
    pub(crate) async fn other_sessions(&self, own_name: &str) -> Result<i64, Fault> {
        match self {
            Self::Sqlite(_) => Ok(0),
            Self::Postgres(engine) => engine.other_sessions(own_name).await,
        }
    }

    /// Reads that see the database as of one moment, where the engine has them; on SQLite a backup is made without.
    pub(crate) async fn snapshot(&self) -> Result<Option<postgres::Snapshot>, Fault> {
        match self {
            Self::Sqlite(_) => Ok(None),
            Self::Postgres(engine) => engine.snapshot().await.map(Some),
        }
    }

    /// See [`crate::Store::check_file`].
    pub(crate) fn check_file(&self) -> Result<(), Fault> {
        match self {
            Self::Sqlite(engine) => engine.check_file(),
            Self::Postgres(_) => Ok(()),
        }
    }

    /// See [`crate::Store::failed`].
    pub(crate) async fn failed(&self) -> Fault {
        match self {
            Self::Sqlite(engine) => engine.failed().await,
            Self::Postgres(engine) => engine.failed().await,
        }
    }

    /// See [`crate::Store::close`].
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(engine) => engine.close().await,
            Self::Postgres(engine) => engine.close(),
        }
    }
}
