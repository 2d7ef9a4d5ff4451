//! Reads that all see the database as of one moment, beside those who write to it.

use super::connection::{Session, decoded};
use super::severity::{Failure, Stage};
use crate::fault::Fault;
use crate::row::Cells;
use crate::value::{Statement, Value};

const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// A session with a transaction that only reads. The moment is that of the first read; it ends with the session.
#[derive(Debug)]
pub(crate) struct Snapshot(Session);

impl Snapshot {
    pub(super) async fn begin(session: Session) -> Result<Self, Fault> {
        session.say("begin to read", BEGIN, Stage::Open).await.map_err(told)?;
        Ok(Self(session))
    }

    /// Every row.
    pub(crate) async fn many<T>(
        &self,
        statement: &'static Statement,
        values: &[Value<'_>],
        decode: fn(&mut Cells<'_>) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        decoded(&self.0.rows(statement, values).await.map_err(told)?, decode)
    }
}

fn told(failure: Failure) -> Fault {
    failure.fault
}
