//! `cargo xtask limits`: writes docs/limits.md. What stands there only the server's crate knows, so one of its tests writes it;
//! without this command the same test fails when the page is stale.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use crate::check::cargo_in;
use crate::process;

const LIMIT: Duration = Duration::from_secs(30 * 60);
const TEST: &str = "k_02_docs_limits_is_what_the_code_says";

/// Writes the page anew.
pub(crate) fn run(root: &Path) -> Result<()> {
    write_by_test(root, TEST, "WRITE_DOCS_LIMITS")?;
    println!("docs/limits.md is written");
    Ok(())
}

/// Runs the test of the server that writes a page where this variable is set.
pub(crate) fn write_by_test(root: &Path, test: &str, variable: &str) -> Result<()> {
    let mut command = cargo_in(root, &["test", "--quiet", "-p", "proofkey-server", "--lib", "--", test]);
    process::run(command.env(variable, "1"), LIMIT).map(drop)
}
