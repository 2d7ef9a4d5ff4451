//! What can go wrong with the keys.

use proofkey_jose::KeyError;
use proofkey_store::Fault;
use thiserror::Error;

use crate::config::SealingKeyRefused;

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
    /// The sealing key was replaced, and the new one cannot be had.
    #[error(transparent)]
    SealingKey(#[from] SealingKeyRefused),
    /// Other processes changed the keys at each attempt.
    #[error("the signing keys changed at every attempt to seal them anew: try again")]
    Unsettled,
    /// No key could be made.
    #[error("a signing key could not be made: {0}")]
    Generate(KeyError),
}

impl KeysFault {
    /// The kind of cause, for callers that may not know ids and paths: those that ask whether the server is ready.
    pub const fn cause(&self) -> &'static str {
        match self {
            Self::Store(_) => "the store does not answer",
            Self::Sealed { .. } => "a signing key does not open under this sealing key",
            Self::Damaged { .. } => "a stored key is damaged",
            Self::SealingKey(_) => "the sealing key cannot be read",
            Self::Unsettled => "the signing keys are being changed",
            Self::Generate(_) => "a signing key could not be made",
        }
    }
}

impl From<KeyError> for KeysFault {
    fn from(cause: KeyError) -> Self {
        Self::Generate(cause)
    }
}
