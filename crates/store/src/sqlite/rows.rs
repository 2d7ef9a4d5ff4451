//! Reading with statements that are prepared when first needed and kept by their connection.

use rusqlite::Connection;

use super::bind::bind;
use super::severity::fault;
use crate::fault::Fault;
use crate::row::{Cells, Columns};
use crate::value::{Statement, Value};

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
    row.map(|row| decode(&mut Cells::new(Columns::Sqlite(row)))).transpose()
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
        all.push(decode(&mut Cells::new(Columns::Sqlite(row)))?);
    }
    Ok(all)
}
