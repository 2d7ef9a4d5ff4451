//! `cargo xtask bench`: what an operation costs, as a share of the ceiling that is measured in the same run.
//!
//! The server that ships (profile `dist`) and `limitd`, the least work that keeps the protocol's promises, stand on one core
//! by turns; the load generator stands on the other. With `--beside`, another built server takes its turn in the same run: an
//! older release, against which a change is held. With `--grown` it is the same server beside itself, on a database that is as
//! good as empty and on one with millions of rows.

mod grown;
mod hostile;
mod installation;
mod limits;
mod on_postgres;
mod postgres;
mod published;
mod recorded;
mod report;
mod served;
mod storm;
mod tools;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::dist::{self, Release};
use crate::process::succeeds;
use grown::GrownOptions;
use hostile::HostileOptions;
use installation::{BenchInstallation, starts};
use limits::{BESIDE, HOSTILE_USERS, MEMORY_SECONDS, OURS, RUNS, SCENARIOS, SECONDS, STARTS, USERS};
use published::PublishedOptions;
use report::Measured;
use tools::Tools;

/// Runs the measurement that these words ask for; `None` if they ask for none.
pub(crate) fn command(root: &Path, words: &[&str]) -> Result<Option<()>> {
    let done = match words {
        ["bench"] => run(root, None),
        ["bench", "--beside", binary] => run(root, Some(Path::new(binary))),
        ["bench", "--store", "postgres"] => on_postgres(root),
        ["bench", "--record-profile"] => record_profile(root),
        ["bench", "--published", options @ ..] => match PublishedOptions::parse(options) {
            Some(options) => published(root, &options),
            None => return Ok(None),
        },
        ["bench", "--grown", options @ ..] => match GrownOptions::parse(options) {
            Some(options) => grown(root, &options),
            None => return Ok(None),
        },
        ["storm"] => storm(root, None),
        ["storm", "--of", binary] => storm(root, Some(Path::new(binary))),
        ["hostile", options @ ..] => match HostileOptions::parse(options) {
            Some(options) => hostile(root, &options),
            None => return Ok(None),
        },
        _ => return Ok(None),
    };
    done.map(Some)
}

/// Builds, measures, prints a table; `beside` is another built server.
fn run(root: &Path, beside: Option<&Path>) -> Result<()> {
    if let Some(binary) = beside {
        ensure!(binary.is_file(), "there is no server at {}", binary.display());
    }
    let (ours, directory) = build(root)?;
    let tools = Tools::build(root, &directory)?;
    let mut installations =
        vec![BenchInstallation::new("ours", &ours, &directory.join("ours"), OURS, USERS)?];
    if let Some(binary) = beside {
        let beside = BenchInstallation::new("beside", binary, &directory.join("beside"), BESIDE, USERS)?;
        installations.push(beside);
    }
    measure(&tools, &installations)
}

/// Attacks the server that ships, or another built one, and prints what honest people noticed.
fn hostile(root: &Path, options: &HostileOptions) -> Result<()> {
    let (tools, ours) = attacked(root, options.of.as_deref())?;
    hostile::measure(&tools, &ours, options, &hostile::program(root))
}

/// Measures what goes on while many people sign in at once.
fn storm(root: &Path, of: Option<&Path>) -> Result<()> {
    let (tools, ours) = attacked(root, of)?;
    storm::measure(&tools, &ours, &hostile::program(root))
}

/// An installation of the server that ships, or of another built one, with users enough to sign in; and what asks it.
fn attacked(root: &Path, of: Option<&Path>) -> Result<(Tools, BenchInstallation)> {
    let (ours, directory) = match of {
        None => build(root)?,
        Some(binary) => {
            ensure!(binary.is_file(), "there is no server at {}", binary.display());
            (binary.to_owned(), directory(root)?)
        }
    };
    let tools = Tools::without_ceiling(root, &directory)?;
    let ours = BenchInstallation::new("ours", &ours, &directory.join("ours"), OURS, HOSTILE_USERS)?;
    Ok((tools, ours))
}

/// Measures a grown database beside an empty one, and prints what the rows cost.
fn grown(root: &Path, options: &GrownOptions) -> Result<()> {
    let (ours, directory) = build(root)?;
    let tools = Tools::without_ceiling(root, &directory)?;
    grown::measure(&tools, &ours, &directory, options)
}

/// Notes which ways the server takes under load.
fn record_profile(root: &Path) -> Result<()> {
    check_pins()?;
    dist::profile_merger()?;
    recorded::record(root, &directory(root)?)
}

/// Measures both servers on PostgreSQL, and ours beside a second node.
fn on_postgres(root: &Path) -> Result<()> {
    let (ours, directory) = build(root)?;
    let tools = Tools::build(root, &directory)?;
    on_postgres::measure(&tools, &ours, &directory)
}

/// Measures in the shape that others publish: TLS, PostgreSQL, a million users, and minutes in place of seconds.
fn published(root: &Path, options: &PublishedOptions) -> Result<()> {
    let (ours, directory) = build(root)?;
    let tools = Tools::without_ceiling(root, &directory)?;
    published::measure(&tools, &ours, &directory, options)
}

/// The server that ships, built, and a directory for this run's files.
fn build(root: &Path) -> Result<(PathBuf, PathBuf)> {
    check_pins()?;
    let binary = dist::build(root, &Release::of(root, None)?, &dist::target_folder(root))?;
    Ok((binary, directory(root)?))
}

/// That a program can be kept to one core.
fn check_pins() -> Result<()> {
    if !succeeds("taskset", &["--version"]) {
        bail!("taskset is missing: install util-linux, then run this again");
    }
    Ok(())
}

/// An empty directory for this run's files.
fn directory(root: &Path) -> Result<PathBuf> {
    let directory = root.join("target/bench");
    if directory.exists() {
        fs::remove_dir_all(&directory).context("the last run's files cannot be removed")?;
    }
    fs::create_dir_all(&directory)?;
    Ok(directory)
}

/// Every scenario on the ceiling and on each installation by turns, then start and memory of each.
fn measure(tools: &Tools, installations: &[BenchInstallation]) -> Result<()> {
    println!(
        "{USERS} virtual users, {RUNS} runs of {SECONDS} s by turns, server and generator on one core each"
    );
    let starts = starts(installations)?;
    let measured = costs(tools, installations)?;
    println!("\n{}", report::table(&measured)?);
    if installations.len() > 1 {
        println!("\n{}", report::comparison(&measured)?);
    }
    for (installation, millis) in installations.iter().zip(starts) {
        let server = installation.serve()?;
        let after = tools.load(&server, &installation.target("code-flow"), "code-flow", MEMORY_SECONDS)?;
        let memory = report::number(&after, "rss_mib")?;
        let of = if installations.len() > 1 { format!("{}: ", installation.name) } else { String::new() };
        println!("{of}second start to first answer: {millis} ms (median of {STARTS})");
        println!("{of}memory after {MEMORY_SECONDS} s of code flows: {memory:.1} MiB");
    }
    Ok(())
}

/// What each scenario costs: one process of each server answers them all.
fn costs(tools: &Tools, installations: &[BenchInstallation]) -> Result<Vec<Measured>> {
    let limitd = tools.limitd()?;
    let servers = installations.iter().map(BenchInstallation::serve).collect::<Result<Vec<_>>>()?;
    let mut measured = Vec::new();
    for scenario in SCENARIOS {
        let mut all = Measured::new(scenario);
        for _ in 0..RUNS {
            all.ceiling.push(tools.load(&limitd, tools.limitd_target(), scenario, SECONDS)?);
            for (at, (installation, server)) in installations.iter().zip(&servers).enumerate() {
                let run = tools.load(server, &installation.target(scenario), scenario, SECONDS)?;
                if at == 0 { all.ours.push(run) } else { all.beside.push(run) }
            }
        }
        println!("{}", all.row()?);
        measured.push(all);
    }
    Ok(measured)
}
