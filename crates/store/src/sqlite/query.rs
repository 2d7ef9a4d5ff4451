//! Running of statements that are prepared when first needed and kept by their connection.

use rusqlite::{Connection, Row};

use super::bind::{Values, bind};
use super::severity::fault;
use crate::fault::Fault;

/// The first row, if there is one.
pub(super) fn one<T>(
    connection: &Connection,
    text: &str,
    values: Values<'_>,
    decode: impl FnOnce(&Row<'_>) -> Result<T, Fault>,
) -> Result<Option<T>, Fault> {
    const DOING: &str = "read a row";
    let mut statement = connection.prepare_cached(text).map_err(fault(DOING))?;
    bind(&mut statement, values).map_err(fault(DOING))?;
    let mut rows = statement.raw_query();
    rows.next().map_err(fault(DOING))?.map(decode).transpose()
}

/// Every row. The statement bounds how many there are.
pub(super) fn many<T>(
    connection: &Connection,
    text: &str,
    values: Values<'_>,
    mut decode: impl FnMut(&Row<'_>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    const DOING: &str = "read rows";
    let mut statement = connection.prepare_cached(text).map_err(fault(DOING))?;
    bind(&mut statement, values).map_err(fault(DOING))?;
    let mut rows = statement.raw_query();
    let mut all = Vec::new();
    while let Some(row) = rows.next().map_err(fault(DOING))? {
        all.push(decode(row)?);
    }
    Ok(all)
}

/// Changes rows and says how many.
pub(super) fn execute(connection: &Connection, text: &str, values: Values<'_>) -> Result<usize, Fault> {
    const DOING: &str = "change rows";
    let mut statement = connection.prepare_cached(text).map_err(fault(DOING))?;
    bind(&mut statement, values).map_err(fault(DOING))?;
    statement.raw_execute().map_err(fault(DOING))
}
