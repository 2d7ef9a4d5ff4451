//! The key that seals private keys at rest: 256 bits, from a file or the environment.

use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

const KEY_BYTES: usize = 32;
/// 44 characters of base64, with room for white space; anything longer is another file.
const FILE_BYTES_MAX: u64 = 256;

/// The sealing key. Wiped when dropped, never shown.
pub struct SealingKey(Zeroizing<[u8; KEY_BYTES]>);

/// Why the sealing key cannot be had; each says the cause and the cure.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of a variant says what its fields are")]
#[non_exhaustive]
pub enum SealingKeyRefused {
    /// The file could not be read or written.
    #[error("sealing key {}: {source}; `proofkey init` writes one", path.display())]
    Io { path: PathBuf, source: io::Error },
    /// Others on this machine can read the file.
    #[error("sealing key {0}: other users can read it (mode {mode:04o}); run `chmod 600 {0}`", path.display())]
    Readable { path: PathBuf, mode: u32 },
    /// Not 32 bytes of base64.
    #[error("the sealing key must be 32 bytes in base64; `openssl rand -base64 32` makes one")]
    Malformed,
    /// The system gave no random bytes.
    #[error("no randomness for a sealing key")]
    NoRandomness,
}

impl SealingKey {
    /// A new key, from the randomness of the system.
    #[expect(clippy::disallowed_methods, reason = "makes the key that everything else is sealed by")]
    pub fn generate() -> Result<Self, SealingKeyRefused> {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        getrandom::fill(bytes.as_mut()).map_err(|_| SealingKeyRefused::NoRandomness)?;
        Ok(Self(bytes))
    }

    /// Reads base64, of either alphabet, with or without padding.
    pub fn parse(text: &str) -> Result<Self, SealingKeyRefused> {
        let text = text.trim().trim_end_matches('=');
        let decoded = STANDARD_NO_PAD.decode(text).or_else(|_| URL_SAFE_NO_PAD.decode(text));
        let decoded = Zeroizing::new(decoded.map_err(|_| SealingKeyRefused::Malformed)?);
        let bytes =
            <[u8; KEY_BYTES]>::try_from(decoded.as_slice()).map_err(|_| SealingKeyRefused::Malformed)?;
        Ok(Self(Zeroizing::new(bytes)))
    }

    /// Reads the key from a file, which must be readable for its owner alone.
    pub fn read(path: &Path) -> Result<Self, SealingKeyRefused> {
        let io = |source| SealingKeyRefused::Io { path: path.to_owned(), source };
        let file = std::fs::File::open(path).map_err(io)?;
        refuse_readable(path, &file.metadata().map_err(io)?)?;
        let mut text = Zeroizing::new(String::with_capacity(KEY_BYTES * 2));
        file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(io)?;
        Self::parse(&text)
    }

    /// Writes a new file with mode 0600; an existing one is never replaced, for it may seal keys.
    pub fn write_new(&self, path: &Path) -> Result<(), SealingKeyRefused> {
        let io = |source| SealingKeyRefused::Io { path: path.to_owned(), source };
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(io)?;
        file.write_all(self.to_base64().as_bytes()).map_err(io)?;
        file.write_all(b"\n").map_err(io)?;
        file.sync_all().map_err(io)
    }

    /// The text form that [`SealingKey::parse`] takes.
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD_NO_PAD.encode(self.expose()))
    }

    /// The key, for the one place that seals.
    pub fn expose(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SealingKey(…)")
    }
}

#[cfg(unix)]
fn refuse_readable(path: &Path, metadata: &std::fs::Metadata) -> Result<(), SealingKeyRefused> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o7777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(SealingKeyRefused::Readable { path: path.to_owned(), mode }) }
}

#[cfg(not(unix))]
fn refuse_readable(_: &Path, _: &std::fs::Metadata) -> Result<(), SealingKeyRefused> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_its_file_and_its_text() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("sealing.key");
        let key = SealingKey::generate().unwrap();
        key.write_new(&path).unwrap();
        assert_eq!(SealingKey::read(&path).unwrap().expose(), key.expose());
        assert!(key.write_new(&path).is_err(), "never replaced");
        let url_safe = URL_SAFE_NO_PAD.encode([0xfb; 32]);
        assert_eq!(SealingKey::parse(&url_safe).unwrap().expose(), &[0xfb; 32]);
        for bad in ["", "c2hvcnQ=", "not base64 at all, but long enough to be one"] {
            assert!(SealingKey::parse(bad).is_err(), "{bad}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn f_19_a_key_file_that_others_can_read_is_refused_with_the_cure() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("sealing.key");
        SealingKey::generate().unwrap().write_new(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let message = SealingKey::read(&path).unwrap_err().to_string();
        assert!(message.contains("0640") && message.contains("chmod 600"), "{message}");
    }
}
