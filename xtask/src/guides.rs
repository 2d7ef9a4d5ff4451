//! `cargo xtask guides`: docs/guides, followed as their readers do. What a page says is read from the page itself, by the tests in
//! tests/guides; here is which of them run always, and what is fetched for them beforehand.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use crate::process;

/// Where the tests of the guides stand.
pub(crate) const FOLDER: &str = "tests/guides";
/// The guides that every run of the tests follows, by the names of their tests. The others need what `setup` does not install.
pub(crate) const ALWAYS: [&str; 10] =
    ["apache", "apis", "curl", "express", "flask", "names", "nginx", "pages", "react", "rust"];
/// The pages whose packages are fetched by `setup`.
const PAGES: [&str; 7] = ["api-node", "api-python", "api-rust", "express", "flask", "react", "rust"];
/// How long the packages may take to come, and to be built.
const FETCH_LIMIT: Duration = Duration::from_secs(20 * 60);
const NOTE_LIMIT: Duration = Duration::from_secs(60);

/// Fetches what the guides of every run fetch, by their own commands.
pub(crate) fn fetch(root: &Path) -> Result<()> {
    let mut command = node(root);
    process::run(command.arg("install.mjs").args(PAGES), FETCH_LIMIT)
}

/// Node's runner over these files, one after the other.
pub(crate) fn tests(root: &Path, files: &[String]) -> Command {
    let mut command = node(root);
    command.args(["--test", "--test-reporter=spec", "--test-concurrency=1"]).args(files);
    command
}

/// Removes what earlier runs noted, so that what is noted is of this one.
pub(crate) fn forget(root: &Path) -> Result<()> {
    process::run(node(root).args(["record.mjs", "--forget"]), NOTE_LIMIT)
}

/// Writes into docs/guides/README.md which guides were followed, when, and with which versions.
pub(crate) fn note(root: &Path) -> Result<()> {
    process::run(node(root).arg("record.mjs"), NOTE_LIMIT)
}

fn node(root: &Path) -> Command {
    let mut command = Command::new("node");
    command.current_dir(root.join(FOLDER));
    command
}
