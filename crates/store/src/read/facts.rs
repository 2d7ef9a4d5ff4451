//! How the facts of a decision are read: with the versions of the keys and the APIs beside them.

use crate::fault::Fault;
use crate::row::Cells;
use crate::store::ProtocolStore;
use crate::value::{Statement, Value};

impl ProtocolStore {
    /// The highest version of the keys that any read of facts has seen. A caller that decides by facts and keys asks for it once
    /// the facts are there, and takes other keys if it is higher than the version of those in hand.
    pub fn keys_version_seen(&self) -> i64 {
        self.versions_seen.keys()
    }

    /// The same of the APIs.
    pub fn apis_version_seen(&self) -> i64 {
        self.versions_seen.apis()
    }

    /// Reads the versions alone, for what is decided without facts.
    pub async fn note_versions(&self) -> Result<(), Fault> {
        let versions = self.directory_versions().await?;
        self.versions_seen.note_each(versions.keys, versions.apis);
        Ok(())
    }

    /// Reads a row of facts, of a text whose last column is [`crate::sql::versions::VERSIONS_OF_DECISIONS`].
    pub(super) async fn facts<T>(
        &self,
        statement: &'static Statement,
        values: &[Value<'_>],
        decode: impl FnOnce(&mut Cells<'_>) -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        let noted = |cells: &mut Cells<'_>| {
            let facts = decode(cells)?;
            self.versions_seen.note(cells.of("directory_versions").cell()?);
            Ok(facts)
        };
        self.backend.one(statement, values, noted).await
    }

    /// The same of rows that are one person's.
    pub(super) async fn personal_facts<T: Send + 'static>(
        &self,
        statement: &'static Statement,
        values: &[Value<'_>],
        decode: fn(&mut Cells<'_>) -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        let with_versions =
            move |cells: &mut Cells<'_>| Ok((decode(cells)?, cells.of("directory_versions").cell()?));
        let found = self.backend.one_personal(statement, values, with_versions).await?;
        Ok(found.map(|(facts, versions)| {
            self.versions_seen.note(versions);
            facts
        }))
    }
}
