//! The URL of a PostgreSQL database, which may hold a password.

use std::fmt;
use std::io::Read as _;
use std::path::Path;

use serde::Deserialize;

/// Anything longer is another file.
const FILE_BYTES_MAX: u64 = 4096;
/// The bits of a file's mode that let everybody do something with it.
#[cfg(unix)]
const OTHERS: u32 = 0o007;

/// A URL that is never shown.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// Reads it from a file, which may be readable for its owner and its group.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let refused = |cause: std::io::Error| format!("{}: {cause}", path.display());
        let file = std::fs::File::open(path).map_err(refused)?;
        refuse_readable(path, &file.metadata().map_err(refused)?)?;
        let mut text = String::new();
        file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(refused)?;
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

#[cfg(unix)]
fn refuse_readable(path: &Path, metadata: &std::fs::Metadata) -> Result<(), String> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o7777;
    if mode & OTHERS == 0 {
        return Ok(());
    }
    let path = path.display();
    Err(format!("{path}: every user of this machine can read it (mode {mode:04o}); run `chmod 600 {path}`"))
}

#[cfg(not(unix))]
fn refuse_readable(_: &Path, _: &std::fs::Metadata) -> Result<(), String> {
    Ok(())
}
