//! Binding of `$n` parameters.
//!
//! SQLite takes `$1` for a *name* and numbers parameters by their first appearance, so binding by position would swap
//! the values of `VALUES ($2, $1)`. Everything here binds by name.

use rusqlite::{Connection, Error, PrepFlags, Result, Statement, ToSql};

/// The names, in the order of the values that they stand for. Also the maximum of parameters per statement.
const NAMES: [&str; 15] =
    ["$1", "$2", "$3", "$4", "$5", "$6", "$7", "$8", "$9", "$10", "$11", "$12", "$13", "$14", "$15"];

/// Values for `$1`, `$2`, ….
pub(super) type Values<'a> = &'a [&'a dyn ToSql];

/// Binds every parameter, and insists that there are as many as values.
pub(super) fn bind(statement: &mut Statement<'_>, values: Values<'_>) -> Result<()> {
    check_count(statement, values.len())?;
    for (name, value) in NAMES.iter().zip(values) {
        let slot = slot(statement, name)?;
        statement.raw_bind_parameter(slot, value)?;
    }
    Ok(())
}

/// A statement that stays prepared, with the places of its parameters looked up once.
pub(super) struct Prepared<'c> {
    statement: Statement<'c>,
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
    pub(super) fn execute(&mut self, values: Values<'_>) -> Result<usize> {
        self.bind(values)?;
        self.statement.raw_execute()
    }

    /// The text in the first column of the first row, if there is a row.
    pub(super) fn text(&mut self, values: Values<'_>) -> Result<Option<String>> {
        self.bind(values)?;
        self.statement.raw_query().next()?.map(|row| row.get(0)).transpose()
    }

    fn bind(&mut self, values: Values<'_>) -> Result<()> {
        check_count(&self.statement, values.len())?;
        for (slot, value) in self.slots.iter().zip(values) {
            self.statement.raw_bind_parameter(*slot, value)?;
        }
        Ok(())
    }
}

fn slot(statement: &Statement<'_>, name: &str) -> Result<usize> {
    statement.parameter_index(name)?.ok_or_else(|| Error::InvalidParameterName(name.to_owned()))
}

fn check_count(statement: &Statement<'_>, given: usize) -> Result<()> {
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
        assert_eq!(insert.execute(&[&1, &2]).unwrap(), 1);
        let mut read = connection.prepare("SELECT a FROM pairs WHERE b = $2 AND a = $1").unwrap();
        bind(&mut read, &[&2, &1]).unwrap();
        assert_eq!(read.raw_query().next().unwrap().unwrap().get::<_, i64>(0).unwrap(), 2);
    }

    #[test]
    fn a_wrong_number_of_values_is_refused() {
        let connection = Connection::open_in_memory().unwrap();
        let mut read = connection.prepare("SELECT $1, $2").unwrap();
        assert!(bind(&mut read, &[&1]).is_err());
        assert!(bind(&mut read, &[&1, &2, &3]).is_err());
        assert!(Prepared::new(&connection, "SELECT $1").unwrap().execute(&[]).is_err());
        assert!(Prepared::new(&connection, "SELECT $2").is_err());
    }
}
