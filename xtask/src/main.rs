//! The workspace's own commands: `cargo xtask setup|tidy|compliance|limits|errors|configuration|check|test|guides|dist|…`.
//!
//! Everything that continuous integration checks is one of these commands, so that a person can run the same thing. This
//! crate knows the shape of the tree and the tools around it; it must not know the product's code.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line talks to its user")]

mod bench;
mod check;
mod compliance;
mod counts;
mod dist;
mod faults;
mod finding;
mod guides;
mod pages;
mod process;
mod property;
mod seed;
mod setup;
mod simulate;
mod site;
mod source;
mod stage;
mod test;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;

const USAGE: &str = "usage: cargo xtask <command>

  setup                 install what the tests need: Debian packages, npm and PyPI test clients
  tidy                  check the shape of the tree: crate edges, banned words, file sizes, secrets, rows, links
  limits                write docs/limits.md from the constants and defaults of the server
  errors                write docs/errors.md from the rules by which requests are refused
  configuration         write docs/configuration.md and docs/commands.md from the settings and the commands
  compliance            write docs/compliance.md from the requirement rows and the names of tests
  check                 format, lints, tidy, Rust tests, licences: what each commit must pass
  test [--only STAGE]   set-up, then every check and every test there is
  test --store postgres set-up, then every test that starts a server, with its data in PostgreSQL
  dist                  what is released: an archive, a Debian package, an image, checksums, the list of parts
    --target TARGET     for another machine, whose target and compiler are installed
    --of BINARY         with a binary that is built already, for a test: compressed as fast as can be
    --to DIR            there rather than in target/dist-packages
  dist --check-reproducible   build and pack the last commit twice, in two folders, and compare
  site                  the documentation as a site, in target/site/html; installs mdBook when it is missing
  guides                docs/guides, as a reader follows them, with the real libraries: what every run of the tests does
  guides --all          every guide, also those that need Go, Java and more: it says what each lacks, and notes in
                        docs/guides/README.md what was followed, when, and with which versions
  property              every property test with fresh input; [--cases N] of each, [--seed N] to repeat a run
  simulate --seeds N    the rules under seeded clocks, crashes and interleavings, from seed 1 on or from [--seed S];
                        one seed that fails prints its trace; [--steps N] events in each
  faults [NAME]         the list of faults, or one of them: --cycles N times from seed 1 on or from [--seed S]
    --resume            count what was run before, and run what is missing
    --results FILE      note what was run there rather than in target/faults.json
  bench                 what an operation costs, as a share of the ceiling measured beside it
  storm                 refreshes and introspection while five hundred people sign in at once
    --of BINARY         of a server that is built already
  hostile               honest flows while a thousand connections attack, one kind after the other
    --of BINARY         of a server that is built already
    --only KIND,KIND    of these kinds alone; no kind is the quiet round, which is always there
    --rounds N          so many rounds instead of three
  bench --beside BINARY the same, with another built server in the same run
  bench --store postgres
                        with the data in PostgreSQL, and what a second node beside costs the first
  bench --record-profile
                        note under that load which ways the server takes, for the binary that ships
  bench --published     minutes of each operation over TLS with a million users in PostgreSQL; [--minutes N]
  bench --grown         what a code flow costs on a database with millions of rows, beside an empty one
    --store postgres    in PostgreSQL rather than SQLite
    --scale N           with so many times fewer rows
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = root().and_then(|root| match words.as_slice() {
        ["setup"] => setup::run(&root).map(|()| ExitCode::SUCCESS),
        ["tidy"] => tidy::run(&root).map(|()| ExitCode::SUCCESS),
        ["compliance"] => compliance::run(&root).map(|()| ExitCode::SUCCESS),
        ["limits"] => pages::limits(&root).map(|()| ExitCode::SUCCESS),
        ["errors"] => pages::errors(&root).map(|()| ExitCode::SUCCESS),
        ["configuration"] => pages::configuration(&root).map(|()| ExitCode::SUCCESS),
        ["check"] => check::run(&root),
        ["site"] => site::run(&root).map(|()| ExitCode::SUCCESS),
        ["dist", options @ ..] => match dist::Options::parse(options) {
            Some(options) => dist::run(&root, &options).map(|()| ExitCode::SUCCESS),
            None => Ok(usage()),
        },
        ["bench" | "storm" | "hostile", ..] => {
            bench::command(&root, &words).map(|known| known.map_or_else(usage, |()| ExitCode::SUCCESS))
        }
        ["property", options @ ..] => property::run(&root, options),
        ["simulate", options @ ..] => simulate::run(&root, options).map(|()| ExitCode::SUCCESS),
        ["faults", options @ ..] => faults::run(&root, options),
        ["test"] => test::run(&root, None),
        ["test", "--store", "postgres"] => test::run_on_postgres(&root),
        ["guides"] => test::run(&root, Some("guides")),
        ["guides", "--all"] => test::every_guide(&root),
        ["test", "--only", stage] => test::run(&root, Some(stage)),
        _ => Ok(usage()),
    });
    done.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn usage() -> ExitCode {
    eprint!("{USAGE}");
    ExitCode::from(2)
}

/// The top of the working tree, found from where this crate was compiled.
fn root() -> anyhow::Result<PathBuf> {
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask stands in the workspace's root")?;
    Ok(root.to_path_buf())
}
