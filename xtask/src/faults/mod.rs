//! `cargo xtask faults NAME --cycles N`: one fault, so many times. What was run is noted, so that a count can be reached in several
//! runs, and what is stated is what was run.

mod experiment;
mod results;
mod versions;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use self::experiment::{EXPERIMENTS, Experiment};
use self::results::{Results, Run};
use crate::check::cargo_in;
use crate::process;

/// Where results stand, below the root: not in git.
const RESULTS: &str = "target/faults.json";
/// What a test says of the cycles that it ran.
const DONE: &str = "cycles done: ";
/// What it says of what was in them: numbers with their nouns.
const COUNTED: &str = "counted: ";
/// What a batch may take.
const BATCH_MAX: Duration = Duration::from_secs(3600);

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
struct Asked<'a> {
    cycles: u64,
    seed: u64,
    /// Whether what was run before counts.
    resume: bool,
    results: Option<&'a str>,
}

/// Runs an experiment, or lists all.
pub(crate) fn run(root: &Path, words: &[&str]) -> Result<ExitCode> {
    let [name, options @ ..] = words else {
        list();
        return Ok(ExitCode::SUCCESS);
    };
    let found = EXPERIMENTS.iter().find(|experiment| experiment.name == *name);
    let names = || EXPERIMENTS.iter().map(|one| one.name).collect::<Vec<_>>().join(", ");
    let experiment = found.with_context(|| format!("there is no fault `{name}`; there are: {}", names()))?;
    let asked = read(options)?;
    let path = asked.results.map_or_else(|| root.join(RESULTS), PathBuf::from);
    let mut results = Results::read(&path)?;
    if !asked.resume {
        results.forget(name);
    }
    let versions = versions::all(root)?;
    while results.cycles(name) < asked.cycles {
        let cycles = experiment.batch.min(asked.cycles - results.cycles(name));
        let seed = asked.seed + results.runs(name);
        let run = batch(root, experiment, (cycles, seed), &versions);
        let broken = run.as_ref().err().map(|error| format!("{error:#}"));
        results.note(name, run.unwrap_or_else(|_| Run::broken(cycles, seed, &versions)));
        results.write(&path)?;
        if let Some(broken) = broken {
            println!("{}", results.told(experiment));
            bail!(
                "{broken}; the same batch again: cargo xtask faults {name} --cycles {cycles} --seed {seed}"
            );
        }
    }
    println!("{}\nnoted in {}", results.told(experiment), path.display());
    Ok(ExitCode::SUCCESS)
}

fn list() {
    println!("cargo xtask faults NAME --cycles N [--seed S] [--resume] [--results FILE]\n");
    for Experiment { name, rows, cycle, .. } in EXPERIMENTS {
        println!("  {name:18} {rows:12} a cycle is {cycle}");
    }
}

/// Runs so many cycles from one seed.
fn batch(root: &Path, experiment: &Experiment, (cycles, seed): (u64, u64), versions: &str) -> Result<Run> {
    let mut command = cargo_in(root, &["test", "-p", experiment.package]);
    command.args(experiment.target).args(["--", experiment.test, "--exact", "--nocapture"]);
    command.env("PROOFKEY_CYCLES", cycles.to_string()).env("PROOFKEY_SEED", seed.to_string());
    let (began, mut done, mut counted) = (Instant::now(), None, BTreeMap::new());
    let note = |line: &str| {
        if let Some((_, count)) = line.split_once(DONE) {
            done = count.trim().parse::<u64>().ok().or(done);
        }
        if let Some((_, what)) = line.split_once(COUNTED) {
            counted.extend(read_counted(what));
        }
    };
    process::run_reading(&mut command, BATCH_MAX, note)??;
    let done = done.with_context(|| format!("`{}` does not say how many cycles it ran", experiment.test))?;
    ensure!(done >= cycles, "{cycles} cycles were asked for and {done} ran");
    let seconds = began.elapsed().as_secs();
    Ok(Run { cycles: done, seed, seconds, is_broken: false, counted, versions: versions.to_owned() })
}

/// `12 redemptions, 30 refreshes` as numbers by their nouns.
fn read_counted(text: &str) -> BTreeMap<String, u64> {
    let one = |part: &str| {
        let (number, noun) = part.trim().split_once(' ')?;
        Some((noun.to_owned(), number.parse().ok()?))
    };
    text.split(',').filter_map(one).collect()
}

fn read<'a>(mut words: &[&'a str]) -> Result<Asked<'a>> {
    let mut asked = Asked { cycles: 0, seed: 1, resume: false, results: None };
    loop {
        match words {
            [] => break,
            ["--resume", rest @ ..] => {
                asked.resume = true;
                words = rest;
            }
            ["--results", file, rest @ ..] => {
                asked.results = Some(file);
                words = rest;
            }
            [name @ ("--cycles" | "--seed"), number, rest @ ..] => {
                let number =
                    number.parse().with_context(|| format!("{name} takes a number, not `{number}`"))?;
                *(if *name == "--cycles" { &mut asked.cycles } else { &mut asked.seed }) = number;
                words = rest;
            }
            [other, ..] => bail!("`{other}` is none of --cycles N, --seed S, --resume and --results FILE"),
        }
    }
    ensure!(asked.cycles > 0, "--cycles N says how often");
    Ok(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_by_their_names() {
        let asked = read(&["--cycles", "20", "--resume", "--seed", "7", "--results", "a.json"]).unwrap();
        assert_eq!(asked, Asked { cycles: 20, seed: 7, resume: true, results: Some("a.json") });
        assert!(!read(&["--cycles", "1"]).unwrap().resume);
        for wrong in [&[][..], &["--cycles"], &["--cycles", "many"], &["--cycles", "0"], &["20"]] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn what_was_counted_is_read_by_its_nouns() {
        let counted = read_counted(" 12 codes redeemed, 30 refreshes, none of it");
        assert_eq!(
            counted,
            BTreeMap::from([("codes redeemed".to_owned(), 12), ("refreshes".to_owned(), 30)])
        );
    }

    #[test]
    fn each_fault_has_a_name_of_its_own_and_a_test_that_is_there() {
        let root = crate::root().unwrap();
        let sources = crate::source::rust_sources(&root).unwrap();
        for (place, experiment) in EXPERIMENTS.iter().enumerate() {
            assert!(EXPERIMENTS.iter().skip(place + 1).all(|other| other.name != experiment.name));
            let (_, test) = experiment.test.rsplit_once("::").unwrap_or(("", experiment.test));
            let declared = format!("fn {test}(");
            let holds = |source: &&crate::source::Source| {
                let lines = source.text.replace("(\n", "(");
                lines.contains(&declared) && source.text.contains("PROOFKEY_CYCLES")
            };
            assert!(sources.iter().any(|source| holds(&source)), "{}: no test `{test}`", experiment.name);
        }
    }
}
