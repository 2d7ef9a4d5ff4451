//! What can be wrong with a configuration; each message names the place and the cure.

use std::path::PathBuf;

use super::sealing_key::SealingKeyRefused;

/// Why a configuration was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file could not be read.
    #[error("{}: {source}; write one with `proofkey init`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file does not say what a configuration says, at this place.
    #[error("{}:{line}:{column}: {message}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// Counted in characters from 1.
        column: usize,
        /// What is wrong, and the known keys where one is unknown.
        message: String,
    },
    /// A key that the file does not name has no default, or its default does not fit the others.
    #[error("{}: {message}", path.display())]
    Absent {
        /// The file.
        path: PathBuf,
        /// What is missing.
        message: String,
    },
    /// An environment override is wrong.
    #[error("environment variable {name}: {message}")]
    Environment {
        /// The variable.
        name: String,
        /// What is wrong.
        message: String,
    },
    /// The sealing key cannot be had.
    #[error(transparent)]
    SealingKey(#[from] SealingKeyRefused),
}
