//! The directory of a database: for its owner alone, whatever the umask says.

use std::fs::DirBuilder;
use std::io;
use std::path::Path;

/// Entries of a directory that are looked at before it is left as it is.
const ENTRIES_MAX: usize = 16;

/// Makes a directory with mode 0700 where there is none. One that is there and open to others is closed to them if it holds
/// nothing but files of ours; another is left as it is, for it may be the directory of another program.
pub fn private_directory(path: &Path) -> io::Result<()> {
    let was_there = path.is_dir();
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)?;
    close_to_others(path, was_there)
}

#[cfg(unix)]
fn close_to_others(path: &Path, was_there: bool) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path)?.permissions().mode() & 0o7777;
    let closed = std::fs::Permissions::from_mode(0o700);
    if !was_there {
        // The mode of a new directory is what the umask leaves of it.
        return if mode == 0o700 { Ok(()) } else { std::fs::set_permissions(path, closed) };
    }
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let (directory, was) = (path.display(), format!("{mode:04o}"));
    if is_ours(path)? && std::fs::set_permissions(path, closed).is_ok() {
        tracing::warn!(%directory, was, "the data directory was open to others: its mode is set to 0700");
    } else if mode & 0o007 != 0 {
        tracing::warn!(%directory, was, "the data directory is open to others: `chmod 700` closes it");
    }
    Ok(())
}

#[cfg(not(unix))]
fn close_to_others(_: &Path, _: bool) -> io::Result<()> {
    Ok(())
}

/// Whether a directory holds a database of ours and nothing of another program.
#[cfg(unix)]
fn is_ours(path: &Path) -> io::Result<bool> {
    let mut found = false;
    for (count, entry) in std::fs::read_dir(path)?.enumerate() {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        if count >= ENTRIES_MAX || !(name.starts_with("proofkey.") || name == "sealing.key") {
            return Ok(false);
        }
        found |= name.starts_with("proofkey.db");
    }
    Ok(found)
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn k_41_a_directory_of_ours_is_for_its_owner_alone_and_that_of_another_is_left() {
        let root = tempfile::tempdir().unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let new = root.path().join("a/b");
        private_directory(&new).unwrap();
        assert_eq!((mode(&new), mode(&root.path().join("a"))), (0o700, 0o700));
        for (files, expected) in [
            (&["proofkey.db", "proofkey.db-wal", "proofkey.db.lock"][..], 0o700),
            (&["proofkey.db", "sealing.key", "proofkey.toml"], 0o700),
            (&["proofkey.db", "letters.txt"], 0o755),
            (&["sealing.key"], 0o755),
            (&[], 0o755),
        ] {
            let there = tempfile::tempdir().unwrap();
            std::fs::set_permissions(there.path(), Permissions::from_mode(0o755)).unwrap();
            for file in files {
                std::fs::write(there.path().join(file), "").unwrap();
            }
            private_directory(there.path()).unwrap();
            assert_eq!(mode(there.path()), expected, "{files:?}");
        }
    }
}
