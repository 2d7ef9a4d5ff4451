//! A write as data: statements with their values, and what it means when one of them finds no row.
//!
//! Making a script runs nothing, and the engine that runs one knows no table.

use crate::fault::AdminFault;
use crate::value::{Decides, Statement, Value};

/// One statement of a script.
pub(crate) struct ScriptStep {
    pub(crate) statement: &'static Statement,
    pub(crate) values: Box<[Value<'static>]>,
    /// What it means that no row was written; `None` if it does not matter.
    pub(crate) on_no_row: Option<NoRow>,
}

/// Why a step that must write a row wrote none. Rules hear of either as a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoRow {
    /// Nothing was added: the key is taken, or the condition of the insertion does not hold.
    Exists,
    /// Nothing was found: there is no such row, or it is not as the condition wants it.
    Missing,
    /// What was read before no longer stands.
    Changed,
}

/// Steps that are written together or not at all: at least one. A step that asks for the time is not the first: the one
/// before it has locked, by writing it, the row that it changes.
pub(crate) struct Script {
    first: ScriptStep,
    more: Vec<ScriptStep>,
    /// Whether each step would be right by itself: they are together only to be written at once.
    are_separate: bool,
}

/// What became of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum ScriptOutcome {
    /// Every step was written.
    Written { rows: usize },
    /// A step found no row that it needed: the script has changed nothing.
    Undone(NoRow),
    /// The script ran more than once, for the answer to a run was lost: a step found no row that it needed, and that may be
    /// so because the lost run was written. What became of it has to be read by the script's own key.
    Unsettled(NoRow),
}

impl ScriptStep {
    /// An insertion that must add a row.
    pub(crate) fn must_add(statement: &'static Statement, values: Box<[Value<'static>]>) -> Self {
        Self { statement, values, on_no_row: Some(NoRow::Exists) }
    }

    /// A change that must find a row.
    pub(crate) fn must_find(statement: &'static Statement, values: Box<[Value<'static>]>) -> Self {
        Self { statement, values, on_no_row: Some(NoRow::Missing) }
    }

    /// A change that is right only while what was read before stands.
    pub(crate) fn must_stand(statement: &'static Statement, values: Box<[Value<'static>]>) -> Self {
        Self { statement, values, on_no_row: Some(NoRow::Changed) }
    }

    /// A statement that may change nothing: the state asked for is the state that is.
    pub(crate) fn may_find(statement: &'static Statement, values: Box<[Value<'static>]>) -> Self {
        Self { statement, values, on_no_row: None }
    }
}

impl ScriptStep {
    /// What it means that the step wrote so many rows.
    pub(crate) fn judge(&self, rows: u64) -> ScriptOutcome {
        match self.on_no_row {
            Some(no_row) if rows == 0 => ScriptOutcome::Undone(no_row),
            _ => ScriptOutcome::Written { rows: usize::try_from(rows).unwrap_or(usize::MAX) },
        }
    }

    /// Whether a value is asked for when the step runs.
    pub(crate) fn asks_time(&self) -> bool {
        self.values.iter().any(Value::asks_time)
    }

    /// Whether the step alone is a whole transaction, on any engine that locks what it writes.
    pub(crate) fn decides_by_its_row(&self) -> bool {
        self.statement.decides == Decides::ByItsRow
    }
}

impl From<ScriptStep> for Script {
    fn from(first: ScriptStep) -> Self {
        debug_assert!(
            !first.asks_time(),
            "{} asks for the time before anything is locked",
            first.statement.name
        );
        Self { first, more: Vec::new(), are_separate: false }
    }
}

impl Script {
    /// The same with one more step.
    pub(crate) fn then(mut self, step: ScriptStep) -> Self {
        self.more.push(step);
        self
    }

    /// The same with more steps.
    pub(crate) fn then_all(mut self, steps: impl IntoIterator<Item = ScriptStep>) -> Self {
        self.more.extend(steps);
        self
    }

    /// Steps that are written at once and have nothing to do with each other: each decides by its row, and none has to find one.
    pub(crate) fn separate(first: ScriptStep, others: impl IntoIterator<Item = ScriptStep>) -> Self {
        let script = Self::from(first).then_all(others);
        let are_separate = script.steps().all(|step| step.decides_by_its_row() && step.on_no_row.is_none());
        debug_assert!(are_separate, "a step depends on others");
        Self { are_separate, ..script }
    }

    /// Whether its steps have nothing to do with each other.
    pub(crate) const fn are_separate(&self) -> bool {
        self.are_separate
    }

    /// Whether it has several steps. A single statement undoes itself when it fails.
    pub(crate) fn is_several(&self) -> bool {
        !self.more.is_empty()
    }

    /// Its step, if there is one alone.
    pub(crate) fn only_step(&self) -> Option<&ScriptStep> {
        self.more.is_empty().then_some(&self.first)
    }

    /// The steps in order.
    pub(crate) fn steps(&self) -> impl Iterator<Item = &ScriptStep> {
        std::iter::once(&self.first).chain(&self.more)
    }
}

impl ScriptOutcome {
    /// Rows written: a script that was undone has written none.
    pub(crate) const fn rows(self) -> usize {
        match self {
            Self::Written { rows } => rows,
            Self::Undone(_) | Self::Unsettled(_) => 0,
        }
    }
}

impl From<NoRow> for AdminFault {
    fn from(no_row: NoRow) -> Self {
        match no_row {
            NoRow::Exists => Self::Exists,
            NoRow::Missing => Self::Missing,
            NoRow::Changed => Self::Conflict,
        }
    }
}
