//! Binding of `$n` parameters.
//!
//! SQLite takes `$1` for a *name* and numbers parameters by their first appearance, so binding by position would swap
//! the values of `VALUES ($2, $1)`. Everything here binds by name.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Error, PrepFlags, Result, ToSql};

use crate::value::{Statement, Value};

/// The names, in the order of the values that they stand for. Also the maximum of parameters per statement.
const NAMES: [&str; 24] = [
    "$1", "$2", "$3", "$4", "$5", "$6", "$7", "$8", "$9", "$10", "$11", "$12", "$13", "$14", "$15", "$16",
    "$17", "$18", "$19", "$20", "$21", "$22", "$23", "$24",
];

impl ToSql for Value<'_> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Flag(flag) => ValueRef::Integer(i64::from(*flag)),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Id(id) => ValueRef::Blob(id),
            Self::Hash(hash) => ValueRef::Blob(hash),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
            // Bound while the transaction is open, as the value promises.
            Self::Now(now) => ValueRef::Integer(now().seconds()),
        }))
    }
}

/// Binds every parameter, and insists that there are as many as values.
pub(super) fn bind(statement: &mut rusqlite::Statement<'_>, values: &[Value<'_>]) -> Result<()> {
    check_count(statement, values.len())?;
    for (name, value) in NAMES.iter().zip(values) {
        let slot = slot(statement, name)?;
        statement.raw_bind_parameter(slot, value)?;
    }
    Ok(())
}

/// A statement that stays prepared, with the places of its parameters looked up once.
pub(super) struct Prepared<'c> {
    statement: rusqlite::Statement<'c>,
    slots: Vec<usize>,
}

impl<'c> Prepared<'c> {
    /// Prepares a statement for the life of the connection.
    pub(super) fn new(connection: &'c Connection, text: &str) -> Result<Self> {
        let statement = connection.prepare_with_flags(text, PrepFlags::SQLITE_PREPARE_PERSISTENT)?;
        let names = NAMES.iter().take(statement.parameter_count());
        let slots = names.map(|name| slot(&statement, name)).collect::<Result<_>>()?;
        Ok(Self { statement, slots })
    }

    /// Runs it and says how many rows it changed.
    pub(super) fn execute(&mut self, values: &[Value<'_>]) -> Result<usize> {
        self.bind(values)?;
        self.statement.raw_execute()
    }

    /// Runs it to its end and gives the ids that it returns.
    fn ids(&mut self, values: &[Value<'_>]) -> Result<Vec<[u8; 16]>> {
        self.bind(values)?;
        let (mut rows, mut ids) = (self.statement.raw_query(), Vec::new());
        while let Some(row) = rows.next()? {
            ids.push(row.get(0)?);
        }
        Ok(ids)
    }

    fn bind(&mut self, values: &[Value<'_>]) -> Result<()> {
        check_count(&self.statement, values.len())?;
        let mut bound = self.slots.iter().zip(values);
        bound.try_for_each(|(slot, value)| self.statement.raw_bind_parameter(*slot, value))
    }
}

/// The statements of scripts, prepared when first run and kept: as many as there are texts.
pub(super) struct Kept<'c> {
    connection: &'c Connection,
    statements: Vec<(&'static Statement, Prepared<'c>)>,
}

impl<'c> Kept<'c> {
    pub(super) fn new(connection: &'c Connection) -> Self {
        Self { connection, statements: Vec::new() }
    }

    /// Runs a statement and says how many rows it changed.
    pub(super) fn execute(&mut self, statement: &'static Statement, values: &[Value<'_>]) -> Result<usize> {
        self.with(statement, |prepared| prepared.execute(values))
    }

    /// Runs a statement that returns the ids of the rows that it changed.
    pub(super) fn returned_ids(
        &mut self,
        statement: &'static Statement,
        values: &[Value<'_>],
    ) -> Result<Vec<[u8; 16]>> {
        self.with(statement, |prepared| prepared.ids(values))
    }

    fn with<T>(
        &mut self,
        statement: &'static Statement,
        run: impl FnOnce(&mut Prepared<'c>) -> Result<T>,
    ) -> Result<T> {
        // By address: nothing is hashed, and no words are compared.
        if let Some((_, kept)) = self.statements.iter_mut().find(|(kept, _)| std::ptr::eq(*kept, statement)) {
            return run(kept);
        }
        let mut prepared = Prepared::new(self.connection, statement.text)?;
        let done = run(&mut prepared);
        self.statements.push((statement, prepared));
        done
    }
}

fn slot(statement: &rusqlite::Statement<'_>, name: &str) -> Result<usize> {
    statement.parameter_index(name)?.ok_or_else(|| Error::InvalidParameterName(name.to_owned()))
}

fn check_count(statement: &rusqlite::Statement<'_>, given: usize) -> Result<()> {
    let wanted = statement.parameter_count();
    if wanted == given && given <= NAMES.len() {
        Ok(())
    } else {
        Err(Error::InvalidParameterCount(given, wanted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_go_by_name_not_by_order_of_appearance() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE pairs (a INTEGER, b INTEGER, c INTEGER)").unwrap();
        let mut insert =
            Prepared::new(&connection, "INSERT INTO pairs (a, b, c) VALUES ($2, $1, $1)").unwrap();
        assert_eq!(insert.execute(&[1.into(), 2.into()]).unwrap(), 1);
        let mut read = connection.prepare("SELECT a FROM pairs WHERE b = $2 AND a = $1").unwrap();
        bind(&mut read, &[2.into(), 1.into()]).unwrap();
        assert_eq!(read.raw_query().next().unwrap().unwrap().get::<_, i64>(0).unwrap(), 2);
    }

    #[test]
    fn a_wrong_number_of_values_is_refused() {
        let connection = Connection::open_in_memory().unwrap();
        let mut read = connection.prepare("SELECT $1, $2").unwrap();
        assert!(bind(&mut read, &[1.into()]).is_err());
        assert!(bind(&mut read, &[1.into(), 2.into(), 3.into()]).is_err());
        assert!(Prepared::new(&connection, "SELECT $1").unwrap().execute(&[]).is_err());
        assert!(Prepared::new(&connection, "SELECT $2").is_err());
    }
}
