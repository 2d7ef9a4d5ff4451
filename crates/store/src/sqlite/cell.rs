//! The columns of a row that SQLite read.

use rusqlite::Row;
use rusqlite::types::ValueRef;

use crate::cell::Cell;

/// What a column holds.
pub(crate) fn cell<'a>(row: &'a Row<'_>, at: usize) -> Cell<'a> {
    match row.get_ref(at) {
        Ok(ValueRef::Null) => Cell::Null,
        Ok(ValueRef::Integer(number)) => Cell::Integer(number),
        Ok(ValueRef::Text(bytes)) => str::from_utf8(bytes).map_or(Cell::Other, Cell::Text),
        Ok(ValueRef::Blob(bytes)) => Cell::Blob(bytes),
        Ok(ValueRef::Real(_)) | Err(_) => Cell::Other,
    }
}

/// The name of a column.
pub(crate) fn name<'a>(row: &'a Row<'_>, at: usize) -> &'a str {
    row.as_ref().column_name(at).unwrap_or("?")
}
