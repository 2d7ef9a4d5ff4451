//! The server as another program runs it: with system calls that fail, take long or kill it, or with a disk of its own.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// Scripts that run the server, in a folder of their own.
pub(super) struct Scripts(TempDir);

/// System calls by which data are made durable.
pub(super) const SYNCHRONISE: &str = "fsync,fdatasync";

impl Scripts {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Runs the server so that these system calls end otherwise, as `strace` takes it: `error=EIO:when=3+`. Each of its
    /// threads counts by itself. The server stays the process that was started: what is sent to it reaches it.
    pub(super) fn tampered(&self, calls: &str, how: &str) -> PathBuf {
        assert!(
            std::process::Command::new("strace").arg("--version").output().is_ok(),
            "strace is missing: `apt-get install strace`, or `cargo xtask setup`"
        );
        // A signal is delivered where a call is stopped by the tracer, and not where a filter stops it.
        let filter = if how.starts_with("signal") { "" } else { "--seccomp-bpf" };
        self.script(&format!(
            "exec strace -D -f {filter} -qq -o /dev/null -e trace={calls} -e inject={calls}:{how} {} \"$@\"",
            env!("CARGO_BIN_EXE_proofkey")
        ))
    }

    /// Runs the server so that its allocators set nothing aside that is not used: a limit of its memory is then felt at once.
    pub(super) fn without_reserves(&self) -> PathBuf {
        let command = env!("CARGO_BIN_EXE_proofkey");
        self.script(&format!("export MIMALLOC_ARENA_RESERVE=0 MALLOC_ARENA_MAX=1; exec {command} \"$@\""))
    }

    /// Runs the server on a disk of so many KiB, with a copy of what is in the folder now.
    pub(super) fn on_a_disk_of(&self, kib: u32, folder: &Path) -> PathBuf {
        let (folder, kept) = (folder.display(), self.0.path().join("kept").display().to_string());
        let run = format!(
            "set -e; cp -a {folder} {kept}; mount -t tmpfs -o size={kib}k,mode=700 tmpfs {folder}
             cp -a {kept}/. {folder}; exec {} \"$@\"",
            env!("CARGO_BIN_EXE_proofkey")
        );
        let inner = self.script(&run);
        self.script(&format!("exec {} {} \"$@\"", unshare(), inner.display()))
    }

    fn script(&self, line: &str) -> PathBuf {
        let number = std::fs::read_dir(self.0.path()).unwrap().count();
        let path = self.0.path().join(format!("run-{number}"));
        let path_variable = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        std::fs::write(&path, format!("#!/bin/sh\nexport {path_variable}\n{line}\n")).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o700)).unwrap();
        path
    }
}

/// What gives a process mounts of its own: as root, or as root of a namespace of users.
fn unshare() -> &'static str {
    let is_root =
        std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    if is_root { "unshare -m" } else { "unshare -r -m" }
}
