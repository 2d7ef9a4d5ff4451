//! Changes of the stored keys: what is due by the schedule, and what an operator asks for after a leak.
//!
//! A private key is sealed by the sealing key that this process knows, and added only while that is the one by which the others
//! are sealed: any number of nodes and commands may do any of this at once.

use proofkey_jose::{Algorithm, KeyError, SigningKey};
use proofkey_oauth::Timestamp;
use proofkey_protocol::{Committed, KeyRecord, SealingKeyRecord};
use proofkey_store::Store;

use super::fault::KeysFault;
use super::ring::Keys;
use super::rotation::{self, RotationPolicy, RotationStep};
use super::sealed::PrivateKeySealer;
use crate::config::SealingKeys;

/// How long the public half of a retired key verifies hints: a year.
const HINTS_SECONDS: i64 = 365 * 86_400;
/// How often sealing anew begins again, when keys have changed meanwhile.
const RESEALS_MAX: usize = 8;

/// What became of the steps that were due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rotated {
    /// Steps that were carried out here.
    pub applied: usize,
    /// Keys that were made here and dropped, because another node had taken their place in the ring.
    pub conflicts: usize,
    /// Rings of which it was noted that they are closed, or open.
    pub noted: usize,
}

impl Rotated {
    /// Whether the stored keys are others than those that the steps were planned from.
    pub const fn moved(self) -> bool {
        self.applied + self.conflicts > 0
    }
}

/// Brings the stored keys in line with the schedule; of two nodes that make the same key one inserts. Keys are made by the
/// clock and removed by the time that is known: a clock that ran ahead must not take a key away that still verifies.
pub async fn rotate(
    store: &Store,
    keys: &Keys,
    policy: &RotationPolicy,
    now: Timestamp,
    known: Timestamp,
) -> Result<Rotated, KeysFault> {
    let records = store.keys().await?;
    let (mut rotated, mut due) = (Rotated::default(), Vec::new());
    for step in rotation::plan(&records, policy, now, known) {
        match step {
            RotationStep::Remove { kids } => {
                store.retire_keys(&kids, now + HINTS_SECONDS).await?;
                tracing::info!(
                    ?kids,
                    "signing keys retired: nothing that they signed lives any more but hints"
                );
                rotated.applied += 1;
            }
            RotationStep::Close { algorithm } => {
                store.close_ring(algorithm, now).await?;
                rotated.noted += 1;
                tracing::debug!(%algorithm, "keys.algorithms leaves it out: its keys stay until what they signed has ended");
            }
            RotationStep::Open { algorithm } => {
                store.open_ring(algorithm).await?;
                rotated.noted += 1;
                tracing::debug!(%algorithm, "keys.algorithms has it here, and another server had it off: its keys sign");
            }
            RotationStep::Make { algorithm, sequence, active_from } => {
                due.push(make(keys.sealer(), algorithm, sequence, active_from, now).await?);
            }
        }
    }
    // All of them or none: where only some of the first keys were there, the others would be taken for new on the list.
    let made = due.len();
    if made > 0 {
        if publish(store, keys, due, &[]).await? {
            rotated.applied += made;
        } else {
            rotated.conflicts += made;
        }
    }
    Ok(rotated)
}

/// Gives every ring that signs a new key that signs at once: for a key that may have leaked. A ring signs, too, whose algorithm is off the
/// list here and on at a server. Keys that wait to sign go: they lay beside the one that leaked, and would take over from the new one
/// when their day comes. Returns the keys that were made; `None` if another node was first.
pub async fn rotate_now(
    store: &Store,
    keys: &Keys,
    now: Timestamp,
) -> Result<Option<Vec<String>>, KeysFault> {
    let records = store.keys().await?;
    let waiting: Vec<String> =
        records.iter().filter(|key| key.active_from > now).map(|key| key.kid.clone()).collect();
    // The first keys of all are made here where no server has made them yet; one that is published ahead is made anew so.
    let signs =
        |algorithm: &Algorithm| records.is_empty() || rotation::signing(&records, *algorithm, now).is_some();
    let rings = rotation::in_use(&records, keys.algorithms(), now).into_iter().filter(signs);
    replace(store, keys, next_places(&records, rings), &waiting, now).await
}

/// Revokes stored keys: they leave the key set, verify nothing any more, not even hints, and each ring that signs with one of
/// them gets a new one; one that is closed gets none. Keys that wait in such a ring go as well. Returns the keys that were made; `None`
/// if another node was changing keys.
pub async fn revoke(
    store: &Store,
    keys: &Keys,
    kids: &[String],
    now: Timestamp,
) -> Result<Option<Vec<String>>, KeysFault> {
    let records = store.keys().await?;
    let signed = |algorithm: &Algorithm| {
        rotation::signing(&records, *algorithm, now).is_some_and(|signer| kids.contains(&signer.kid))
    };
    let touched: Vec<Algorithm> = rotation::ALGORITHMS.into_iter().filter(signed).collect();
    let waiting = records.iter().filter(|key| key.active_from > now && touched.contains(&key.algorithm));
    let gone: Vec<String> = kids.iter().cloned().chain(waiting.map(|key| key.kid.clone())).collect();
    let rings = rotation::in_use(&records, keys.algorithms(), now).into_iter();
    let rings = rings.filter(|algorithm| touched.contains(algorithm));
    replace(store, keys, next_places(&records, rings), &gone, now).await
}

/// Whether a private key is sealed by an older sealing key than the one that writes: a rotation was cut off, or the
/// environment gave new ones.
pub fn has_to_reseal(keys: &Keys) -> bool {
    keys.records().iter().any(|key| keys.sealer().reseal(&key.kid, &key.sealed).is_some())
}

/// Seals every private key anew that an older sealing key has sealed. Returns how many.
pub async fn reseal(store: &Store, sealer: &PrivateKeySealer) -> Result<usize, KeysFault> {
    for _ in 0..RESEALS_MAX {
        let (resealed, version) = sealed_anew(store, sealer).await?;
        let count = resealed.len();
        if store.reseal_keys(resealed, version).await? == Committed::Applied {
            return Ok(count);
        }
    }
    Err(KeysFault::Unsettled)
}

/// Lets a sealing key write that every server holds: seals the private keys by it and tells the servers what the ones before
/// are good for, all at once. Returns how many keys were sealed anew.
pub(crate) async fn use_sealing_key(
    store: &Store,
    sealing: &SealingKeys,
    before: &[SealingKeyRecord],
) -> Result<usize, KeysFault> {
    let (sealer, used) = (sealing.sealer(), sealing.writes());
    for _ in 0..RESEALS_MAX {
        let (resealed, version) = sealed_anew(store, &sealer).await?;
        let count = resealed.len();
        let used = store.rotate_sealing_key(resealed, version, used, before.to_vec()).await?;
        if used == Committed::Applied {
            return Ok(count);
        }
    }
    Err(KeysFault::Unsettled)
}

/// What is to be written in the place of private keys that an older sealing key has sealed, and the version at which they
/// were read.
async fn sealed_anew(
    store: &Store,
    sealer: &PrivateKeySealer,
) -> Result<(Vec<(String, Vec<u8>)>, i64), KeysFault> {
    let version = store.directory_versions().await?.keys;
    let records = store.keys().await?;
    if let Some(key) = records.iter().find(|key| sealer.open(&key.kid, &key.sealed).is_none()) {
        return Err(KeysFault::Sealed { kid: key.kid.clone() });
    }
    let anew = |key: &KeyRecord| Some((key.kid.clone(), sealer.reseal(&key.kid, &key.sealed)?));
    Ok((records.iter().filter_map(anew).collect(), version))
}

/// The next free place in each of these rings.
fn next_places(records: &[KeyRecord], rings: impl Iterator<Item = Algorithm>) -> Vec<(Algorithm, i64)> {
    rings.map(|algorithm| (algorithm, rotation::next_sequence(records, algorithm))).collect()
}

/// Makes a key that signs at once for each of the places, and takes out the keys that are to go.
async fn replace(
    store: &Store,
    keys: &Keys,
    places: Vec<(Algorithm, i64)>,
    gone: &[String],
    now: Timestamp,
) -> Result<Option<Vec<String>>, KeysFault> {
    let mut made = Vec::with_capacity(places.len());
    for (algorithm, sequence) in places {
        made.push(make(keys.sealer(), algorithm, sequence, now, now).await?);
    }
    let kids = made.iter().map(|key| key.kid.clone()).collect();
    Ok(publish(store, keys, made, gone).await?.then_some(kids))
}

/// Adds keys to their rings and revokes others, as one change; `false` if a place was taken meanwhile.
async fn publish(
    store: &Store,
    keys: &Keys,
    made: Vec<KeyRecord>,
    gone: &[String],
) -> Result<bool, KeysFault> {
    let named: Vec<_> =
        made.iter().map(|key| (key.kid.clone(), key.algorithm, key.active_from.seconds())).collect();
    match store.replace_keys(made, gone, keys.sealing_version()).await? {
        Committed::Applied => {
            for (kid, algorithm, active_from) in named {
                tracing::info!(%kid, %algorithm, active_from, "signing key made and published");
            }
            Ok(true)
        }
        Committed::Conflict => {
            tracing::info!("another node has changed the signing keys meanwhile");
            Ok(false)
        }
    }
}

/// Generating an RSA key takes a good part of a second, so it runs off the request threads.
async fn make(
    sealer: &PrivateKeySealer,
    algorithm: Algorithm,
    sequence: i64,
    active_from: Timestamp,
    now: Timestamp,
) -> Result<KeyRecord, KeysFault> {
    let generated = tokio::task::spawn_blocking(move || SigningKey::generate(algorithm)).await;
    let (key, private) = generated.map_err(|_| KeyError::Rejected)??;
    let public_jwk = serde_json::to_string(key.public_jwk()).unwrap_or_default();
    Ok(KeyRecord {
        kid: key.kid().to_owned(),
        algorithm,
        sequence,
        created_at: now,
        active_from,
        sealed: sealer.seal(key.kid(), &private),
        public_jwk,
        closed_at: None,
    })
}
