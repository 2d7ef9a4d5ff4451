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
        let beside = open_private(&sibling_path(path, LOCK)).map_err(Fault::io(LOCKING))?;
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
pub(super) fn make_private(path: &Path) -> Result<(), Fault> {
    const DOING: &str = "open the database";
    match new_private(path) {
        Ok(_) => return Ok(()),
        // Not opened: the handle would have to be closed again, see [`ServingLock`].
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(Fault::io(DOING)(error)),
    }
    close_to_others(path)?;
    BESIDE.iter().try_for_each(|suffix| close_to_others(&sibling_path(path, suffix)))
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

/// A new file for its owner alone: the user that runs this, or where that is root the owner of the directory. So what an
/// administrator makes as root can be used by the server that runs as a user of its own; SQLite does the same for the files beside
/// a database.
pub(crate) fn new_private(path: &Path) -> io::Result<File> {
    let made = private(OpenOptions::new().create_new(true)).open(path)?;
    whatever_the_umask(&made)?;
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
            let mut kept = new_private(name)?;
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
    private(OpenOptions::new().create(true).truncate(false)).open(path)
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.read(true).write(true)
}

/// A file that its group may read is left so where its mode cannot be changed: so volumes are mounted for a process that
/// does not own what is on them.
#[cfg(unix)]
fn close_to_others(path: &Path) -> Result<(), Fault> {
    use std::os::unix::fs::PermissionsExt as _;
    let Ok(metadata) = std::fs::metadata(path) else { return Ok(()) };
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let (file, was) = (path.display(), format!("{mode:04o}"));
    match std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode & 0o700)) {
        Ok(()) => tracing::warn!(%file, was, "this file of the database was open to others: its mode is set"),
        Err(error) if mode & 0o007 == 0 => {
            tracing::warn!(%file, was, %error, "this file of the database is open to its group, and its mode cannot be set");
        }
        Err(_) => return Err(Fault::Exposed { file: path.display().to_string(), mode }),
    }
    Ok(())
}

#[cfg(not(unix))]
const fn close_to_others(_: &Path) -> Result<(), Fault> {
    Ok(())
}
