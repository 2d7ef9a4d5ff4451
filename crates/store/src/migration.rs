//! What the migrations of every engine have in common: each is applied once and never changed afterwards.

use proofkey_oauth::{Sha256, sha256};

use crate::fault::Fault;

/// One step of a schema.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Migration {
    pub(crate) version: i64,
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
}

impl Migration {
    pub(crate) fn digest(&self) -> Sha256 {
        sha256(self.text.as_bytes())
    }
}

/// The version of the last of some steps; 0 where there is none.
pub(crate) fn newest(migrations: &[Migration]) -> i64 {
    migrations.last().map_or(0, |newest| newest.version)
}

/// A migration that a database lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingMigration {
    /// Its number.
    pub version: i64,
    /// Its name.
    pub name: &'static str,
}

/// Which migrations a database has and lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaStands {
    /// The newest that is applied; 0 in a new database.
    pub version: i64,
    /// The newest of this program.
    pub newest: i64,
    /// Those that it lacks, in order.
    pub pending: Vec<PendingMigration>,
}

/// What a database says of its migrations.
#[derive(Clone, Debug, Default)]
pub(crate) struct Applied {
    /// Version and digest of each that is applied.
    pub(crate) steps: Vec<(i64, Vec<u8>)>,
    /// Those beside which a program of an earlier schema still serves, with the last that such a program must know.
    pub(crate) expansions: Vec<(i64, i64)>,
}

impl Applied {
    /// Whether there is none.
    pub(crate) const fn is_new(&self) -> bool {
        self.steps.is_empty()
    }

    /// The newest version, 0 where there is none.
    pub(crate) fn newest(&self) -> i64 {
        self.steps.iter().map(|(version, _)| *version).max().unwrap_or_default()
    }

    /// The steps that are yet to be applied, when those that are have been compared with what this program has. One that is not
    /// known here is no harm if it says that such a program may go on beside it.
    pub(crate) fn missing(&self, migrations: &[Migration]) -> Result<Vec<Migration>, Fault> {
        let newest = newest(migrations);
        for (version, digest) in &self.steps {
            match migrations.iter().find(|migration| migration.version == *version) {
                Some(known) if known.digest().as_slice() != digest.as_slice() => {
                    return Err(Fault::MigrationChanged { name: known.name });
                }
                Some(_) => {}
                None if self.may_go_on_beside(*version, newest) => {}
                None => return Err(Fault::NewerSchema { found: *version, known: newest }),
            }
        }
        let is_missing =
            |migration: &&Migration| !self.steps.iter().any(|(version, _)| *version == migration.version);
        Ok(migrations.iter().filter(is_missing).copied().collect())
    }

    /// How the database stands to the migrations of this program.
    pub(crate) fn stands(&self, migrations: &[Migration]) -> Result<SchemaStands, Fault> {
        let pending = self.missing(migrations)?.into_iter();
        let pending =
            pending.map(|step| PendingMigration { version: step.version, name: step.name }).collect();
        Ok(SchemaStands { version: self.newest(), newest: newest(migrations), pending })
    }

    fn may_go_on_beside(&self, version: i64, newest_known: i64) -> bool {
        self.expansions.iter().any(|(expansion, beside)| *expansion == version && *beside <= newest_known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: Migration = Migration { version: 4, name: "0004", text: "a" };

    fn missing(expansions: &[(i64, i64)]) -> Result<usize, Fault> {
        let steps = vec![(4, STEP.digest().to_vec()), (5, vec![7; 32])];
        let applied = Applied { steps, expansions: expansions.to_vec() };
        applied.missing(&[STEP]).map(|missing| missing.len())
    }

    #[test]
    fn st_09_a_program_goes_on_beside_a_newer_schema_that_says_so_and_beside_no_other() {
        assert_eq!(missing(&[(5, 4)]), Ok(0));
        assert_eq!(missing(&[(5, 3)]), Ok(0));
        let refused = Err(Fault::NewerSchema { found: 5, known: 4 });
        assert_eq!(missing(&[]), refused);
        assert_eq!(missing(&[(4, 4)]), refused, "another one says so");
        assert_eq!(missing(&[(5, 5)]), refused, "it wants a program that knows more");
    }
}
