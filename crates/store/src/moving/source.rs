//! Reading of whole tables, so many rows at a time, in the order of their keys.

use crate::fault::Fault;
use crate::postgres::Snapshot;
use crate::sql::tables::TableTexts;
use crate::store::Store;
use crate::value::{Statement, Value};

/// Rows that are read and written at once.
pub(super) const BATCH_ROWS: usize = 500;

/// A row as it stands.
pub(super) type Row = Vec<Value<'static>>;

/// Where rows are read.
pub(super) enum Source {
    /// A database to which no process writes.
    Store(Store),
    /// One to which others do, as of one moment.
    Snapshot(Box<Snapshot>),
}

impl Source {
    /// The rows after the last one of the batch before: none when that was the last batch.
    pub(super) async fn batch(
        &self,
        of: &'static TableTexts,
        after: Option<&Row>,
    ) -> Result<Vec<Row>, Fault> {
        let limit = i64::try_from(BATCH_ROWS).unwrap_or(i64::MAX);
        match after {
            None => self.read(of, &of.first, vec![limit.into()]).await,
            Some(row) => {
                let mut values = key_of(of, row);
                values.push(limit.into());
                self.read(of, &of.after, values).await
            }
        }
    }

    /// The key of the last row.
    pub(super) async fn last(&self, of: &'static TableTexts) -> Result<Option<Row>, Fault> {
        Ok(self.read(of, &of.last, Vec::new()).await?.pop())
    }

    /// How many rows there are.
    pub(super) async fn count(&self, of: &'static TableTexts) -> Result<u64, Fault> {
        let counted = self.read(of, &of.count, Vec::new()).await?;
        match counted.first().and_then(|row| row.first()) {
            Some(Value::Integer(count)) => Ok(u64::try_from(*count).unwrap_or_default()),
            _ => Ok(0),
        }
    }

    async fn read(
        &self,
        of: &'static TableTexts,
        statement: &'static Statement,
        values: Row,
    ) -> Result<Vec<Row>, Fault> {
        let rows = match self {
            Self::Store(store) => store.backend.many(statement, values.into(), |cells| cells.rest()).await,
            Self::Snapshot(snapshot) => snapshot.many(statement, &values, |cells| cells.rest()).await,
        };
        rows.map_err(|fault| match fault {
            Fault::Impossible { column, key, .. } => Fault::Impossible { table: of.table.name, column, key },
            other => other,
        })
    }
}

/// The key of a row, of which it is the beginning.
pub(super) fn key_of(of: &TableTexts, row: &Row) -> Row {
    row.iter().take(of.table.keys).map(copied).collect()
}

fn copied(value: &Value<'static>) -> Value<'static> {
    match value {
        Value::Integer(number) => Value::Integer(*number),
        Value::Text(text) => Value::Text(text.clone()),
        Value::Blob(bytes) => Value::Blob(bytes.clone()),
        // No key that was read is anything else.
        Value::Null | Value::Flag(_) | Value::Id(_) | Value::Hash(_) | Value::Now(_) => Value::Null,
    }
}
