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
use proofkey_protocol::KeyRecord;
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
    Generate(#[from] KeyError),
}

/// Brings the stored keys in line with the schedule; any number of nodes may do it at once, and of two that make the same
/// key one inserts. Returns how many keys were made and removed.
pub async fn rotate(
    store: &Store,
    sealer: &PrivateKeySealer,
    policy: &RotationPolicy,
    now: Timestamp,
) -> Result<usize, KeysFault> {
    let records = store.keys().await?;
    let steps = rotation::plan(&records, policy, now);
    for step in &steps {
        apply(store, sealer, step, now).await?;
    }
    Ok(steps.len())
}

/// Gives every ring a new key that signs at once: for a key that may have leaked. Keys that wait to sign go: they lay
/// beside the one that leaked, and would take over from the new one when their day comes.
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
        let step = RotationStep::Make { algorithm, sequence, active_from: now };
        made.extend(apply(store, sealer, &step, now).await?);
    }
    Ok(made)
}

async fn apply(
    store: &Store,
    sealer: &PrivateKeySealer,
    step: &RotationStep,
    now: Timestamp,
) -> Result<Option<String>, KeysFault> {
    match step {
        RotationStep::Remove { kids } => {
            store.delete_keys(kids).await?;
            tracing::info!(?kids, "signing keys removed: nothing that they signed lives any more");
            Ok(None)
        }
        RotationStep::Make { algorithm, sequence, active_from } => {
            let record = make(sealer, *algorithm, *sequence, *active_from, now).await?;
            let (kid, algorithm) = (record.kid.clone(), record.algorithm.clone());
            let committed = store.insert_key(record).await?;
            tracing::info!(%kid, %algorithm, active_from = active_from.seconds(), ?committed, "signing key made and published");
            Ok(Some(kid))
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
        algorithm: algorithm.name().to_owned(),
        sequence,
        created_at: now,
        active_from,
        sealed: sealer.seal(key.kid(), &private),
        public_jwk,
    })
}
