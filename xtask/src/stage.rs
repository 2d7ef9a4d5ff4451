//! A run made of named stages, each with a heading, a time and a limit; the first that fails ends the run.

use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::counts::Counts;
use crate::process;

/// One part of a run.
pub(crate) struct Stage {
    /// The word that `--only` takes.
    pub(crate) name: &'static str,
    /// What the heading says.
    pub(crate) title: &'static str,
    pub(crate) work: Work,
}

/// What a stage does.
pub(crate) enum Work {
    /// A function of ours, which bounds its own commands.
    Inside(fn(&Path) -> Result<()>),
    /// A command, and how many minutes it may take.
    Command(fn(&Path) -> Command, u64),
    /// A command that runs tests, and how many minutes it may take.
    Tests(fn(&Path) -> Command, u64),
}

impl Stage {
    fn run(&self, root: &Path) -> (Counts, Result<()>) {
        let minutes = |limit: u64| Duration::from_secs(limit * 60);
        match self.work {
            Work::Inside(work) => (Counts::default(), work(root)),
            Work::Command(command, limit) => {
                (Counts::default(), process::run(&mut command(root), minutes(limit)))
            }
            Work::Tests(command, limit) => match process::run_counting(&mut command(root), minutes(limit)) {
                Ok((counts, Ok(()))) if counts.passed == 0 => (counts, no_tests()),
                Ok(counted) => counted,
                Err(error) => (Counts::default(), Err(error)),
            },
        }
    }
}

/// Runs `stages` in their order, or `only` the one so named, and prints the counts as the last line.
pub(crate) fn run(root: &Path, stages: &[Stage], only: Option<&str>) -> Result<ExitCode> {
    let chosen: Vec<&Stage> =
        stages.iter().filter(|stage| only.is_none_or(|name| stage.name == name)).collect();
    if chosen.is_empty() {
        let names: Vec<&str> = stages.iter().map(|stage| stage.name).collect();
        bail!("no such stage; there are: {}", names.join(", "));
    }
    let started_at = Instant::now();
    let mut total = Counts::default();
    for stage in chosen {
        println!("\n=== {}: {} ===", stage.name, stage.title);
        let stage_started_at = Instant::now();
        let (counts, result) = stage.run(root);
        total += counts;
        let seconds = stage_started_at.elapsed().as_secs_f64();
        if let Err(error) = result {
            if counts.failed == 0 {
                total += Counts::BROKEN;
            }
            println!("--- {}: FAILED after {seconds:.1} s: {error:#}", stage.name);
            println!("{total}");
            return Ok(ExitCode::FAILURE);
        }
        println!("--- {}: passed in {seconds:.1} s", stage.name);
    }
    println!("\nall stages passed in {:.1} s", started_at.elapsed().as_secs_f64());
    println!("{total}");
    Ok(ExitCode::SUCCESS)
}

/// A runner that finds no test ends well, and would hide a suite that was moved or renamed.
fn no_tests() -> Result<()> {
    bail!("not a single test ran")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    fn stage(work: Work) -> Stage {
        Stage { name: "one", title: "a stage", work }
    }

    #[test]
    fn a_test_stage_without_tests_fails() {
        let (_, result) = stage(Work::Tests(|_| shell("true"), 1)).run(Path::new("/"));
        assert!(result.is_err());
        let (counts, result) = stage(Work::Tests(|_| shell("echo '# pass 1'"), 1)).run(Path::new("/"));
        assert!(result.is_ok());
        assert_eq!(counts.passed, 1);
    }

    #[test]
    fn the_first_failing_stage_ends_the_run() {
        let stages = [
            stage(Work::Command(|_| shell("exit 1"), 1)),
            stage(Work::Inside(|_| panic!("must not be reached"))),
        ];
        let code = run(Path::new("/"), &stages, None).unwrap();
        assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::FAILURE));
    }

    #[test]
    fn an_unknown_stage_is_refused_by_name() {
        let error = run(Path::new("/"), &[stage(Work::Inside(|_| Ok(())))], Some("two")).unwrap_err();
        assert!(error.to_string().contains("one"), "{error}");
    }
}
