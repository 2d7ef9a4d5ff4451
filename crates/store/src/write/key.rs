//! Signing keys.

use proofkey_oauth::Timestamp;
use proofkey_protocol::{Committed, KeyRecord};

use crate::fault::Fault;
use crate::script::{Script, ScriptOutcome, ScriptStep};
use crate::sql::{keys, versions};
use crate::store::Store;
use crate::value::values;

impl Store {
    /// Adds keys that are sealed by this version of the sealing key, and revokes others: not even their public halves stay.
    /// All of it is one change. A conflict means that a place in a ring is taken, for another node has rotated, or that the keys
    /// have been sealed anew meanwhile.
    pub async fn replace_keys(
        &self,
        added: Vec<KeyRecord>,
        revoked: &[String],
        sealing: i64,
    ) -> Result<Committed, Fault> {
        let moved = ScriptStep::must_find(&versions::BUMP_KEYS_SEALED_BY, values![sealing]);
        let revoke = |kid: &String| {
            [&keys::DELETE_KEY, &keys::DELETE_RETIRED_KEY]
                .map(|statement| ScriptStep::may_find(statement, values![kid.clone()]))
        };
        let script = Script::from(moved)
            .then_all(added.into_iter().map(add))
            .then_all(revoked.iter().flat_map(revoke));
        self.backend.run(script).await.map(ScriptOutcome::committed)
    }

    /// Removes keys and keeps their public halves until then; those that are gone already do not matter.
    pub async fn retire_keys(&self, kids: &[String], keep_until: Timestamp) -> Result<(), Fault> {
        let retire = |kid: &String| {
            [
                ScriptStep::may_find(&keys::RETIRE_KEY, values![kid.clone(), keep_until]),
                ScriptStep::may_find(&keys::DELETE_KEY, values![kid.clone()]),
            ]
        };
        let moved = ScriptStep::may_find(&versions::BUMP_KEYS, values![]);
        let script = Script::from(moved).then_all(kids.iter().flat_map(retire));
        self.backend.run(script).await.map(drop)
    }

    /// Replaces the sealed forms of private keys: `version` is the version of the keys at which the old ones were read, and
    /// when that has moved it is a conflict.
    pub async fn reseal_keys(
        &self,
        resealed: Vec<(String, Vec<u8>)>,
        version: i64,
    ) -> Result<Committed, Fault> {
        let reseal = |(kid, sealed)| ScriptStep::must_find(&keys::RESEAL_KEY, values![kid, sealed]);
        let script = Script::from(ScriptStep::must_find(&versions::BUMP_SEALING, values![version]))
            .then_all(resealed.into_iter().map(reseal));
        self.backend.run(script).await.map(ScriptOutcome::committed)
    }
}

fn add(key: KeyRecord) -> ScriptStep {
    let values = values![
        key.kid,
        key.algorithm,
        key.sequence,
        key.created_at,
        key.active_from,
        key.sealed,
        key.public_jwk,
    ];
    ScriptStep::must_add(&keys::INSERT_KEY, values)
}
