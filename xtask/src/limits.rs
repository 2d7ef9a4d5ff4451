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
    let mut command = cargo_in(root, &["test", "--quiet", "-p", "proofkey-server", "--lib", "--", TEST]);
    process::run(command.env("WRITE_DOCS_LIMITS", "1"), LIMIT)?;
    println!("docs/limits.md is written");
    Ok(())
}
