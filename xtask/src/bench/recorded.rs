//! `cargo xtask bench --record-profile`: which ways the server takes under the load that is measured, on either engine, for the
//! compiler of the binary that ships.

use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};

use super::installation::BenchInstallation;
use super::limits::{OURS, SCENARIOS, SCENARIOS_ON_POSTGRES, SECONDS, USERS};
use super::postgres::Postgres;
use super::tools::Tools;
use crate::dist::{self, Release};

/// Makes a server that notes it, asks of it what is measured, and keeps what it has noted.
pub(super) fn record(root: &Path, directory: &Path) -> Result<()> {
    let release = Release::of(root, None)?;
    let (raw, target) = (directory.join("noted"), root.join("target/recording"));
    fs::create_dir_all(&raw)?;
    let recording = dist::build_recording(root, &release, &target, &raw)?;
    let tools = Tools::without_ceiling(root, directory)?;
    let on_file = BenchInstallation::new("ours", &recording, &directory.join("on-file"), OURS, USERS)?;
    let postgres = Postgres::start(directory)?;
    let (url, folder) = (postgres.database("ours")?, directory.join("on-postgres"));
    let on_postgres = BenchInstallation::without_users("ours", &recording, &folder, OURS, Some(&url))?;
    on_postgres.add_users(USERS)?;
    // The commands that set both up have noted their ways too.
    fs::remove_dir_all(&raw)?;
    fs::create_dir_all(&raw)?;
    ask(&tools, &on_file, &SCENARIOS)?;
    ask(&tools, &on_postgres, &SCENARIOS_ON_POSTGRES)?;
    ensure!(fs::read_dir(&raw)?.next().is_some(), "the servers have noted nothing");
    println!("{}", dist::keep_profile(root, &release, &raw)?.display());
    Ok(())
}

/// Each scenario of a server of its own, which writes down what it noted when it ends.
fn ask(tools: &Tools, installation: &BenchInstallation, scenarios: &[&'static str]) -> Result<()> {
    for scenario in scenarios {
        let served = installation.serve()?;
        tools.load(&served, &installation.target(scenario), scenario, SECONDS)?;
        served.stop()?;
        println!("{scenario}: noted");
    }
    Ok(())
}
