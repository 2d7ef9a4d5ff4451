//! The files of a database: who may read them, the lock of a server, and whether the name still leads to the file that is
//! open.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::fault::Fault;

/// Files beside the database that hold what it holds.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];
/// The lock of releases that did not lock the database itself: they and this one keep each other out by it.
const LOCK: &str = ".lock";

#[cfg(unix)]
const NOT_THROUGH_A_LINK: rustix::fs::OFlags =
    rustix::fs::OFlags::NOFOLLOW.union(rustix::fs::OFlags::NONBLOCK);

/// Tells one file from another, whatever they are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileIdentity {
    device: u64,
    inode: u64,
}

impl FileIdentity {
    /// The file that a name leads to now.
    #[cfg(unix)]
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt as _;
        let metadata = std::fs::metadata(path)?;
        Ok(Self { device: metadata.dev(), inode: metadata.ino() })
    }

    /// Elsewhere an open file can be neither moved nor replaced.
    #[cfg(not(unix))]
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        std::fs::metadata(path).map(|_| Self { device: 0, inode: 0 })
    }
}

/// The lock of one server on a database; the operating system drops it with the process, however that ends.
///
/// It is on the file itself, so that a server is kept out whatever happens to names. While SQLite has the file open, no other
/// handle on it may be closed: that would drop SQLite's own locks (POSIX). So the handle is left open for good; there is
/// one in the life of a server.
#[derive(Debug)]
pub(crate) struct ServingLock {
    database: Option<std::mem::ManuallyDrop<File>>,
    _beside: File,
}

impl ServingLock {
    pub(crate) fn take(path: &Path) -> Result<Self, Fault> {
        let beside = sibling_path(path, LOCK);
        refuse_link(&beside)?;
        let beside = open_private(&beside).map_err(Fault::io(LOCKING))?;
        lock(&beside)?;
        let database = if cfg!(unix) {
            let file = OpenOptions::new().read(true).write(true).open(path).map_err(Fault::io(LOCKING))?;
            let file = std::mem::ManuallyDrop::new(file);
            lock(&file)?;
            Some(file)
        } else {
            None
        };
        Ok(Self { database, _beside: beside })
    }
}

impl Drop for ServingLock {
    fn drop(&mut self) {
        if let Some(file) = &self.database {
            let _ = file.unlock();
        }
    }
}

const LOCKING: &str = "lock the database for serving";

fn lock(file: &File) -> Result<(), Fault> {
    file.try_lock().map_err(|refused| match refused {
        TryLockError::WouldBlock => Fault::AlreadyServed,
        TryLockError::Error(error) => Fault::io(LOCKING)(error),
    })
}

/// The file beside the database, of the same name with `suffix`.
pub(crate) fn sibling_path(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Makes the database's file with mode 0600 when it is not there, for it holds hashes and sealed keys; SQLite gives the files
/// beside it the same mode. Files that are there and open to others are closed to them.
///
/// The owner of the directory may have put a link where a file is expected, and this may be run by root. So no link is followed to
/// a file whose mode is changed; SQLite follows none beside the database either, and there it is refused.
pub(super) fn make_private(path: &Path) -> Result<(), Fault> {
    const DOING: &str = "open the database";
    match new_of_installation(path) {
        Ok(_) => return Ok(()),
        // Not opened: the handle would have to be closed again, see [`ServingLock`].
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(Fault::io(DOING)(error)),
    }
    close_to_others(path)?;
    BESIDE.iter().map(|suffix| sibling_path(path, suffix)).try_for_each(|beside| {
        refuse_link(&beside)?;
        close_to_others(&beside)
    })
}

/// A file beside a database is none that is elsewhere.
fn refuse_link(path: &Path) -> Result<(), Fault> {
    if is_link(path) { Err(Fault::Linked { file: path.display().to_string() }) } else { Ok(()) }
}

fn is_link(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink())
}

/// The mode of a new file is what the umask leaves of it.
#[cfg(unix)]
fn whatever_the_umask(made: &File) -> io::Result<()> {
    made.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))
}

#[cfg(not(unix))]
fn whatever_the_umask(_: &File) -> io::Result<()> {
    Ok(())
}

/// A new file for the user alone that runs this.
pub(crate) fn new_private(path: &Path) -> io::Result<File> {
    let made = private(OpenOptions::new().create_new(true)).open(path)?;
    whatever_the_umask(&made)?;
    Ok(made)
}

/// A new file of an installation, for its owner alone: the user that runs this, or where that is root the owner of the directory.
/// So a database that an administrator makes as root can be used by the server that runs as a user of its own; SQLite does the
/// same for the files beside a database.
pub(crate) fn new_of_installation(path: &Path) -> io::Result<File> {
    let made = new_private(path)?;
    owned_as_its_directory(&made, path)?;
    Ok(made)
}

#[cfg(unix)]
fn owned_as_its_directory(made: &File, path: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let directory = std::fs::metadata(directory.unwrap_or(Path::new(".")))?;
    // Root's files alone can be given away.
    if made.metadata()?.uid() == 0 && directory.uid() != 0 {
        std::os::unix::fs::fchown(made, Some(directory.uid()), Some(directory.gid()))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn owned_as_its_directory(_: &File, _: &Path) -> io::Result<()> {
    Ok(())
}

/// Gives a file its name, unless something has that name. The old one goes.
pub(crate) fn name_new(file: &Path, name: &Path) -> io::Result<()> {
    match std::fs::hard_link(file, name) {
        Ok(()) => std::fs::remove_file(file),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(error),
        // Not every file system has files of two names.
        Err(_) if name.symlink_metadata().is_err() => std::fs::rename(file, name),
        Err(_) => Err(ErrorKind::AlreadyExists.into()),
    }
}

/// Keeps what a file holds under another name as well.
pub(crate) fn keep_as(file: &Path, name: &Path) -> io::Result<()> {
    match std::fs::hard_link(file, name) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            let mut kept = new_of_installation(name)?;
            io::copy(&mut File::open(file)?, &mut kept).and_then(|_| kept.sync_all())
        }
        kept => kept,
    }
}

/// What stands in a file, and its name, is on the disk.
pub(crate) fn make_durable(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()?;
    match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) if cfg!(unix) => File::open(parent)?.sync_all(),
        _ => Ok(()),
    }
}

fn open_private(path: &Path) -> io::Result<File> {
    private(not_through_a_link(OpenOptions::new().create(true).truncate(false))).open(path)
}

/// Opening fails where the last part of the name is a symbolic link, and does not wait where it is no file.
fn not_through_a_link(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    if let Ok(flags) = i32::try_from(NOT_THROUGH_A_LINK.bits()) {
        std::os::unix::fs::OpenOptionsExt::custom_flags(options, flags);
    }
    options
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.read(true).write(true)
}

/// A file that its group may read is left so where its mode cannot be changed: so volumes are mounted for a process that
/// does not own what is on them. Of a link to a file the mode is told and not changed.
#[cfg(unix)]
fn close_to_others(path: &Path) -> Result<(), Fault> {
    use std::os::unix::fs::PermissionsExt as _;
    let Ok(metadata) = std::fs::metadata(path) else { return Ok(()) };
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let file = if is_link(path) { path.canonicalize().unwrap_or_default() } else { path.to_owned() };
    let (file, was) = (file.display(), format!("{mode:04o}"));
    match set_mode_of_file(path, mode & 0o700) {
        Ok(()) => tracing::warn!(%file, was, "this file of the database was open to others: its mode is set"),
        Err(error) if mode & 0o007 == 0 => {
            tracing::warn!(%file, was, %error, "this file of the database is open to its group, and its mode cannot be set");
        }
        Err(_) => return Err(Fault::Exposed { file: file.to_string(), mode }),
    }
    Ok(())
}

/// The mode of the very file that has this name, and of none that a link of this name leads to. The handle is left open for good,
/// see [`ServingLock`]: a file whose mode was set needs it no second time.
#[cfg(unix)]
fn set_mode_of_file(path: &Path, mode: u32) -> io::Result<()> {
    let file = not_through_a_link(OpenOptions::new().read(true)).open(path)?;
    let file = std::mem::ManuallyDrop::new(file);
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(mode))
}

#[cfg(not(unix))]
const fn close_to_others(_: &Path) -> Result<(), Fault> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt, chown, symlink};

    use super::*;

    fn mode(path: &Path) -> io::Result<u32> {
        Ok(path.metadata()?.permissions().mode() & 0o777)
    }

    #[test]
    fn k_41_no_link_leads_to_a_file_whose_mode_is_changed() {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = folder.path().join("elsewhere");
        std::fs::write(&elsewhere, "of others").unwrap();
        std::fs::set_permissions(&elsewhere, PermissionsExt::from_mode(0o644)).unwrap();
        let database = folder.path().join("proofkey.db");
        make_private(&database).unwrap();
        for suffix in BESIDE {
            let beside = sibling_path(&database, suffix);
            symlink(&elsewhere, &beside).unwrap();
            let refused = make_private(&database).unwrap_err();
            assert_eq!(refused, Fault::Linked { file: beside.display().to_string() });
            std::fs::remove_file(beside).unwrap();
        }
        // Not followed to be read, and not followed to be made.
        for lock in [&elsewhere, &folder.path().join("not-there")] {
            let beside = sibling_path(&database, LOCK);
            symlink(lock, &beside).unwrap();
            let refused = ServingLock::take(&database).unwrap_err();
            assert_eq!(refused, Fault::Linked { file: beside.display().to_string() });
            assert!(open_private(&beside).is_err());
            std::fs::remove_file(beside).unwrap();
        }
        assert!(!folder.path().join("not-there").exists());
        std::fs::remove_file(&database).unwrap();
        symlink(&elsewhere, &database).unwrap();
        let file = elsewhere.canonicalize().unwrap().display().to_string();
        assert_eq!(make_private(&database), Err(Fault::Exposed { file, mode: 0o644 }));
        assert!(set_mode_of_file(&database, 0o600).is_err());
        assert_eq!(mode(&elsewhere).unwrap(), 0o644);
        // A database that was moved to another disk goes on.
        std::fs::set_permissions(&elsewhere, PermissionsExt::from_mode(0o600)).unwrap();
        make_private(&database).unwrap();
    }

    /// Only root can try what root does; another user owns what it makes in either way.
    #[test]
    fn pk_03_root_gives_away_what_belongs_to_an_installation_and_nothing_else() {
        const OF_A_SERVICE: u32 = 65_533;
        let folder = tempfile::tempdir().unwrap();
        let (database, backup) = (folder.path().join("proofkey.db"), folder.path().join("backup"));
        let me = folder.path().metadata().unwrap().uid();
        let owner = if me == 0 { OF_A_SERVICE } else { me };
        chown(folder.path(), Some(owner), None).unwrap();
        make_private(&database).unwrap();
        new_private(&backup).unwrap();
        let owners = [&database, &backup].map(|file| file.metadata().unwrap().uid());
        assert_eq!(owners, [owner, me]);
        assert_eq!([&database, &backup].map(|file| mode(file).unwrap()), [0o600, 0o600]);
    }
}
