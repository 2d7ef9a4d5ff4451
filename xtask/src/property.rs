//! `cargo xtask property`: every property test, on input that was never tried.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};

use crate::check::cargo_in;
use crate::process;
use crate::seed::seeded;
use crate::source::{self, Source};

/// Cases of each test in `cargo xtask property`; tests that cost much run a fixed part of it.
const CASES: u32 = 20_000;
const LIMIT: Duration = Duration::from_secs(4 * 60 * 60);

/// What one run of the property tests was asked for.
#[derive(Debug, PartialEq, Eq)]
struct Run {
    cases: u32,
    /// `None`: one that was never used before.
    seed: Option<u64>,
}

/// Runs every property test of the workspace, and nothing else: `[--cases N] [--seed N]`.
pub(crate) fn run(root: &Path, options: &[&str]) -> Result<ExitCode> {
    let wanted = read(options)?;
    let names = names(&source::rust_sources(root)?);
    ensure!(!names.is_empty(), "not a single property test was found");
    let seed = wanted.seed.map_or_else(fresh_seed, Ok)?;
    let again = format!("cargo xtask property --cases {} --seed {seed}", wanted.cases);
    println!("{} property tests; the same run again: {again}", names.len());
    let mut command = cargo_in(root, &["test", "--workspace", "--no-fail-fast"]);
    command.args(["--lib", "--bins", "--tests", "--"]).args(&names);
    seeded(&mut command, seed).env("PROPTEST_CASES", wanted.cases.to_string());
    let (counts, result) = process::run_counting(&mut command, LIMIT)?;
    println!("{counts}");
    result.with_context(|| format!("the same run again: {again}"))?;
    ensure!(counts.passed >= names.len(), "{} tests were found and {} ran", names.len(), counts.passed);
    Ok(ExitCode::SUCCESS)
}

fn fresh_seed() -> Result<u64> {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock stands before 1970")?;
    u64::try_from(since_1970.as_micros()).context("the clock stands too far ahead")
}

fn read(mut options: &[&str]) -> Result<Run> {
    let mut run = Run { cases: CASES, seed: None };
    while let [name, value, rest @ ..] = options {
        match *name {
            "--cases" => run.cases = number(name, value)?,
            "--seed" => run.seed = Some(number(name, value)?),
            _ => bail!("`{name}` is neither --cases nor --seed"),
        }
        options = rest;
    }
    ensure!(options.is_empty(), "`{}` has no number", options.join(" "));
    ensure!(run.cases > 0, "--cases 0 would test nothing");
    Ok(run)
}

fn number<T: std::str::FromStr<Err = std::num::ParseIntError>>(name: &str, value: &str) -> Result<T> {
    value.parse().with_context(|| format!("{name} takes a number, not `{value}`"))
}

/// The names of all tests that stand in a `proptest!`.
fn names(sources: &[Source]) -> BTreeSet<String> {
    sources.iter().flat_map(names_in).collect()
}

fn names_in(source: &Source) -> Vec<String> {
    let mut names = Vec::new();
    // The line that closes the macro, as rustfmt leaves it, while we are within one.
    let mut closing: Option<String> = None;
    for (_, line) in source.code() {
        if let Some(indent) = line.strip_suffix("proptest! {").map(|before| before.replace("proptest::", ""))
        {
            closing = indent.trim().is_empty().then(|| format!("{indent}}}"));
        } else if closing.as_deref() == Some(line) {
            closing = None;
        } else if closing.is_some() {
            names.extend(name_declared(line));
        }
    }
    names
}

fn name_declared(line: &str) -> Option<String> {
    let (name, _) = line.trim_start().strip_prefix("fn ")?.split_once('(')?;
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::source;

    #[test]
    fn options_are_numbers_with_their_names() {
        assert_eq!(read(&[]).unwrap(), Run { cases: CASES, seed: None });
        assert_eq!(read(&["--seed", "7", "--cases", "9"]).unwrap(), Run { cases: 9, seed: Some(7) });
        for wrong in [&["--cases"][..], &["--cases", "many"], &["--cases", "0"], &["--case", "1"], &["1"]] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn names_are_those_within_the_macro() {
        let text = "fn a() {}\nproptest! {\n    #[test]\n    fn b(x in 0..1) {\n        let y = 1;\n    }\n}\nfn c() {}\n    \
                    proptest::proptest! {\n        fn d(\n            x in 0..1,\n        ) {}\n    }\n    fn e() {}\n";
        assert_eq!(names_in(&source("crates/a/src/b.rs", text)), ["b", "d"]);
    }

    #[test]
    fn every_file_with_property_tests_has_its_names() {
        let mut files = source::rust_sources(&crate::root().unwrap()).unwrap();
        files.retain(|file| {
            file.path.starts_with("crates/") && file.code().any(|(_, l)| l.contains("proptest! {"))
        });
        assert!(files.len() > 30, "{}", files.len());
        for file in &files {
            assert!(!names_in(file).is_empty(), "{}", file.path);
        }
    }
}
