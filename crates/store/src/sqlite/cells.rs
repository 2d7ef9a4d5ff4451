//! Reading of columns. A value that cannot be is reported by table, column and key, never by itself.

use std::fmt;

use rusqlite::Row;
use rusqlite::types::ValueRef;

use crate::fault::Fault;

/// Some neighbouring columns of a row that come from one table.
#[derive(Clone, Copy)]
pub(super) struct Cells<'a> {
    row: &'a Row<'a>,
    table: &'static str,
    first: usize,
    key: &'a dyn fmt::Display,
}

impl<'a> Cells<'a> {
    /// The columns of `table`, which begin at `first`. `key` names the row in a report.
    pub(super) fn new(
        row: &'a Row<'a>,
        table: &'static str,
        first: usize,
        key: &'a dyn fmt::Display,
    ) -> Self {
        Self { row, table, first, key }
    }

    /// Whether an outer join found no row here.
    pub(super) fn absent(&self, at: usize) -> bool {
        matches!(self.value(at), Ok(ValueRef::Null))
    }

    pub(super) fn text(&self, at: usize) -> Result<&'a str, Fault> {
        match self.value(at)? {
            ValueRef::Text(bytes) => str::from_utf8(bytes).map_err(|_| self.impossible(at)),
            _ => Err(self.impossible(at)),
        }
    }

    pub(super) fn owned(&self, at: usize) -> Result<String, Fault> {
        self.text(at).map(str::to_owned)
    }

    pub(super) fn integer(&self, at: usize) -> Result<i64, Fault> {
        match self.value(at)? {
            ValueRef::Integer(value) => Ok(value),
            _ => Err(self.impossible(at)),
        }
    }

    pub(super) fn flag(&self, at: usize) -> Result<bool, Fault> {
        match self.integer(at)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.impossible(at)),
        }
    }

    pub(super) fn blob(&self, at: usize) -> Result<&'a [u8], Fault> {
        match self.value(at)? {
            ValueRef::Blob(bytes) => Ok(bytes),
            _ => Err(self.impossible(at)),
        }
    }

    pub(super) fn bytes<const N: usize>(&self, at: usize) -> Result<[u8; N], Fault> {
        self.blob(at)?.try_into().map_err(|_| self.impossible(at))
    }

    /// What `read` gives, or nothing where the column is NULL.
    pub(super) fn optional<T>(
        &self,
        at: usize,
        read: impl FnOnce(&Self, usize) -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        if self.absent(at) { Ok(None) } else { read(self, at).map(Some) }
    }

    /// Text that must be in a form of its own.
    pub(super) fn parsed<T>(&self, at: usize, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, Fault> {
        parse(self.text(at)?).ok_or_else(|| self.impossible(at))
    }

    fn value(&self, at: usize) -> Result<ValueRef<'a>, Fault> {
        self.row.get_ref(self.first + at).map_err(|_| self.impossible(at))
    }

    fn impossible(&self, at: usize) -> Fault {
        let statement = self.row.as_ref();
        let column = statement.column_name(self.first + at).unwrap_or("?").to_owned();
        Fault::Impossible { table: self.table, column, key: self.key.to_string() }
    }
}
