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

/// Compares what is applied, version and digest of each, with what this program has.
pub(crate) fn compare(applied: &[(i64, Vec<u8>)], migrations: &[Migration]) -> Result<(), Fault> {
    for (version, digest) in applied {
        let known = migrations.iter().find(|migration| migration.version == *version);
        let migration = known.ok_or_else(|| Fault::NewerSchema {
            found: *version,
            known: migrations.last().map_or(0, |newest| newest.version),
        })?;
        if migration.digest().as_slice() != digest.as_slice() {
            return Err(Fault::MigrationChanged { name: migration.name });
        }
    }
    Ok(())
}
