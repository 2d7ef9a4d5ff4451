//! The engines behind a store, and the four doors through which all of it goes: one row, the few rows of a key, many rows,
//! and a script.

use crate::fault::Fault;
use crate::row::Cells;
use crate::script::{Script, ScriptOutcome};
use crate::sqlite::Engine;
use crate::value::{Statement, Value};

/// The engines. An engine knows no statement and no table, so a second one is its connections, its errors and its
/// migrations, and each `match` below names what it must do.
#[derive(Debug)]
pub(crate) enum Backend {
    Sqlite(Engine),
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
        }
    }

    /// Runs a script in one transaction. When this returns, what it says is on the disk.
    pub(crate) async fn run(&self, script: Script) -> Result<ScriptOutcome, Fault> {
        match self {
            Self::Sqlite(engine) => engine.run(script).await,
        }
    }

    /// See [`crate::Store::lock_for_serving`].
    pub(crate) fn lock_for_serving(&self) -> Result<(), Fault> {
        match self {
            Self::Sqlite(engine) => engine.lock_for_serving(),
        }
    }

    /// See [`crate::Store::check_file`].
    pub(crate) fn check_file(&self) -> Result<(), Fault> {
        match self {
            Self::Sqlite(engine) => engine.check_file(),
        }
    }

    /// See [`crate::Store::failed`].
    pub(crate) async fn failed(&self) -> Fault {
        match self {
            Self::Sqlite(engine) => engine.failed().await,
        }
    }

    /// See [`crate::Store::close`].
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(engine) => engine.close().await,
        }
    }
}
