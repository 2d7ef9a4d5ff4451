//! `cargo xtask simulate --seeds N [--seed S]`: the rules under seeded clocks, crashes and interleavings, optimised.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use crate::check::cargo_in;
use crate::process;

const LIMIT: Duration = Duration::from_secs(2 * 60 * 60);

/// Runs the seeds; the first that breaks an invariant is printed with its trace and the command that repeats it.
pub(crate) fn run(root: &Path, options: &[&str]) -> Result<()> {
    let mut command = cargo_in(root, &["run", "--quiet", "--release", "-p", "proofkey-simulation", "--"]);
    process::run(command.args(options), LIMIT)
}
