//! Signing keys.

use proofkey_oauth::Timestamp;
use proofkey_protocol::{Algorithm, Committed, KeyRecord, SealingKeyId, SealingKeyRecord};

use crate::fault::Fault;
use crate::script::{Script, ScriptOutcome, ScriptStep};
use crate::sql::{keys, nodes, versions};
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
        let ours = added.iter().map(|key| (key.kid.clone(), key.sealed.clone())).collect();
        let script = Script::from(moved)
            .then_all(added.into_iter().map(add))
            .then_all(revoked.iter().flat_map(revoke));
        let outcome = self.backend.run(script).await?;
        self.settled(outcome, ours).await
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

    /// Notes that the keys of an algorithm sign nothing from an instant on. Keys of which that was noted before keep their instant.
    pub async fn close_ring(&self, algorithm: Algorithm, at: Timestamp) -> Result<(), Fault> {
        let step = ScriptStep::may_find(&keys::CLOSE_RING, values![algorithm, at]);
        self.backend.run(Script::from(step)).await.map(drop)
    }

    /// Notes that the keys of an algorithm sign.
    pub async fn open_ring(&self, algorithm: Algorithm) -> Result<(), Fault> {
        let step = ScriptStep::may_find(&keys::OPEN_RING, values![algorithm]);
        self.backend.run(Script::from(step)).await.map(drop)
    }

    /// Replaces the sealed forms of private keys: `version` is the version of the keys at which the old ones were read, and
    /// when that has moved it is a conflict.
    pub async fn reseal_keys(
        &self,
        resealed: Vec<(String, Vec<u8>)>,
        version: i64,
    ) -> Result<Committed, Fault> {
        let ours = resealed.clone();
        let reseal = |(kid, sealed)| ScriptStep::must_find(&keys::RESEAL_KEY, values![kid, sealed]);
        let script = Script::from(ScriptStep::must_find(&versions::BUMP_SEALING, values![version]))
            .then_all(resealed.into_iter().map(reseal));
        let outcome = self.backend.run(script).await?;
        self.settled(outcome, ours).await
    }

    /// The same under a sealing key that all servers hold: `used` writes from now on, each of `before` is read until then, and
    /// no other for longer.
    pub async fn rotate_sealing_key(
        &self,
        resealed: Vec<(String, Vec<u8>)>,
        version: i64,
        used: SealingKeyId,
        before: Vec<SealingKeyRecord>,
    ) -> Result<Committed, Fault> {
        let ours = resealed.clone();
        let latest = before.iter().map(|key| key.read_until).max().unwrap_or(Timestamp(0));
        let reseal = |(kid, sealed)| ScriptStep::must_find(&keys::RESEAL_KEY, values![kid, sealed]);
        let add = |SealingKeyRecord { id, read_until }| {
            ScriptStep::may_find(&nodes::ADD_SEALING_KEY, values![id, read_until])
        };
        let script = Script::from(ScriptStep::must_find(&versions::BUMP_SEALING, values![version]))
            .then_all(resealed.into_iter().map(reseal))
            .then(ScriptStep::may_find(&nodes::END_SEALING_KEYS, values![latest]))
            .then_all(before.into_iter().map(add))
            .then(ScriptStep::may_find(&nodes::USE_SEALING_KEY, values![used, SealingKeyRecord::WRITES]));
        let outcome = self.backend.run(script).await?;
        self.settled(outcome, ours).await
    }

    /// What became of keys whose sealed forms were written: no other node seals to the same bytes.
    async fn settled(
        &self,
        outcome: ScriptOutcome,
        ours: Vec<(String, Vec<u8>)>,
    ) -> Result<Committed, Fault> {
        match outcome {
            ScriptOutcome::Written { .. } => Ok(Committed::Applied),
            ScriptOutcome::Undone(_) => Ok(Committed::Conflict),
            ScriptOutcome::Unsettled(_) => {
                let stored = self.keys().await.map_err(|_| Fault::OutcomeUnknown)?;
                let is_stored = |(kid, sealed): &(String, Vec<u8>)| {
                    stored.iter().any(|key| key.kid == *kid && key.sealed == *sealed)
                };
                let is_done = !ours.is_empty() && ours.iter().all(is_stored);
                Ok(if is_done { Committed::Applied } else { Committed::Conflict })
            }
        }
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
