//! Reading of rows, column by column in the order in which a text selects them, so that no column has a number.
//!
//! A value that cannot be is reported by table, column and key, never by itself. The key of a row is its first column:
//! every text selects one there that may be written to a log.

use proofkey_protocol::GrantId;

use crate::cell::Cell;
use crate::fault::Fault;
use crate::value::Value;
use crate::{postgres, sqlite};

/// The columns of a row as its engine has them: all that engines differ in when a row is read.
#[derive(Clone, Copy)]
pub(crate) enum Columns<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a tokio_postgres::Row),
    #[cfg(test)]
    Held(&'a [tests::Held]),
}

impl<'a> Columns<'a> {
    fn cell(self, at: usize) -> Cell<'a> {
        match self {
            Self::Sqlite(row) => sqlite::cell::cell(row, at),
            Self::Postgres(row) => postgres::cell::cell(row, at),
            #[cfg(test)]
            Self::Held(columns) => tests::cell(columns, at),
        }
    }

    /// How many there are.
    fn width(self) -> usize {
        match self {
            Self::Sqlite(row) => row.as_ref().column_count(),
            Self::Postgres(row) => row.len(),
            #[cfg(test)]
            Self::Held(columns) => columns.len(),
        }
    }

    /// The column's name, for reports.
    fn name(self, at: usize) -> &'a str {
        match self {
            Self::Sqlite(row) => sqlite::cell::name(row, at),
            Self::Postgres(row) => postgres::cell::name(row, at),
            #[cfg(test)]
            Self::Held(columns) => {
                if at < columns.len() {
                    "column"
                } else {
                    "?"
                }
            }
        }
    }
}

/// A type that one column holds.
pub(crate) trait FromCell: Sized {
    /// `None` if this cannot be what was written.
    fn from_cell(cell: Cell<'_>) -> Option<Self>;
}

/// A type that some neighbouring columns hold. [`row!`] writes it from the list of the columns.
pub(crate) trait FromRow: Sized {
    /// The columns as a text selects them.
    const COLUMNS: &str;

    fn from_row(cells: &mut Cells<'_>) -> Result<Self, Fault>;
}

/// A value that some neighbouring columns of any table hold.
pub(crate) trait FromCells: Sized {
    fn from_cells(cells: &mut Cells<'_>) -> Result<Self, Fault>;
}

/// A row that is being read.
pub(crate) struct Cells<'a> {
    columns: Columns<'a>,
    table: &'static str,
    next: usize,
}

impl<'a> Cells<'a> {
    /// Begins at the first column.
    pub(crate) const fn new(columns: Columns<'a>) -> Self {
        Self { columns, table: "?", next: 0 }
    }

    /// Names the table of the columns that follow.
    pub(crate) const fn of(&mut self, table: &'static str) -> &mut Self {
        self.table = table;
        self
    }

    /// Passes over a column that is there as the row's key alone.
    pub(crate) const fn skip(&mut self) -> &mut Self {
        self.next += 1;
        self
    }

    /// The next column.
    pub(crate) fn cell<T: FromCell>(&mut self) -> Result<T, Fault> {
        let at = self.next;
        self.next += 1;
        T::from_cell(self.columns.cell(at)).ok_or_else(|| self.impossible(at))
    }

    /// The next columns.
    pub(crate) fn row<T: FromRow>(&mut self) -> Result<T, Fault> {
        T::from_row(self)
    }

    /// The next columns, or `None` if an outer join found no row for them.
    pub(crate) fn joined<T: FromRow>(&mut self) -> Result<Option<T>, Fault> {
        if matches!(self.columns.cell(self.next), Cell::Null) {
            self.next += T::COLUMNS.split(',').count();
            return Ok(None);
        }
        self.row().map(Some)
    }

    /// All that follow, as they stand.
    pub(crate) fn rest(&mut self) -> Result<Vec<Value<'static>>, Fault> {
        (self.next..self.columns.width()).map(|_| self.cell()).collect()
    }

    fn impossible(&self, at: usize) -> Fault {
        let key = match self.columns.cell(0) {
            Cell::Text(text) => text.to_owned(),
            Cell::Integer(number) => number.to_string(),
            // Ids are written alike, whatever they name.
            Cell::Blob(bytes) => {
                bytes.try_into().map_or_else(|_| "?".to_owned(), |id| GrantId(id).to_string())
            }
            Cell::Null | Cell::Other => "?".to_owned(),
        };
        Fault::Impossible { table: self.table, column: self.columns.name(at).to_owned(), key }
    }
}

/// Declares the columns of a row once: as the list that a text selects, and as the decoder of the struct whose fields have
/// the same names. A field with a list of names is read from those columns together. Fields after `with` are no columns.
macro_rules! row {
    ($type:ident in $table:literal { $first:ident $(, $field_of:ident $(: [$($part:ident),+])?)* $(,)? }
     $(with { $($field:ident: $value:expr),+ })?) => {
        impl $crate::row::FromRow for $type {
            const COLUMNS: &str =
                concat!($table, ".", stringify!($first) $(, $crate::row::listed!($table, $field_of $(: $($part)+)?))*);

            fn from_row(cells: &mut $crate::row::Cells<'_>) -> Result<Self, $crate::fault::Fault> {
                cells.of($table);
                Ok(Self {
                    $first: cells.cell()?
                    $(, $field_of: $crate::row::decoded!(cells $(: $($part)+)?))*
                    $($(, $field: $value)+)?
                })
            }
        }
    };
}
pub(crate) use row;

/// The columns of one field, each after a comma.
macro_rules! listed {
    ($table:literal, $column:ident) => { concat!(", ", $table, ".", stringify!($column)) };
    ($table:literal, $field:ident: $($column:ident)+) => { concat!($(", ", $table, ".", stringify!($column)),+) };
}
pub(crate) use listed;

/// One field, out of its column or columns.
macro_rules! decoded {
    ($cells:ident) => {
        $cells.cell()?
    };
    ($cells:ident: $($column:ident)+) => {
        $crate::row::FromCells::from_cells($cells)?
    };
}
pub(crate) use decoded;

#[cfg(test)]
mod tests {
    use proofkey_protocol::{
        ClientStatus, ConsentRecord, CredentialFacts, FailureFacts, GrantFacts, KeyRecord, RegisteredApi,
        SubjectFacts, UserRecord,
    };
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    pub(crate) enum Held {
        Null,
        Integer(i64),
        Text(String),
        Blob(Vec<u8>),
    }

    pub(super) fn cell(columns: &[Held], at: usize) -> Cell<'_> {
        match columns.get(at) {
            Some(Held::Null) => Cell::Null,
            Some(Held::Integer(number)) => Cell::Integer(*number),
            Some(Held::Text(text)) => Cell::Text(text),
            Some(Held::Blob(bytes)) => Cell::Blob(bytes),
            None => Cell::Other,
        }
    }

    fn user() -> Vec<Held> {
        let text = |text: &str| Held::Text(text.to_owned());
        vec![text("u-ada"), text("ada"), text("Ada"), Held::Integer(0), Held::Integer(5)]
    }

    #[test]
    fn columns_that_an_outer_join_did_not_find_are_passed_over() {
        let consent = [Held::Text("0 7 openid".to_owned())];
        let client = vec![Held::Integer(1), Held::Integer(3)];
        let columns: Vec<Held> = [user(), vec![Held::Null; 10], consent.to_vec(), client].concat();
        let subject: SubjectFacts = Cells::new(Columns::Held(&columns)).row().unwrap();
        assert!(subject.session.is_none());
        assert_eq!(subject.consent.unwrap().as_str(), "0 7 openid");
        assert_eq!((subject.client, subject.client_valid_from.seconds()), (ClientStatus::Disabled, 3));
    }

    #[test]
    fn an_impossible_value_is_named_by_the_rows_first_column() {
        let mut columns = user();
        columns[3] = Held::Integer(2);
        let fault = Cells::new(Columns::Held(&columns)).row::<proofkey_protocol::UserFacts>().unwrap_err();
        let named =
            Fault::Impossible { table: "users", column: "column".to_owned(), key: "u-ada".to_owned() };
        assert_eq!(fault, named);
    }

    fn held() -> impl Strategy<Value = Held> {
        prop_oneof![
            Just(Held::Null),
            any::<i64>().prop_map(Held::Integer),
            ".{0,20}".prop_map(Held::Text),
            proptest::collection::vec(any::<u8>(), 0..40).prop_map(Held::Blob),
            Just(Held::Blob(vec![1; 16])),
        ]
    }

    proptest! {
        #[test]
        fn decoding_any_row_never_panics(columns in proptest::collection::vec(held(), 0..30)) {
            let _ = Cells::new(Columns::Held(&columns)).row::<GrantFacts>();
            let _ = Cells::new(Columns::Held(&columns)).row::<SubjectFacts>();
            let _ = Cells::new(Columns::Held(&columns)).row::<CredentialFacts>();
            let _ = Cells::new(Columns::Held(&columns)).row::<UserRecord>();
            let _ = Cells::new(Columns::Held(&columns)).row::<RegisteredApi>();
            let _ = Cells::new(Columns::Held(&columns)).row::<KeyRecord>();
            let _ = Cells::new(Columns::Held(&columns)).row::<ConsentRecord>();
            let _ = Cells::new(Columns::Held(&columns)).skip().row::<FailureFacts>();
        }
    }
}
