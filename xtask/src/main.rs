//! The workspace's own commands: `cargo xtask setup|tidy|compliance|limits|errors|check|test|property|simulate|faults|bench`.
//!
//! Everything that continuous integration checks is one of these commands, so that a person can run the same thing. This
//! crate knows the shape of the tree and the tools around it; it must not know the product's code.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line talks to its user")]

mod bench;
mod check;
mod compliance;
mod counts;
mod errors;
mod faults;
mod finding;
mod limits;
mod process;
mod property;
mod seed;
mod setup;
mod simulate;
mod source;
mod stage;
mod test;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;

const USAGE: &str = "usage: cargo xtask <command>

  setup                 install what the tests need: Debian packages, npm and PyPI test clients
  tidy                  check the shape of the tree: crate edges, banned words, file sizes, secrets, rows
  limits                write docs/limits.md from the constants and defaults of the server
  errors                write docs/errors.md from the rules by which requests are refused
  compliance            write docs/compliance.md from the requirement rows and the names of tests
  check                 format, lints, tidy, Rust tests, licences: what each commit must pass
  test [--only STAGE]   set-up, then every check and every test there is
  test --store postgres set-up, then every test that starts a server, with its data in PostgreSQL
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
        ["limits"] => limits::run(&root).map(|()| ExitCode::SUCCESS),
        ["errors"] => errors::run(&root).map(|()| ExitCode::SUCCESS),
        ["check"] => check::run(&root),
        ["bench"] => bench::run(&root, None).map(|()| ExitCode::SUCCESS),
        ["bench", "--beside", binary] => {
            bench::run(&root, Some(Path::new(binary))).map(|()| ExitCode::SUCCESS)
        }
        ["storm"] => bench::storm(&root, None).map(|()| ExitCode::SUCCESS),
        ["storm", "--of", binary] => bench::storm(&root, Some(Path::new(binary))).map(|()| ExitCode::SUCCESS),
        ["bench", "--grown", options @ ..] => match bench::GrownOptions::parse(options) {
            Some(options) => bench::grown(&root, &options).map(|()| ExitCode::SUCCESS),
            None => Ok(usage()),
        },
        ["hostile", options @ ..] => match bench::HostileOptions::parse(options) {
            Some(options) => bench::hostile(&root, &options).map(|()| ExitCode::SUCCESS),
            None => Ok(usage()),
        },
        ["property", options @ ..] => property::run(&root, options),
        ["simulate", options @ ..] => simulate::run(&root, options).map(|()| ExitCode::SUCCESS),
        ["faults", options @ ..] => faults::run(&root, options),
        ["test"] => test::run(&root, None),
        ["test", "--store", "postgres"] => test::run_on_postgres(&root),
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
