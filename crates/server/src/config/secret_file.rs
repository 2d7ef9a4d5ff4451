//! A file that holds a secret: one that every user can read is none.

use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::path::Path;

use zeroize::Zeroizing;

/// The bits of a file's mode that let its group and all other users do something with it.
const GROUP: u32 = 0o070;
const OTHERS: u32 = 0o007;
/// Anything longer is another file.
const FILE_BYTES_MAX: u64 = 4096;

/// Why it cannot be used.
#[derive(Debug)]
pub(super) enum SecretFileRefused {
    Io(io::Error),
    /// Every user of this machine can read it, for it has this mode.
    Readable(u32),
}

impl From<io::Error> for SecretFileRefused {
    fn from(cause: io::Error) -> Self {
        Self::Io(cause)
    }
}

/// Reads its text. It may be readable for its owner and its group: so Kubernetes and Docker mount secrets for a process that is
/// not root, and there the operator cannot change that. [`is_open_to_group`] tells, for a warning.
pub(super) fn read(path: &Path) -> Result<Zeroizing<String>, SecretFileRefused> {
    let file = File::open(path)?;
    let mode = mode(&file.metadata()?);
    if mode & OTHERS != 0 {
        return Err(SecretFileRefused::Readable(mode));
    }
    let mut text = Zeroizing::new(String::with_capacity(usize::try_from(FILE_BYTES_MAX).unwrap_or(0)));
    file.take(FILE_BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}

/// Whether its group may read or write it.
pub(super) fn is_open_to_group(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| mode(&metadata) & GROUP != 0)
}

#[cfg(unix)]
fn mode(metadata: &Metadata) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o7777
}

#[cfg(not(unix))]
const fn mode(_: &Metadata) -> u32 {
    0o600
}
