//! Reading with statements that are prepared when first needed and kept by their connection.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use super::bind::bind;
use super::severity::fault;
use crate::fault::Fault;
use crate::row::{Cell, Cells, Columns};
use crate::value::{Statement, Value};

impl Columns for Row<'_> {
    fn cell(&self, at: usize) -> Cell<'_> {
        match self.get_ref(at) {
            Ok(ValueRef::Null) => Cell::Null,
            Ok(ValueRef::Integer(number)) => Cell::Integer(number),
            Ok(ValueRef::Text(bytes)) => str::from_utf8(bytes).map_or(Cell::Other, Cell::Text),
            Ok(ValueRef::Blob(bytes)) => Cell::Blob(bytes),
            Ok(ValueRef::Real(_)) | Err(_) => Cell::Other,
        }
    }

    fn name(&self, at: usize) -> &str {
        self.as_ref().column_name(at).unwrap_or("?")
    }
}

/// The first row, if there is one.
pub(super) fn one<T>(
    connection: &Connection,
    statement: &'static Statement,
    values: &[Value<'_>],
    decode: impl FnOnce(&mut Cells<'_>) -> Result<T, Fault>,
) -> Result<Option<T>, Fault> {
    let mut prepared = connection.prepare_cached(statement.text).map_err(fault(statement.name))?;
    bind(&mut prepared, values).map_err(fault(statement.name))?;
    let mut rows = prepared.raw_query();
    let row = rows.next().map_err(fault(statement.name))?;
    row.map(|row| decode(&mut Cells::new(row))).transpose()
}

/// Every row.
pub(super) fn many<T>(
    connection: &Connection,
    statement: &'static Statement,
    values: &[Value<'_>],
    decode: impl Fn(&mut Cells<'_>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let mut prepared = connection.prepare_cached(statement.text).map_err(fault(statement.name))?;
    bind(&mut prepared, values).map_err(fault(statement.name))?;
    let mut rows = prepared.raw_query();
    let mut all = Vec::new();
    while let Some(row) = rows.next().map_err(fault(statement.name))? {
        all.push(decode(&mut Cells::new(row))?);
    }
    Ok(all)
}
