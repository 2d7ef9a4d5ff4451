//! `cargo xtask check`: what each commit must pass, with nothing but Rust installed.

use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::Result;

use crate::process::{self, cargo};
use crate::seed;
use crate::stage::{self, Stage, Work};
use crate::tidy;

/// Formatting, as `rustfmt.toml` has it.
pub(crate) const FORMAT: Stage =
    Stage { name: "format", title: "rustfmt changes nothing", work: Work::Command(format, 5) };
/// Clippy over every target; a warning is an error.
pub(crate) const LINTS: Stage =
    Stage { name: "lints", title: "clippy, no warnings", work: Work::Command(lints, 30) };
/// The shape of the tree.
pub(crate) const TIDY: Stage =
    Stage { name: "tidy", title: "crate edges, bans, sizes, secrets", work: Work::Inside(tidy::run) };
/// Bans, licences and sources of the dependencies.
pub(crate) const DENY: Stage =
    Stage { name: "deny", title: "dependencies: bans, licences, sources", work: Work::Inside(deny) };
/// Every Rust test of the workspace, doc tests too.
pub(crate) const RUST: Stage =
    Stage { name: "rust", title: "unit, integration and doc tests", work: Work::Tests(rust, 60) };

/// Runs the stages of this command.
pub(crate) fn run(root: &Path) -> Result<ExitCode> {
    stage::run(root, &[FORMAT, LINTS, TIDY, DENY, RUST], None)
}

fn format(root: &Path) -> Command {
    cargo_in(root, &["fmt", "--all", "--check"])
}

fn lints(root: &Path) -> Command {
    cargo_in(root, &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])
}

pub(crate) fn rust(root: &Path) -> Command {
    seed::fixed(cargo_in(root, &["test", "--workspace"]))
}

/// The advisory check needs a database from the network, so it is no part of what must pass here.
fn deny(root: &Path) -> Result<()> {
    if !process::succeeds("cargo-deny", &["--version"]) {
        println!("left out: cargo-deny is not installed (cargo install --locked cargo-deny)");
        return Ok(());
    }
    let mut command = cargo_in(root, &["deny", "check", "bans", "licenses", "sources"]);
    process::run(&mut command, Duration::from_secs(300))
}

/// A cargo command that runs in the root of the workspace.
pub(crate) fn cargo_in(root: &Path, arguments: &[&str]) -> Command {
    let mut command = cargo();
    command.args(arguments).current_dir(root);
    command
}
