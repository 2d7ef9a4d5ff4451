//! `cargo xtask storm`: what refreshes and introspection notice while many people sign in at once.
//!
//! The server has one core; who refreshes, introspects and signs in shares the other, the storm at the lowest priority. Each scenario
//! runs without the storm and in it, by turns; medians are reported.

use std::path::Path;

use anyhow::{Result, ensure};
use serde_json::Value;

use super::hostile::{Attack, Peers, signed_in};
use super::installation::BenchInstallation;
use super::limits::{SECONDS, STORM_CONNECTIONS, STORM_COUNTED_AFTER, STORM_ROUNDS};
use super::report::{median, number};
use super::tools::Tools;

/// What goes on beside the storm.
const SCENARIOS: [&str; 2] = ["refresh", "introspect"];

/// One scenario, without the storm and in it.
struct Beside {
    scenario: &'static str,
    /// Whether those who are told to come back later do.
    is_patient: bool,
    calm: Vec<Value>,
    storm: Vec<Value>,
    /// People whom the storm signed in.
    signed_in: f64,
}

/// Measures both and prints the table.
pub(super) fn measure(tools: &Tools, installation: &BenchInstallation, hostile: &Path) -> Result<()> {
    println!("{STORM_CONNECTIONS} people sign in at once, {STORM_ROUNDS} rounds of {SECONDS} s by turns");
    println!(
        "\n| operation | ops/s | in the storm | share | p99 ms | in the storm | ratio | errors | signed in |\n\
         |---|--:|--:|--:|--:|--:|--:|--:|--:|"
    );
    for (scenario, is_patient) in
        SCENARIOS.into_iter().flat_map(|scenario| [(scenario, true), (scenario, false)])
    {
        let mut beside = Beside { scenario, is_patient, calm: Vec::new(), storm: Vec::new(), signed_in: 0.0 };
        for _ in 0..STORM_ROUNDS {
            let target = installation.target(scenario);
            let server = installation.serve()?;
            let counted = [STORM_COUNTED_AFTER, SECONDS];
            beside.calm.push(tools.load_after(&server, &target, scenario, counted)?);
            let _storm = Attack::start(hostile, installation.address, &Peers::storm(is_patient))?;
            beside.storm.push(tools.load_after(&server, &target, scenario, counted)?);
            beside.signed_in += signed_in(hostile)?;
        }
        // Of those who ask again each second, none need come to a hash in a few seconds.
        ensure!(beside.signed_in > 0.0 || !is_patient, "the storms signed nobody in");
        println!("{}", beside.row()?);
    }
    Ok(())
}

impl Beside {
    fn row(&self) -> Result<String> {
        let both = |name| anyhow::Ok((median(&self.calm, name)?, median(&self.storm, name)?));
        let (rate, in_storm) = both("ops_per_s")?;
        let (p99, p99_in_storm) = both("p99")?;
        let errors = self.storm.iter().map(|run| number(run, "errors")).sum::<Result<f64>>()?;
        Ok(format!(
            "| {}{} | {rate:.0} | {in_storm:.0} | **{:.2}** | {p99:.1} | {p99_in_storm:.1} | **{:.2}** | {errors:.0} | {:.0} |",
            self.scenario,
            if self.is_patient { "" } else { ", nobody waits as told" },
            in_storm / rate,
            p99_in_storm / p99,
            self.signed_in
        ))
    }
}
