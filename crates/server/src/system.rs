//! What the operating system says of files and limits, for commands that look at an installation. It judges nothing.

use std::io;
use std::path::Path;

/// Who gets at a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// The bits of its mode.
    pub mode: u32,
    /// Whether its group or all others may do anything with it.
    pub is_open_to_others: bool,
    /// Whether it belongs to the user of this process. To root any file does.
    pub is_own: bool,
}

/// Where a file lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileSystem {
    /// Whether another machine holds it.
    pub is_network: bool,
    /// What this user may still write, in bytes.
    pub free_bytes: u64,
}

/// How much of files a process may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileLimits {
    /// Most open files: the hard limit, to which the server raises its own.
    pub open_max: Option<usize>,
    /// Largest file, in bytes; `None` if there is no such limit.
    pub size_max: Option<u64>,
}

/// Who gets at a file.
#[cfg(unix)]
pub fn access(path: &Path) -> io::Result<Access> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = std::fs::metadata(path)?;
    let (mode, user) = (metadata.mode() & 0o7777, rustix::process::geteuid());
    Ok(Access {
        mode,
        is_open_to_others: mode & 0o077 != 0,
        is_own: user.is_root() || user.as_raw() == metadata.uid(),
    })
}

/// Who gets at a file: where there are no modes, nothing is known.
#[cfg(not(unix))]
pub fn access(path: &Path) -> io::Result<Access> {
    std::fs::metadata(path).map(|_| Access { mode: 0o600, is_open_to_others: false, is_own: true })
}

/// Where a file lies.
#[cfg(target_os = "linux")]
pub fn file_system(path: &Path) -> io::Result<FileSystem> {
    let found = rustix::fs::statfs(path)?;
    let free_bytes = found.f_bavail.saturating_mul(u64::try_from(found.f_bsize).unwrap_or(1));
    Ok(FileSystem { is_network: is_network(found.f_type), free_bytes })
}

/// Where a file lies: elsewhere than on Linux nothing is known.
#[cfg(not(target_os = "linux"))]
pub fn file_system(_: &Path) -> io::Result<FileSystem> {
    Ok(FileSystem { is_network: false, free_bytes: u64::MAX })
}

/// The kinds of file systems of other machines, by the numbers of statfs(2): NFS, SMB, CIFS, SMB2, AFS, Ceph, 9p.
#[cfg(target_os = "linux")]
const fn is_network(kind: i64) -> bool {
    matches!(kind, 0x6969 | 0x517b | 0xff53_4d42 | 0xfe53_4d42 | 0x5346_414f | 0x00c3_6400 | 0x0102_1997)
}

/// The limits of this process.
#[cfg(unix)]
pub fn file_limits() -> FileLimits {
    use rustix::process::{Resource, getrlimit};
    let open = getrlimit(Resource::Nofile).maximum;
    FileLimits {
        open_max: open.and_then(|open| usize::try_from(open).ok()),
        size_max: getrlimit(Resource::Fsize).current,
    }
}

/// The limits of this process, where the system tells none.
#[cfg(not(unix))]
pub fn file_limits() -> FileLimits {
    FileLimits::default()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn pk_07_a_file_says_who_gets_at_it_and_where_it_lies() {
        let folder = tempfile::tempdir().unwrap();
        for (mode, is_open) in [(0o700, false), (0o750, true), (0o701, true)] {
            std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(mode)).unwrap();
            let access = access(folder.path()).unwrap();
            assert_eq!((access.mode, access.is_open_to_others, access.is_own), (mode, is_open, true));
        }
        assert!(access(&folder.path().join("none")).is_err());
        let found = file_system(folder.path()).unwrap();
        assert!(!found.is_network && found.free_bytes > 0);
    }

    /// No test has a network file system: that its number is known is all that is tried.
    #[test]
    fn pk_07_network_file_systems_are_known_by_their_numbers() {
        assert!(is_network(0x6969) && is_network(0xff53_4d42));
        for local in [0xef53, 0x9123_683e, 0x0102_1994, 0x794c_7630, 0x5846_5342] {
            assert!(!is_network(local), "{local:x}");
        }
    }
}
