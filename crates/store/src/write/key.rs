//! Signing keys.

use proofkey_protocol::{Committed, KeyRecord};

use crate::fault::Fault;
use crate::script::{Script, ScriptOutcome, ScriptStep};
use crate::sql::{keys, versions};
use crate::store::Store;
use crate::value::values;

impl Store {
    /// Adds a key, unless its place in its ring is taken: then it is a conflict, and another node has rotated.
    pub async fn insert_key(&self, key: KeyRecord) -> Result<Committed, Fault> {
        let values = values![
            key.kid,
            key.algorithm,
            key.sequence,
            key.created_at,
            key.active_from,
            key.sealed,
            key.public_jwk,
        ];
        let script = Script::from(ScriptStep::must_add(&keys::INSERT_KEY, values)).then(moved());
        self.backend.run(script).await.map(ScriptOutcome::committed)
    }

    /// Removes keys; those that are gone already do not matter.
    pub async fn delete_keys(&self, kids: &[String]) -> Result<(), Fault> {
        let remove = |kid: &String| ScriptStep::may_find(&keys::DELETE_KEY, values![kid.clone()]);
        let script = Script::from(moved()).then_all(kids.iter().map(remove));
        self.backend.run(script).await.map(|_| ())
    }
}

/// Nodes load the keys again.
fn moved() -> ScriptStep {
    ScriptStep::may_find(&versions::BUMP_KEYS, values![])
}
