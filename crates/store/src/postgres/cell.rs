//! The columns of a row that PostgreSQL sent.

use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type};

use crate::cell::Cell;

/// What a column holds. A truth value is a flag as the columns of flags hold it.
pub(crate) fn cell(row: &Row, at: usize) -> Cell<'_> {
    let Some(column) = row.columns().get(at) else { return Cell::Other };
    match *column.type_() {
        Type::INT8 => read(row, at, Cell::Integer),
        Type::INT4 => read(row, at, |number: i32| Cell::Integer(number.into())),
        Type::BOOL => read(row, at, |flag: bool| Cell::Integer(flag.into())),
        Type::TEXT => read(row, at, Cell::Text),
        Type::BYTEA => read(row, at, Cell::Blob),
        _ => Cell::Other,
    }
}

fn read<'a, T: FromSql<'a>>(row: &'a Row, at: usize, cell: impl FnOnce(T) -> Cell<'a>) -> Cell<'a> {
    row.try_get::<_, Option<T>>(at).map_or(Cell::Other, |value| value.map_or(Cell::Null, cell))
}

/// The name of a column.
pub(crate) fn name(row: &Row, at: usize) -> &str {
    row.columns().get(at).map_or("?", tokio_postgres::Column::name)
}
