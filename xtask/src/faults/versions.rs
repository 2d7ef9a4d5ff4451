//! On what something was run: a count says nothing without it.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use crate::process;

const LIMIT: Duration = Duration::from_secs(10);

/// The commit, the kernel, the file system of the build, the version of SQLite and that of PostgreSQL, in one line.
pub(super) fn all(root: &Path) -> Result<String> {
    let mut git = Command::new("git");
    git.args(["describe", "--always", "--dirty", "--abbrev=10"]).current_dir(root);
    let mut files = Command::new("stat");
    files.args(["-f", "-c", "%T"]).arg(root);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_else(|_| "unknown".to_owned());
    Ok(format!(
        "commit {}, kernel {}, file system {}, {}, {}",
        text(&mut git)?,
        kernel.trim(),
        text(&mut files)?,
        sqlite(root)?,
        postgres()
    ))
}

fn text(command: &mut Command) -> Result<String> {
    Ok(String::from_utf8_lossy(&process::output(command, LIMIT)?).trim().to_owned())
}

/// The package that SQLite is bundled in.
fn sqlite(root: &Path) -> Result<String> {
    let lock = fs::read_to_string(root.join("Cargo.lock"))?;
    let after = lock.split("name = \"libsqlite3-sys\"\nversion = \"").nth(1).unwrap_or_default();
    Ok(format!("libsqlite3-sys {}", after.split('"').next().unwrap_or_default()))
}

/// The newest of Debian's packages.
fn postgres() -> String {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()).max();
    let Some(newest) = newest else { return "no PostgreSQL".to_owned() };
    let mut command = Command::new(format!("/usr/lib/postgresql/{newest}/bin/postgres"));
    text(command.arg("--version")).unwrap_or_else(|_| format!("PostgreSQL {newest}"))
}
