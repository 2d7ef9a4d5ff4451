//! Files that only their owner reads, replaced whole: a reader finds the old content or the new, never less.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::error::Error;

/// How much is written to see whether tokens could be.
const PROBE_BYTES: usize = 16 * 1024;
/// Longest content that is read, in bytes.
const FILE_BYTES_MAX: u64 = 256 * 1024;

/// The content, if there is such a file.
pub(super) fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(failed(path, cause)),
    };
    let mut bytes = Zeroizing::new(Vec::with_capacity(16 * 1024));
    file.take(FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(|cause| failed(path, cause))?;
    Ok(Some(bytes))
}

/// Replaces the content: write to a sibling file, flush to disk, rename over, flush the directory. Callers hold the slot's lock,
/// so one name for that file is enough and a crash leaves at most one.
pub(super) fn replace(directory: &Path, sibling: &Path, path: &Path, bytes: &[u8]) -> Result<(), Error> {
    create_directory(directory)?;
    let write = || {
        let mut file = private().write(true).create(true).truncate(true).open(sibling)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(sibling, path)
    };
    write().map_err(|cause| failed(path, cause))?;
    sync_directory(directory)
}

/// Makes sure that a file of an ordinary size can be written and flushed here, and leaves none behind.
pub(super) fn probe(directory: &Path, path: &Path) -> Result<(), Error> {
    create_directory(directory)?;
    let write = || {
        let mut file = private().write(true).create(true).truncate(true).open(path)?;
        file.write_all(&[b' '; PROBE_BYTES])?;
        file.sync_all()
    };
    let written = write().map_err(|cause| failed(path, cause));
    let removed = remove(directory, &[path.to_owned()]);
    written.and(removed)
}

/// Removes files that may not exist.
pub(super) fn remove(directory: &Path, paths: &[PathBuf]) -> Result<(), Error> {
    let mut removed = false;
    for path in paths {
        match std::fs::remove_file(path) {
            Ok(()) => removed = true,
            Err(cause) if cause.kind() == ErrorKind::NotFound => {}
            Err(cause) => return Err(failed(path, cause)),
        }
    }
    if removed { sync_directory(directory) } else { Ok(()) }
}

/// The names in a directory that are text, at most so many; none where there is no such directory.
pub(super) fn names(directory: &Path, names_max: usize) -> Result<Vec<String>, Error> {
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => return Err(failed(directory, cause)),
    };
    let names = entries.take(names_max).map(|entry| entry.map(|entry| entry.file_name()));
    let names: Result<Vec<_>, _> = names.collect();
    let names = names.map_err(|cause| failed(directory, cause))?;
    Ok(names.into_iter().filter_map(|name| name.into_string().ok()).collect())
}

/// Opens a file for locking; it never holds anything.
pub(super) fn open_lock(directory: &Path, path: &Path) -> Result<File, Error> {
    create_directory(directory)?;
    private().write(true).create(true).truncate(false).open(path).map_err(|cause| failed(path, cause))
}

pub(super) fn failed(path: &Path, cause: std::io::Error) -> Error {
    Error::StoreFailed { path: path.to_owned(), cause }
}

fn create_directory(directory: &Path) -> Result<(), Error> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory).map_err(|cause| failed(directory, cause))
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// A rename is durable once its directory is. Elsewhere than on Unix a directory cannot be opened for that.
fn sync_directory(directory: &Path) -> Result<(), Error> {
    #[cfg(unix)]
    File::open(directory).and_then(|opened| opened.sync_all()).map_err(|cause| failed(directory, cause))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn cl_12_files_and_their_directory_are_the_owners_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("a/b");
        let path = directory.join("x.json");
        replace(&directory, &directory.join("x.new"), &path, b"one").unwrap();
        replace(&directory, &directory.join("x.new"), &path, b"two").unwrap();
        assert_eq!(read(&path).unwrap().unwrap().as_slice(), b"two");
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&directory)), (0o600, 0o700));
        assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 1);
        remove(&directory, &[path.clone(), path.clone()]).unwrap();
        assert!(read(&path).unwrap().is_none());
    }
}
