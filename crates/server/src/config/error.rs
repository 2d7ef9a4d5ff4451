//! What can be wrong with a configuration; each message names the place and the cure.

use std::path::PathBuf;

use super::sealing_key::SealingKeyRefused;

/// Why a configuration was not taken.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of a variant says what its fields are")]
#[non_exhaustive]
pub enum ConfigError {
    /// The file could not be read.
    #[error("{}: {cause}; name another with --config or PROOFKEY_CONFIG, or write one with `proofkey init`", path.display())]
    Unreadable { path: PathBuf, cause: std::io::Error },
    /// The file does not say what a configuration says, at this place.
    #[error("{}:{line}:{column}: {message}", path.display())]
    File { path: PathBuf, line: usize, column: usize, message: String },
    /// A key that the file does not name has no default, or its default does not fit the others.
    #[error("{}: {message}", path.display())]
    Absent { path: PathBuf, message: String },
    /// An environment override is wrong.
    #[error("environment variable {name}: {message}")]
    Environment { name: String, message: String },
    /// The sealing key cannot be had.
    #[error(transparent)]
    SealingKey(#[from] SealingKeyRefused),
}
