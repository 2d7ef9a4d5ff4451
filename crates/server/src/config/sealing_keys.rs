//! The sealing keys as they are kept: the one that writes, and older ones that only read.
//!
//! A file holds a key to a line: the first writes. A line `old KEY until INSTANT` is read until then, a line `revoked KEY` opens
//! private signing keys and nothing else: it stands there while these are being sealed anew. Without an instant an old key is
//! read for as long as it stands there. A line `next KEY` is read, and writes when every server has it. The environment gives
//! the same with commas instead of lines. Where several servers share a database, that says which key writes by now.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use proofkey_oauth::Timestamp;
use proofkey_protocol::{ArtefactKeys, SealingKeyId, SealingKeyRecord};
use zeroize::Zeroizing;

use super::sealing_key::{SealingKey, SealingKeyRefused};
use crate::keys::PrivateKeySealer;

/// Most older keys that are read: one more says that the operator does not look after them.
const OLD_MAX: usize = 16;
/// Most lines for older keys: those that are read, and the revoked ones that stand there until signing keys are sealed anew.
const LINES_MAX: usize = 2 * OLD_MAX;

/// The key that writes, with those that it followed.
#[derive(Debug)]
pub struct SealingKeys {
    current: SealingKey,
    old: Vec<OldSealingKey>,
}

#[derive(Debug)]
struct OldSealingKey {
    key: SealingKey,
    reads: Reads,
}

/// What an older key still opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reads {
    /// All that was made under it.
    All,
    /// The same, until then.
    Until(Timestamp),
    /// Private signing keys.
    SigningKeys,
    /// All that is made under it, once it writes.
    Next,
}

/// The right to replace a key file.
#[derive(Debug)]
pub(crate) struct DirectoryLock {
    _directory: std::fs::File,
}

/// Where sealing keys come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SealingKeySource {
    /// A file, which can be read again and replaced.
    File(PathBuf),
    /// The environment: what it says holds for the life of the process.
    Environment,
}

impl From<SealingKey> for SealingKeys {
    fn from(current: SealingKey) -> Self {
        Self { current, old: Vec::new() }
    }
}

impl SealingKeys {
    /// Reads the value of the environment variable.
    pub(super) fn from_environment(text: &str) -> Result<Self, SealingKeyRefused> {
        let mut keys = text.split(',').map(str::trim);
        let current = SealingKey::parse(keys.next().unwrap_or_default())?;
        let old = keys.map(OldSealingKey::parse).collect::<Result<_, _>>()?;
        Self { current, old }.checked()
    }

    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, SealingKeyRefused> {
        Self::parse(&SealingKey::read_text(path)?)
    }

    /// Reads a file that is to be replaced, and keeps other commands from doing the same until the lock is dropped.
    pub(crate) fn read_to_replace(path: &Path) -> Result<(Self, DirectoryLock), SealingKeyRefused> {
        let refused = |cause| SealingKeyRefused::Replace { path: path.to_owned(), cause };
        let file = std::fs::canonicalize(path).map_err(refused)?;
        // Not on the file, which another one takes the place of.
        let directory = std::fs::File::open(file.parent().unwrap_or(Path::new("/"))).map_err(refused)?;
        directory.try_lock().map_err(|_| SealingKeyRefused::Locked(path.to_owned()))?;
        Ok((Self::read(path)?, DirectoryLock { _directory: directory }))
    }

    fn parse(text: &str) -> Result<Self, SealingKeyRefused> {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let current = SealingKey::parse(lines.next().unwrap_or_default())?;
        let old = lines.map(OldSealingKey::parse).collect::<Result<_, _>>()?;
        Self { current, old }.checked()
    }

    fn checked(self) -> Result<Self, SealingKeyRefused> {
        let is_older = |old: &&OldSealingKey| !matches!(old.reads, Reads::SigningKeys | Reads::Next);
        let read = self.old.iter().filter(is_older).count();
        let fits = read <= OLD_MAX && self.old.len() <= LINES_MAX;
        if fits { Ok(self) } else { Err(SealingKeyRefused::TooMany(OLD_MAX)) }
    }

    /// The keys of artefacts at an instant.
    pub(crate) fn artefact_keys(&self, now: Timestamp) -> ArtefactKeys {
        let old = self.old.iter().filter(|old| old.reads_artefacts(now));
        old.fold(ArtefactKeys::derive(self.current.expose()), |keys, old| keys.reading(old.key.expose()))
    }

    /// The key that writes.
    pub(crate) fn writes(&self) -> SealingKeyId {
        self.current.id()
    }

    /// The keys under which what is made is read, the one that writes first.
    pub(crate) fn ids(&self) -> Vec<SealingKeyId> {
        let read = self.old.iter().filter(|old| old.reads != Reads::SigningKeys);
        std::iter::once(&self.current).chain(read.map(|old| &old.key)).map(SealingKey::id).collect()
    }

    /// Whether these are the same keys, good for the same.
    pub(crate) fn is_alike(&self, other: &Self) -> bool {
        *self.to_text() == *other.to_text()
    }

    /// The key that is to write next.
    pub(crate) fn next(&self) -> Option<SealingKeyId> {
        self.old.iter().find(|old| old.reads == Reads::Next).map(|old| old.key.id())
    }

    /// The same with a new key, which is to write next.
    pub(crate) fn with_next(mut self) -> Result<Self, SealingKeyRefused> {
        self.old.push(OldSealingKey { key: SealingKey::generate()?, reads: Reads::Next });
        self.checked()
    }

    /// The same keys for what the database says that they are good for: `path` is where they were read. A key that it does not
    /// know yet is one that is to write next.
    pub(crate) fn ruled_by(self, told: &[SealingKeyRecord], path: &Path) -> Result<Self, SealingKeyRefused> {
        let Some(writes) = told.iter().find(|key| key.read_until == SealingKeyRecord::WRITES) else {
            return Ok(self);
        };
        let Self { current, old } = self;
        let first = OldSealingKey { key: current, reads: Reads::Next };
        let mut all: Vec<OldSealingKey> = std::iter::once(first).chain(old).collect();
        let at = all.iter().position(|known| known.key.id() == writes.id);
        let at = at.ok_or_else(|| SealingKeyRefused::Absent { path: path.to_owned(), id: writes.id })?;
        let OldSealingKey { key: current, reads } = all.remove(at);
        if reads == Reads::SigningKeys {
            return Err(SealingKeyRefused::Writes { path: path.to_owned(), id: writes.id });
        }
        for known in &mut all {
            if let Some(told) = told.iter().find(|key| key.id == known.key.id()) {
                known.reads = known.reads.ended(told.read_until);
            }
        }
        Ok(Self { current, old: all })
    }

    /// What is to be said of these keys when the next one takes over: each is read until then, and none for longer than it is
    /// by now.
    pub(crate) fn told(&self, read_until: Timestamp) -> Vec<SealingKeyRecord> {
        let current = SealingKeyRecord { id: self.current.id(), read_until };
        let before = self.old.iter().filter(|old| old.reads != Reads::Next);
        let record = |old: &OldSealingKey| SealingKeyRecord {
            id: old.key.id(),
            read_until: old.reads.ended(read_until).until(read_until),
        };
        std::iter::once(current).chain(before.map(record)).collect()
    }

    /// What seals and opens private signing keys. Whatever is kept opens them: one that does not open stops a server.
    pub(crate) fn sealer(&self) -> PrivateKeySealer {
        let sealer = PrivateKeySealer::derive(self.current.expose());
        self.old.iter().fold(sealer, |sealer, old| sealer.opening(old.key.expose()))
    }

    /// When the first of the older keys ends that are still read.
    pub(crate) fn next_end(&self, now: Timestamp) -> Option<Timestamp> {
        let end = |old: &OldSealingKey| match old.reads {
            Reads::Until(end) if now < end => Some(end),
            Reads::Until(_) | Reads::All | Reads::SigningKeys | Reads::Next => None,
        };
        self.old.iter().filter_map(end).min()
    }

    /// The keys after a rotation: the next one writes, or a new one where there is none. Those of before are read until `read_until`; without that they
    /// are revoked. What has ended by `known`, a time that is certain to have come, is left out.
    pub(crate) fn rotated(
        self,
        known: Timestamp,
        read_until: Option<Timestamp>,
    ) -> Result<Self, SealingKeyRefused> {
        let Self { current, mut old } = self;
        let new = match old.iter().position(|old| old.reads == Reads::Next) {
            Some(at) => old.remove(at).key,
            None => SealingKey::generate()?,
        };
        let mut before = vec![OldSealingKey { key: current, reads: Reads::All }];
        // One that opens signing keys stays: these may not have been sealed anew yet.
        before.extend(
            old.into_iter().filter(|old| old.reads_artefacts(known) || old.reads == Reads::SigningKeys),
        );
        for (at, old) in before.iter_mut().enumerate() {
            old.reads = match read_until {
                None => Reads::SigningKeys,
                Some(until) if at == 0 => Reads::Until(until),
                Some(_) => old.reads,
            };
        }
        Self { current: new, old: before }.checked()
    }

    /// The same without keys that open signing keys alone: for when none is sealed by them any more.
    pub(crate) fn settled(mut self) -> Self {
        self.old.retain(|old| old.reads != Reads::SigningKeys);
        self
    }

    /// Whether there are keys that [`SealingKeys::settled`] leaves out.
    pub(crate) fn is_settled(&self) -> bool {
        self.old.iter().all(|old| old.reads != Reads::SigningKeys)
    }

    /// Puts these keys in the place of a file: whole or not at all. Who may read them stays: the file keeps its owner, its group
    /// and whether the group reads it, for a command that `root` runs must not shut out the server's own user.
    pub(crate) fn replace_file(&self, path: &Path) -> Result<(), SealingKeyRefused> {
        let refused = |cause| SealingKeyRefused::Replace { path: path.to_owned(), cause };
        // The file itself, where the path is a link.
        let path = std::fs::canonicalize(path).map_err(refused)?;
        let directory = path.parent().unwrap_or(Path::new("/"));
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".new");
        let new = directory.join(name);
        let written = self.write(&new, &path).and_then(|()| std::fs::rename(&new, &path));
        if written.is_err() {
            let _ = std::fs::remove_file(&new);
        }
        written.map_err(refused)?;
        // So that the name leads to the new file after a loss of power too.
        std::fs::File::open(directory).and_then(|directory| directory.sync_all()).map_err(refused)
    }

    fn write(&self, path: &Path, replaced: &Path) -> io::Result<()> {
        // Left by a command that was cut off, perhaps with another owner.
        let _ = std::fs::remove_file(path);
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        #[cfg(unix)]
        read_by_the_same(&file, replaced)?;
        file.write_all(self.to_text().as_bytes())?;
        file.sync_all()
    }

    fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(128 * (1 + self.old.len())));
        text.push_str(&self.current.to_base64());
        text.push('\n');
        for old in &self.old {
            let key = old.key.to_base64();
            match old.reads {
                Reads::Until(end) => {
                    text.push_str("old ");
                    text.push_str(&key);
                    text.push_str(" until ");
                    text.push_str(&instant(end));
                }
                Reads::All => {
                    text.push_str("old ");
                    text.push_str(&key);
                }
                Reads::SigningKeys => {
                    text.push_str("revoked ");
                    text.push_str(&key);
                }
                Reads::Next => {
                    text.push_str("next ");
                    text.push_str(&key);
                }
            }
            text.push('\n');
        }
        text
    }
}

/// Gives a new file the owner and the group of the one that it replaces, and lets the group read it if it could.
#[cfg(unix)]
fn read_by_the_same(file: &std::fs::File, replaced: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};

    let (old, new) = (std::fs::metadata(replaced)?, file.metadata()?);
    if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
        fchown(file, Some(old.uid()), Some(old.gid()))?;
    }
    file.set_permissions(std::fs::Permissions::from_mode(0o600 | old.mode() & 0o040))
}

impl OldSealingKey {
    fn parse(line: &str) -> Result<Self, SealingKeyRefused> {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let (key, reads) = match words.as_slice() {
            ["old", key, "until", end] => (key, Reads::Until(read_instant(end)?)),
            ["old", key] | [key] => (key, Reads::All),
            ["revoked", key] => (key, Reads::SigningKeys),
            ["next", key] => (key, Reads::Next),
            _ => return Err(SealingKeyRefused::Malformed),
        };
        Ok(Self { key: SealingKey::parse(key)?, reads })
    }

    fn reads_artefacts(&self, now: Timestamp) -> bool {
        match self.reads {
            Reads::All | Reads::Next => true,
            Reads::Until(end) => now < end,
            Reads::SigningKeys => false,
        }
    }
}

impl Reads {
    /// The same, for no longer than until then.
    fn ended(self, end: Timestamp) -> Self {
        match self {
            Self::SigningKeys => Self::SigningKeys,
            _ if end == SealingKeyRecord::REVOKED => Self::SigningKeys,
            Self::Until(own) => Self::Until(own.min(end)),
            Self::All | Self::Next => Self::Until(end),
        }
    }

    /// Until when it reads what is made under it; `without` where it has no end of its own.
    fn until(self, without: Timestamp) -> Timestamp {
        match self {
            Self::All | Self::Next => without,
            Self::Until(end) => end,
            Self::SigningKeys => SealingKeyRecord::REVOKED,
        }
    }
}

fn instant(at: Timestamp) -> String {
    jiff::Timestamp::from_second(at.seconds()).unwrap_or(jiff::Timestamp::MAX).to_string()
}

fn read_instant(text: &str) -> Result<Timestamp, SealingKeyRefused> {
    let at: jiff::Timestamp = text.parse().map_err(|_| SealingKeyRefused::Malformed)?;
    Ok(Timestamp(at.as_second()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_790_000_000);
    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    fn first() -> SealingKeys {
        SealingKeys::parse(KEY).unwrap()
    }

    /// Whether one set reads a refresh token's tag, and opens a private key, of another.
    fn reads(keys: &SealingKeys, made_under: &SealingKeys, now: Timestamp) -> (bool, bool) {
        let tag = made_under.artefact_keys(now).authenticate(b"test", b"message");
        let sealed = made_under.sealer().seal("kid", b"private");
        let artefacts = keys.artefact_keys(now).is_authentic(b"test", b"message", &tag);
        (artefacts, keys.sealer().open("kid", &sealed).is_some())
    }

    #[test]
    fn k_16_after_a_rotation_both_read_until_the_old_one_ends_and_the_new_one_writes() {
        let rotated = first().rotated(NOW, Some(NOW + 100)).unwrap();
        let again = SealingKeys::parse(&rotated.to_text()).unwrap();
        for (after, artefacts) in [(0, true), (99, true), (100, false)] {
            assert_eq!(reads(&again, &first(), NOW + after), (artefacts, true), "{after}");
        }
        assert_eq!((again.next_end(NOW), again.next_end(NOW + 100)), (Some(NOW + 100), None));
        assert_eq!(reads(&first(), &again, NOW), (false, false));
        let third = again.rotated(NOW + 50, Some(NOW + 150)).unwrap();
        assert_eq!(third.to_text().lines().count(), 3);
        assert_eq!(reads(&third, &first(), NOW + 99), (true, true));
        let fourth = third.rotated(NOW + 120, Some(NOW + 220)).unwrap();
        assert_eq!(fourth.to_text().lines().count(), 3, "what has ended is left out");
        assert_eq!(reads(&fourth, &first(), NOW + 120), (false, false));
    }

    #[test]
    fn k_16_a_revoked_key_opens_signing_keys_until_they_are_sealed_anew_and_nothing_else() {
        let rotated = first().rotated(NOW, Some(NOW + 100)).unwrap().rotated(NOW, None).unwrap();
        let again = SealingKeys::parse(&rotated.to_text()).unwrap();
        assert_eq!(again.to_text().lines().count(), 3);
        assert_eq!(reads(&again, &first(), NOW), (false, true));
        assert!(!again.is_settled());
        let settled = SealingKeys::parse(&again.settled().to_text()).unwrap();
        assert!(settled.is_settled());
        assert_eq!(reads(&settled, &first(), NOW), (false, false));
        assert_eq!(settled.to_text().lines().count(), 1);
    }

    #[test]
    fn k_16_a_leak_is_answered_however_many_older_keys_there_are() {
        let end = Some(NOW + 100);
        let full = (0..OLD_MAX).fold(first(), |keys, _| keys.rotated(NOW, end).unwrap());
        let text = full.to_text();
        assert!(matches!(full.rotated(NOW, end), Err(SealingKeyRefused::TooMany(OLD_MAX))));
        let full = SealingKeys::parse(&text).unwrap();
        let revoked = SealingKeys::parse(&full.rotated(NOW, None).unwrap().to_text()).unwrap();
        assert_eq!(reads(&revoked, &first(), NOW), (false, true));
        // It was cut off there: the next rotation, of either kind, begins with what is settled.
        for read_until in [None, end] {
            let again = SealingKeys::parse(&revoked.to_text()).unwrap().settled();
            assert!(again.rotated(NOW, read_until).is_ok());
        }
        assert!(
            SealingKeys::parse(&format!("{KEY}\n{}", format!("revoked {KEY}\n").repeat(LINES_MAX + 1)))
                .is_err()
        );
    }

    #[test]
    fn k_16_the_next_key_is_read_and_writes_when_it_takes_over_or_when_the_database_says_so() {
        let path = Path::new("sealing.key");
        let prepared = first().with_next().unwrap();
        let (old, next) = (prepared.ids()[0], prepared.next().unwrap());
        assert_eq!(prepared.ids(), [old, next]);
        let again = || SealingKeys::parse(&prepared.to_text()).unwrap();
        assert_eq!(again().next(), Some(next));
        let rotated = again().rotated(NOW, Some(NOW + 100)).unwrap();
        assert_eq!((rotated.ids(), rotated.next()), (vec![next, old], None));
        assert_eq!(reads(&again(), &rotated, NOW), (true, true), "before it writes there");
        // A server whose file is still the one from before follows the database.
        for (end, read) in [(NOW + 100, (true, true)), (SealingKeyRecord::REVOKED, (false, true))] {
            let mut told = again().told(end);
            assert_eq!(told, [SealingKeyRecord { id: old, read_until: end }]);
            told.push(SealingKeyRecord { id: next, read_until: SealingKeyRecord::WRITES });
            let followed = again().ruled_by(&told, path).unwrap();
            assert_eq!((followed.ids()[0], followed.next()), (next, None));
            assert_eq!(reads(&followed, &first(), NOW), read);
            assert_eq!(reads(&followed, &first(), NOW + 100), (false, true));
            let refused = first().ruled_by(&told, path).unwrap_err().to_string();
            assert!(refused.contains(&next.to_string()), "{refused}");
            // What was revoked once is not brought back by a rotation.
            let third = followed.with_next().unwrap();
            let until: Vec<Timestamp> = third.told(NOW + 500).iter().map(|key| key.read_until).collect();
            assert_eq!(until, [NOW + 500, end]);
        }
        assert!(first().ruled_by(&[], path).unwrap().is_alike(&first()));
        let writes = [SealingKeyRecord { id: old, read_until: SealingKeyRecord::WRITES }];
        let refused = first().rotated(NOW, None).unwrap().ruled_by(&writes, path).unwrap_err().to_string();
        assert!(refused.contains("rotate --revoke-old"), "{refused}");
    }

    #[test]
    fn k_16_the_environment_gives_older_keys_behind_a_comma() {
        let new = "A".repeat(43);
        for (given, read) in [
            (format!("{new}, {KEY}"), (true, true)),
            (format!("{new},old {KEY}"), (true, true)),
            (format!("{new},revoked {KEY}"), (false, true)),
            (new.clone(), (false, false)),
        ] {
            let keys = SealingKeys::from_environment(&given).unwrap();
            assert_eq!(reads(&keys, &first(), NOW + 1_000_000), read, "{given}");
        }
        let both = SealingKeys::from_environment(&format!("{new},{KEY}")).unwrap();
        assert_eq!(reads(&first(), &both, NOW), (false, false));
        for bad in ["", ",", "x", &format!("{KEY},"), &format!("{KEY},x"), &vec![KEY; 18].join(",")] {
            assert!(SealingKeys::from_environment(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn k_16_a_file_is_replaced_whole_behind_a_link_too() {
        let directory = tempfile::tempdir().unwrap();
        let (path, link) = (directory.path().join("sealing.key"), directory.path().join("link"));
        SealingKey::parse(KEY).unwrap().write_new(&path).unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let rotated = SealingKeys::read(&link).unwrap().rotated(NOW, Some(NOW + 100)).unwrap();
        rotated.replace_file(&link).unwrap();
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(*SealingKeys::read(&path).unwrap().to_text(), *rotated.to_text());
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2, "nothing else is left");
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,200}", lines in proptest::collection::vec("(old|revoked|until| |[A-Za-z0-9+/-]{0,44}){0,6}", 0..4)) {
            let _ = SealingKeys::parse(&text);
            let _ = SealingKeys::from_environment(&text);
            let _ = SealingKeys::parse(&format!("{KEY}\n{}", lines.join("\n")));
        }
    }
}
