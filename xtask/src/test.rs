//! `cargo xtask test`: the one test command, and all that continuous integration runs.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::check::{DENY, FORMAT, LINTS, RUST, TIDY, cargo_in};
use crate::dist;
use crate::guides;
use crate::process;
use crate::seed;
use crate::setup;
use crate::stage::{self, Stage, Work};

const SETUP: Stage =
    Stage { name: "setup", title: "install what is missing", work: Work::Inside(setup::run) };
const FULL: Stage =
    Stage { name: "full", title: "races and timing, in full counts", work: Work::Tests(full, 20) };
const POSTGRES: Stage = Stage {
    name: "postgres",
    title: "races, tokens and sign-in on PostgreSQL, in short counts",
    work: Work::Tests(on_postgres, 15),
};
const SERVER_ON_POSTGRES: Stage = Stage {
    name: "server",
    title: "the server over the wire, on PostgreSQL",
    work: Work::Tests(server_on_postgres, 40),
};
const COMMAND_ON_POSTGRES: Stage = Stage {
    name: "command",
    title: "what the command does to a server, on PostgreSQL",
    work: Work::Tests(command_on_postgres, 20),
};
const BUILD: Stage = Stage { name: "build", title: "the binary under test", work: Work::Command(build, 30) };
const BROWSER: Stage =
    Stage { name: "browser", title: "the pages in Chromium", work: Work::Tests(browser, 20) };
const INTEROP: Stage =
    Stage { name: "interop", title: "clients that others wrote", work: Work::Tests(interop, 15) };
const PACK: Stage = Stage {
    name: "pack",
    title: "archive, Debian package and image of the binary under test",
    work: Work::Inside(dist::for_tests),
};
const PACKAGES: Stage = Stage {
    name: "packages",
    title: "what is released, run where it is to run",
    work: Work::Tests(packages, 10),
};
const GUIDES: Stage = Stage {
    name: "guides",
    title: "the guides, as their readers follow them",
    work: Work::Tests(guides, 15),
};

const EVERY_GUIDE: Stage = Stage {
    name: "guides",
    title: "every guide, as its readers follow it",
    work: Work::Tests(all_guides, 60),
};

const FORGET: Stage = Stage {
    name: "forget",
    title: "forget which guides earlier runs followed",
    work: Work::Inside(guides::forget),
};

const NOTE: Stage = Stage {
    name: "note",
    title: "note in docs/guides/README.md what was followed",
    work: Work::Inside(guides::note),
};

/// Runs every stage, or `only` one; the two suites against a running server build it first.
pub(crate) fn run(root: &Path, only: Option<&str>) -> Result<ExitCode> {
    match only {
        Some("browser") => stage::run(root, &[SETUP, BUILD, BROWSER], None),
        Some("interop") => stage::run(root, &[SETUP, BUILD, INTEROP], None),
        Some("guides") => stage::run(root, &[SETUP, BUILD, GUIDES], None),
        Some("packages") => stage::run(root, &[SETUP, BUILD, PACK, PACKAGES], None),
        _ => stage::run(
            root,
            &[
                SETUP, FORMAT, LINTS, TIDY, DENY, RUST, FULL, POSTGRES, BUILD, BROWSER, INTEROP, GUIDES,
                PACK, PACKAGES,
            ],
            only,
        ),
    }
}

/// Follows every guide, also those that need what `setup` does not install, and notes what was followed if all of it works.
pub(crate) fn every_guide(root: &Path) -> Result<ExitCode> {
    stage::run(root, &[SETUP, BUILD, FORGET, EVERY_GUIDE, NOTE], None)
}

/// What is left out on PostgreSQL, by the part of a test's name, and why.
const NOT_ON_POSTGRES: [(&str, &str); 3] = [
    ("museum::", "it opens files of earlier releases"),
    ("exchanges::", "its servers begin with a file of the museum"),
    ("sqlite", "it is about a file"),
];

/// Runs every test that starts a server with the data of the servers in PostgreSQL.
pub(crate) fn run_on_postgres(root: &Path) -> Result<ExitCode> {
    for (name, reason) in NOT_ON_POSTGRES {
        println!("left out: tests with {name:?} in their names, for {reason}");
    }
    stage::run(root, &[SETUP, SERVER_ON_POSTGRES, COMMAND_ON_POSTGRES], None)
}

fn server_on_postgres(root: &Path) -> Command {
    tests_on_postgres(root, "proofkey-server", &[], "10")
}

/// The modules whose servers are those of the test fixtures; the others are about files, and about what a command prints.
fn command_on_postgres(root: &Path) -> Command {
    tests_on_postgres(root, "proofkey", &["kill::", "login::"], "10")
}

fn on_postgres(root: &Path) -> Command {
    let modules = ["races::", "token::", "login::", "refresh::", "overlap::", "sign_in_limits::"];
    tests_on_postgres(root, "proofkey-server", &modules, "1")
}

/// Tests of these modules, or of all, in so many percent of their counts.
fn tests_on_postgres(root: &Path, package: &str, modules: &[&str], percent: &str) -> Command {
    let mut command = cargo_in(root, &["test", "-p", package, "--test", "it", "--"]);
    command.args(modules).args(NOT_ON_POSTGRES.iter().flat_map(|(name, _)| ["--skip", name]));
    command.env("PROOFKEY_TEST_STORE", "postgres").env("PROOFKEY_RACES", percent);
    seed::fixed(command)
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

/// In namespaces of their own, which need root: mounts that go at the end, processes that end with it, no network but loopback.
fn packages(root: &Path) -> Command {
    let is_root = process::is_root();
    let mut command = Command::new(if is_root { "env" } else { "sudo" });
    let node = node_tests(root, "tests/packages");
    command.envs(std::env::current_exe().ok().map(|us| ("XTASK", us)));
    if !is_root {
        command.arg("--preserve-env=XTASK,PATH,CARGO_TARGET_DIR,HOME,PROOFKEY_PACKAGES,PROOFKEY_BINARY");
    }
    command.args(["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]);
    command
        .args(["sh", "-c", "ip link set lo up && exec \"$@\"", "sh"])
        .arg(node.get_program())
        .args(node.get_args());
    command.current_dir(root.join("tests/packages"));
    command
}

fn guides(root: &Path) -> Command {
    node_runner(&root.join(guides::FOLDER), guides::ALWAYS.map(|name| format!("{name}.test.mjs")))
}

fn all_guides(root: &Path) -> Command {
    node_tests(root, guides::FOLDER)
}

/// Node's own runner over every `*.test.mjs` of `folder`, one file after the other: two cores are all there may be.
fn node_tests(root: &Path, folder: &str) -> Command {
    let folder = root.join(folder);
    node_runner(&folder, test_files(&folder))
}

/// The same over these files of it.
fn node_runner(folder: &Path, files: impl IntoIterator<Item = String>) -> Command {
    let mut command = Command::new("node");
    command.args(["--test", "--test-reporter=spec", "--test-concurrency=1"]).args(files).current_dir(folder);
    command
}

fn test_files(folder: &Path) -> Vec<String> {
    let mut files: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".test.mjs"))
        .collect();
    files.sort();
    files
}
