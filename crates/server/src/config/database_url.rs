//! The URL of a PostgreSQL database, which may hold a password.

use std::fmt;
use std::path::Path;

use serde::Deserialize;

use super::secret_file::{self, SecretFileRefused};

/// A URL that is never shown.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// Reads it from a file, which may be readable for its owner and its group. An error says what is wrong with the file.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = secret_file::read(path).map_err(|refused| match (refused, path.display()) {
            (SecretFileRefused::Io(cause), path) => format!("{path}: {cause}"),
            (SecretFileRefused::Readable(mode), path) => {
                format!(
                    "{path}: every user of this machine can read it (mode {mode:04o}); run `chmod 600 {path}`"
                )
            }
        })?;
        Ok(Self(text.trim().to_owned()))
    }

    /// The URL, for the one place that connects.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("DatabaseUrl(…)")
    }
}
