//! An empty database gets all that another holds: batch after batch, each a transaction that notes how far it is, and at the end
//! the two are compared.

use std::ops::ControlFlow;

use futures_util::future::try_join;

use super::digest::{TableDigest, digest};
use super::place::Place;
use super::refused::MoveRefused;
use super::source::{Row, Source, key_of};
use crate::fault::AdminFault;
use crate::script::{Script, ScriptStep};
use crate::sql::state::NOTE_COPIED;
use crate::sql::tables::{self, TableTexts};
use crate::state::CopyId;
use crate::store::Store;
use crate::value::values;

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Rows are read and written.
    Copying,
    /// The rows of both sides are read again and compared.
    Comparing,
    /// Rows are made up and written.
    Growing,
}

/// How far a move is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// What is being done.
    pub phase: Phase,
    /// With which table.
    pub table: &'static str,
    /// Rows that this phase is done with.
    pub rows: u64,
    /// Of so many.
    pub total: u64,
}

/// Hears after each batch how far a move is, and may stop it there.
pub type Watch<'w> = dyn FnMut(Progress) -> ControlFlow<()> + Send + 'w;

/// One database being filled out of another.
pub(super) struct Fill<'f, 'w> {
    pub(super) from: &'f Place,
    pub(super) source: &'f Source,
    pub(super) to: &'f Place,
    pub(super) target: &'f Store,
    pub(super) id: CopyId,
    pub(super) watch: &'f mut Watch<'w>,
}

impl Fill<'_, '_> {
    /// Copies what is not there yet, and says what both sides hold in the end.
    pub(super) async fn run(&mut self) -> Result<Vec<TableDigest>, MoveRefused> {
        let total = self.count().await?;
        let mut rows = 0;
        for of in tables::all() {
            self.table(of, &mut rows, total).await?;
        }
        self.compare(total).await
    }

    async fn count(&self) -> Result<u64, MoveRefused> {
        let mut total = 0;
        for of in tables::all() {
            total += self.source.count(of).await.map_err(|fault| self.from.refused(fault))?;
        }
        Ok(total)
    }

    async fn table(
        &mut self,
        of: &'static TableTexts,
        rows: &mut u64,
        total: u64,
    ) -> Result<(), MoveRefused> {
        let target = Source::Store(self.target.clone());
        let of_target = |fault| self.to.refused(fault);
        let mut last = target.last(of).await.map_err(of_target)?;
        *rows += target.count(of).await.map_err(of_target)?;
        loop {
            let batch = self.source.batch(of, last.as_ref()).await;
            let batch = batch.map_err(|fault| self.from.refused(fault))?;
            let Some(key) = batch.last().map(|row| key_of(of, row)) else { return Ok(()) };
            *rows += u64::try_from(batch.len()).unwrap_or_default();
            self.write(of, batch, *rows).await?;
            last = Some(key);
            self.tell(Progress { phase: Phase::Copying, table: of.table.name, rows: *rows, total })?;
        }
    }

    async fn write(&self, of: &'static TableTexts, batch: Vec<Row>, rows: u64) -> Result<(), MoveRefused> {
        let noted = values![self.id, i64::try_from(rows).unwrap_or(i64::MAX)];
        // While it is still the target of this copy: no server serves from it, and no other copy fills it.
        let script = Script::from(ScriptStep::must_stand(&NOTE_COPIED, noted))
            .then_all(batch.into_iter().map(|row| ScriptStep::may_find(&of.insert, row.into())));
        self.target.change(script).await.map_err(|refused| match refused {
            AdminFault::Fault(fault) => self.to.refused(fault),
            AdminFault::Exists | AdminFault::Missing | AdminFault::Conflict => {
                MoveRefused::Raced { place: self.to.to_string() }
            }
        })
    }

    async fn compare(&mut self, total: u64) -> Result<Vec<TableDigest>, MoveRefused> {
        let (mut rows, mut digests) = (0, Vec::new());
        let target = Source::Store(self.target.clone());
        for of in tables::all() {
            let from = async { digest(self.source, of).await.map_err(|fault| self.from.refused(fault)) };
            let to = async { digest(&target, of).await.map_err(|fault| self.to.refused(fault)) };
            let (from, to) = try_join(from, to).await?;
            if from != to {
                return Err(MoveRefused::Differs { table: of.table.name, from: from.rows, to: to.rows });
            }
            rows += from.rows;
            digests.push(from);
            self.tell(Progress { phase: Phase::Comparing, table: of.table.name, rows, total })?;
        }
        Ok(digests)
    }

    fn tell(&mut self, progress: Progress) -> Result<(), MoveRefused> {
        match (self.watch)(progress) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(MoveRefused::Stopped),
        }
    }
}
