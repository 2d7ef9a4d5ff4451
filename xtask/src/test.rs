//! `cargo xtask test`: the one test command, and all that continuous integration runs.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::check::{DENY, FORMAT, LINTS, RUST, TIDY, cargo_in};
use crate::setup;
use crate::stage::{self, Stage, Work};

const SETUP: Stage =
    Stage { name: "setup", title: "install what is missing", work: Work::Inside(setup::run) };
const FULL: Stage =
    Stage { name: "full", title: "races and timing, in full counts", work: Work::Tests(full, 20) };
const BUILD: Stage = Stage { name: "build", title: "the binary under test", work: Work::Command(build, 30) };
const BROWSER: Stage =
    Stage { name: "browser", title: "the pages in Chromium", work: Work::Tests(browser, 20) };
const INTEROP: Stage =
    Stage { name: "interop", title: "clients that others wrote", work: Work::Tests(interop, 15) };

/// Runs every stage, or `only` one; the two suites against a running server build it first.
pub(crate) fn run(root: &Path, only: Option<&str>) -> Result<ExitCode> {
    match only {
        Some("browser") => stage::run(root, &[SETUP, BUILD, BROWSER], None),
        Some("interop") => stage::run(root, &[SETUP, BUILD, INTEROP], None),
        _ => stage::run(root, &[SETUP, FORMAT, LINTS, TIDY, DENY, RUST, FULL, BUILD, BROWSER, INTEROP], only),
    }
}

/// What `cargo test` runs a tenth of, for time: the counts that docs/faults.md states.
fn full(root: &Path) -> Command {
    let tests =
        ["test", "-p", "proofkey-server", "--test", "it", "--", "races::", "enumeration::", "--nocapture"];
    let mut command = cargo_in(root, &tests);
    command.env("PROOFKEY_RACES", "100").env("PROOFKEY_TIMING_SAMPLES", "2000");
    command
}

fn build(root: &Path) -> Command {
    // The default members, as `cargo run -- dev` builds them: the suites test what a newcomer runs.
    cargo_in(root, &["build"])
}

fn browser(root: &Path) -> Command {
    node_tests(root, "tests/browser")
}

fn interop(root: &Path) -> Command {
    node_tests(root, "tests/interop")
}

/// Node's own runner over every `*.test.mjs` of `folder`, one file after the other: two cores are all there may be.
fn node_tests(root: &Path, folder: &str) -> Command {
    let folder = root.join(folder);
    let mut files: Vec<String> = fs::read_dir(&folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".test.mjs"))
        .collect();
    files.sort();
    let mut command = Command::new("node");
    command.args(["--test", "--test-reporter=spec", "--test-concurrency=1"]).args(files).current_dir(folder);
    command
}
