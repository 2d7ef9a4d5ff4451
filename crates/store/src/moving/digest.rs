//! Digests of whole tables: the same for the same rows, whatever engine holds them.

use proofkey_oauth::{Sha256, sha256};

use super::source::{Row, Source};
use crate::fault::Fault;
use crate::sql::tables::{self, TableTexts};
use crate::store::Store;
use crate::value::Value;

/// What a table holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableDigest {
    /// Its name.
    pub table: &'static str,
    /// How many rows it has.
    pub rows: u64,
    /// SHA-256 over its rows in the order of their key, each hashed with what came before it.
    pub sha256: Sha256,
}

/// The digests of every table, of a database to which no process writes.
pub async fn digests(store: &Store) -> Result<Vec<TableDigest>, Fault> {
    let source = Source::Store(store.clone());
    let mut digests = Vec::new();
    for of in tables::all() {
        digests.push(digest(&source, of).await?);
    }
    Ok(digests)
}

/// The digest of one table.
pub(super) async fn digest(source: &Source, of: &'static TableTexts) -> Result<TableDigest, Fault> {
    let mut digest = TableDigest { table: of.table.name, rows: 0, sha256: [0; 32] };
    let mut batch = source.batch(of, None).await?;
    while let Some(last) = batch.last() {
        for row in &batch {
            digest.sha256 = hashed(&digest.sha256, row);
        }
        digest.rows += u64::try_from(batch.len()).unwrap_or_default();
        batch = source.batch(of, Some(last)).await?;
    }
    Ok(digest)
}

/// Each value with its kind and its length, so that no two rows give the same bytes.
fn hashed(before: &Sha256, row: &Row) -> Sha256 {
    let mut bytes = before.to_vec();
    for value in row {
        let (kind, value): (u8, &[u8]) = match value {
            Value::Text(text) => (b't', text.as_bytes()),
            Value::Blob(blob) => (b'b', blob),
            Value::Integer(number) => {
                bytes.push(b'i');
                bytes.extend_from_slice(&number.to_be_bytes());
                continue;
            }
            Value::Null | Value::Flag(_) | Value::Id(_) | Value::Hash(_) | Value::Now(_) => (b'n', &[]),
        };
        bytes.push(kind);
        bytes.extend_from_slice(&u64::try_from(value.len()).unwrap_or_default().to_be_bytes());
        bytes.extend_from_slice(value);
    }
    sha256(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn st_12_rows_that_differ_in_any_way_have_digests_that_differ() {
        let text = |text: &str| Value::Text(text.to_owned().into());
        let rows: Vec<Row> = vec![
            vec![],
            vec![Value::Null],
            vec![text("")],
            vec![Value::Blob(vec![])],
            vec![text("a"), text("b")],
            vec![text("ab"), text("")],
            vec![text("b"), text("a")],
            vec![Value::Blob(b"a".to_vec()), text("b")],
            vec![Value::Integer(0)],
            vec![Value::Integer(97)],
            vec![Value::Integer(-1)],
        ];
        let mut digests: Vec<Sha256> = rows.iter().map(|row| hashed(&[0; 32], row)).collect();
        digests.sort_unstable();
        digests.dedup();
        assert_eq!(digests.len(), rows.len());
        assert_ne!(hashed(&[0; 32], &rows[4]), hashed(&[1; 32], &rows[4]), "and what came before counts");
    }
}
