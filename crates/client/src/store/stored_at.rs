//! Where the tokens of a sign-in ended up, for the person to know.

use std::fmt;
use std::path::PathBuf;

/// Where the tokens of a sign-in ended up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoredAt {
    /// The operating system's keyring; on Linux a Secret Service, such as GNOME Keyring.
    Keyring,
    /// A file of mode 0600: any program that runs as the same system user can read it.
    File(PathBuf),
}

impl fmt::Display for StoredAt {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keyring => out.write_str("the system's keyring"),
            Self::File(path) => {
                write!(out, "{} (no keyring: any program of yours can read this file)", path.display())
            }
        }
    }
}
