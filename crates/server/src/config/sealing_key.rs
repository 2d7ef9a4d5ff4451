//! The key that seals private keys at rest: 256 bits, from a file or the environment.

use std::fmt;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use proofkey_protocol::{ArtefactKeys, SealingKeyId};
use zeroize::Zeroizing;

use super::secret_file::{self, SecretFileRefused};

/// The variable that gives the key itself.
pub(super) const SEALING_KEY_VARIABLE: &str = "PROOFKEY_KEYS__SEALING_KEY";

const KEY_BYTES: usize = 32;

/// The sealing key. Wiped when dropped, never shown.
pub struct SealingKey(Zeroizing<[u8; KEY_BYTES]>);

/// Why the sealing key cannot be had; each says the cause and the cure.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of a variant says what its fields are")]
#[non_exhaustive]
pub enum SealingKeyRefused {
    /// The file could not be read or written.
    #[error("sealing key {}: {cause}; `proofkey init` writes one", path.display())]
    Io { path: PathBuf, cause: io::Error },
    /// Every user of this machine can read the file.
    #[error(
        "sealing key {0}: every user of this machine can read it (mode {mode:04o}); run `chmod 600 {0}`, or where its mode \
         cannot be changed give the key itself in {SEALING_KEY_VARIABLE}",
        path.display()
    )]
    Readable { path: PathBuf, mode: u32 },
    /// Not 32 bytes of base64.
    #[error("the sealing key must be 32 bytes in base64; `openssl rand -base64 32` makes one")]
    Malformed,
    /// The file cannot be replaced.
    #[error(
        "sealing key {}: {cause}; where the file is mounted, make the new key where it comes from: the new one on the first \
         line, below it a line `old` with the one before; where several servers share a database, the one before on the first line \
         and below it a line `next` with the new one, on all of them, and run this again",
        path.display()
    )]
    Replace { path: PathBuf, cause: io::Error },
    /// The servers of the database write by a key that is not in the file.
    #[error(
        "sealing key {}: the sealing key {id} writes by now, and is not there: copy the file from a server that has it",
        path.display()
    )]
    Absent { path: PathBuf, id: SealingKeyId },
    /// The file gives up the key by which the servers of the database write.
    #[error(
        "sealing key {}: the file revokes the sealing key {id}, by which the servers of the database still write: no file can end \
         that. Write `old` for `revoked`, give every server the new key as a line `next KEY`, and run \
         `proofkey sealing-key rotate --revoke-old`",
        path.display()
    )]
    Writes { path: PathBuf, id: SealingKeyId },
    /// Another command is at it.
    #[error("sealing key {}: another command is replacing it", .0.display())]
    Locked(PathBuf),
    /// More older keys than an installation needs.
    #[error("the sealing key has more than {0} older ones: leave out those that have ended")]
    TooMany(usize),
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

    /// Reads the text of a key file.
    pub(super) fn read_text(path: &Path) -> Result<Zeroizing<String>, SealingKeyRefused> {
        secret_file::read(path).map_err(|refused| match refused {
            SecretFileRefused::Io(cause) => SealingKeyRefused::Io { path: path.to_owned(), cause },
            SecretFileRefused::Readable(mode) => SealingKeyRefused::Readable { path: path.to_owned(), mode },
        })
    }

    /// Writes a new file with mode 0600; an existing one is never replaced, for it may seal keys.
    pub fn write_new(&self, path: &Path) -> Result<(), SealingKeyRefused> {
        let io = |cause| SealingKeyRefused::Io { path: path.to_owned(), cause };
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

    /// Its id, which tells nothing of it.
    pub fn id(&self) -> SealingKeyId {
        ArtefactKeys::derive(self.expose()).newest()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_its_file_and_its_text() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("sealing.key");
        let key = SealingKey::generate().unwrap();
        key.write_new(&path).unwrap();
        assert_eq!(SealingKey::parse(&SealingKey::read_text(&path).unwrap()).unwrap().expose(), key.expose());
        assert!(key.write_new(&path).is_err(), "never replaced");
        let url_safe = URL_SAFE_NO_PAD.encode([0xfb; 32]);
        assert_eq!(SealingKey::parse(&url_safe).unwrap().expose(), &[0xfb; 32]);
        for bad in ["", "c2hvcnQ=", "not base64 at all, but long enough to be one"] {
            assert!(SealingKey::parse(bad).is_err(), "{bad}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn k_36_f_19_a_key_file_may_be_open_to_its_group_and_to_nobody_else() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("sealing.key");
        SealingKey::generate().unwrap().write_new(&path).unwrap();
        for (mode, taken, warned_of) in [
            (0o600, true, false),
            (0o400, true, false),
            (0o440, true, true),
            (0o640, true, true),
            (0o660, true, true),
            (0o604, false, false),
            (0o644, false, true),
            (0o444, false, true),
            (0o602, false, false),
        ] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let read = SealingKey::read_text(&path);
            assert_eq!((read.is_ok(), secret_file::is_open_to_group(&path)), (taken, warned_of), "{mode:o}");
            let Err(refused) = read else { continue };
            let message = refused.to_string();
            let cures = [format!("{mode:04o}"), "chmod 600".into(), SEALING_KEY_VARIABLE.into()];
            assert!(cures.iter().all(|cure| message.contains(cure)), "{message}");
        }
    }
}
