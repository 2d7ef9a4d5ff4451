//! Signing keys: made, sealed, published before use, rotated, and kept until nothing that they signed lives.
//!
//! [`rotation`] decides, this module applies, [`Keyring`] is what requests use. It must not know what is signed.

mod ring;
pub mod rotation;
mod sealed;

pub use ring::{IdTokenRefused, Keyring};
pub use sealed::PrivateKeySealer;

use proofkey_jose::{Algorithm, KeyError, SigningKey};
use proofkey_oauth::Timestamp;
use proofkey_protocol::{Committed, KeyRecord};
use proofkey_store::{Fault, Store};
use thiserror::Error;

use rotation::{RotationPolicy, RotationStep};

/// Why the keys cannot be had.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the message of a variant says what its fields are")]
#[non_exhaustive]
pub enum KeysFault {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Fault),
    /// A stored key does not open.
    #[error(
        "signing key {kid} does not open under this sealing key: start with the sealing key that this database was made with"
    )]
    Sealed { kid: String },
    /// A stored key is not the key it says it is.
    #[error("signing key {kid} is damaged: {cause}")]
    Damaged { kid: String, cause: String },
    /// No key could be made.
    #[error("a signing key could not be made: {0}")]
    Generate(KeyError),
}

impl From<KeyError> for KeysFault {
    fn from(cause: KeyError) -> Self {
        Self::Generate(cause)
    }
}

/// What became of the steps that were due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rotated {
    /// Steps that were carried out here.
    pub applied: usize,
    /// Keys that were made here and dropped, because another node had taken their place in the ring.
    pub conflicts: usize,
}

impl Rotated {
    /// Whether the stored keys are others than those that the steps were planned from.
    pub const fn moved(self) -> bool {
        self.applied + self.conflicts > 0
    }
}

/// Brings the stored keys in line with the schedule; any number of nodes may do it at once, and of two that make the same
/// key one inserts.
pub async fn rotate(
    store: &Store,
    sealer: &PrivateKeySealer,
    policy: &RotationPolicy,
    now: Timestamp,
) -> Result<Rotated, KeysFault> {
    let records = store.keys().await?;
    let mut rotated = Rotated::default();
    for step in rotation::plan(&records, policy, now) {
        match step {
            RotationStep::Remove { kids } => {
                store.delete_keys(&kids).await?;
                tracing::info!(?kids, "signing keys removed: nothing that they signed lives any more");
                rotated.applied += 1;
            }
            RotationStep::Make { algorithm, sequence, active_from } => {
                let record = make(sealer, algorithm, sequence, active_from, now).await?;
                match publish(store, record).await? {
                    Some(_) => rotated.applied += 1,
                    None => rotated.conflicts += 1,
                }
            }
        }
    }
    Ok(rotated)
}

/// Gives every ring a new key that signs at once: for a key that may have leaked. Keys that wait to sign go: they lay
/// beside the one that leaked, and would take over from the new one when their day comes. Returns the keys that were made; a ring in which another node was
/// first has none among them.
pub async fn rotate_now(
    store: &Store,
    sealer: &PrivateKeySealer,
    now: Timestamp,
) -> Result<Vec<String>, KeysFault> {
    let records = store.keys().await?;
    let waiting: Vec<String> =
        records.iter().filter(|key| key.active_from > now).map(|key| key.kid.clone()).collect();
    if !waiting.is_empty() {
        store.delete_keys(&waiting).await?;
    }
    let mut made = Vec::new();
    for algorithm in rotation::ALGORITHMS {
        let sequence = rotation::next_sequence(&records, algorithm);
        let record = make(sealer, algorithm, sequence, now, now).await?;
        made.extend(publish(store, record).await?);
    }
    Ok(made)
}

/// Adds a key to its ring; `None` if its place was taken meanwhile.
async fn publish(store: &Store, record: KeyRecord) -> Result<Option<String>, KeysFault> {
    let KeyRecord { kid, algorithm, active_from, .. } = &record;
    let (kid, algorithm, active_from) = (kid.clone(), *algorithm, active_from.seconds());
    match store.insert_key(record).await? {
        Committed::Applied => {
            tracing::info!(%kid, %algorithm, active_from, "signing key made and published");
            Ok(Some(kid))
        }
        Committed::Conflict => {
            tracing::info!(%algorithm, "another node has made the signing key that was due");
            Ok(None)
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
    })
}
