//! `cargo xtask hostile`: what honest people notice while a thousand connections attack.
//!
//! The server, with its limits at their defaults, has one core; honest and hostile peers share the rest, the hostile ones at the
//! lowest priority, for what is measured is the server and not who gets the generator's core. One kind after the other, in rounds
//! by turns with a quiet one; medians are reported.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use serde_json::Value;

use super::installation::BenchInstallation;
use super::limits::{
    HOSTILE_CONNECTIONS, HOSTILE_ROUNDS, HOSTILE_SECONDS, HOSTILE_USERS, HOSTILE_VUS, STORM_AFTER,
    STORM_CONNECTIONS,
};
use super::report::{median, number};
use super::served::GENERATOR_CORE;
use super::tools::Tools;

/// An attack: what `hostile` calls it, and how many addresses it comes from.
const ATTACKS: [(&str, u32); 12] = [
    ("refusals", 1_000),
    ("streams", 1_000),
    ("forms", 1_000),
    ("heads", 1_000),
    ("untaken", 1_000),
    ("livez", 1),
    ("livez", 1_000),
    ("silent", 1_000),
    ("mute", 1_000),
    ("guesses", 1_000),
    ("names", 1_000),
    ("secrets", 1_000),
];

/// What of the command is asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct HostileOptions {
    /// A server that is built already; the one that ships is built otherwise.
    pub(super) of: Option<PathBuf>,
    /// The kinds that attack; all where it is empty.
    only: Vec<String>,
    /// How many rounds, if not as many as are reported.
    rounds: Option<usize>,
}

impl HostileOptions {
    /// `None` for what is no option, and for a kind that there is not.
    pub(super) fn parse(options: &[&str]) -> Option<Self> {
        let mut parsed = Self::default();
        for option in options.chunks(2) {
            match *option {
                ["--of", binary] => parsed.of = Some(PathBuf::from(binary)),
                ["--only", kinds] => parsed.only = kinds.split(',').map(str::to_owned).collect(),
                ["--rounds", rounds] => {
                    parsed.rounds = Some(rounds.parse().ok().filter(|rounds| *rounds > 0)?)
                }
                _ => return None,
            }
        }
        let is_known = |kind: &String| ATTACKS.iter().any(|(known, _)| kind == known);
        parsed.only.iter().all(is_known).then_some(parsed)
    }

    fn attacks(&self) -> impl Iterator<Item = &'static (&'static str, u32)> {
        ATTACKS.iter().filter(|(kind, _)| self.only.is_empty() || self.only.iter().any(|only| only == kind))
    }
}

/// Who the peers are.
pub(super) struct Peers {
    kind: &'static str,
    connections: u32,
    addresses: u32,
    /// Seconds until they come.
    after: u32,
}

impl Peers {
    fn hostile((kind, addresses): (&'static str, u32)) -> Self {
        Self { kind, connections: HOSTILE_CONNECTIONS, addresses, after: 0 }
    }

    /// People who sign in all at once, and come back when they are told to or whatever they are told.
    pub(super) fn storm(is_patient: bool) -> Self {
        let people = STORM_CONNECTIONS;
        let kind = if is_patient { "storm" } else { "impatient" };
        Self { kind, connections: people, addresses: people, after: STORM_AFTER }
    }
}

/// Hostile peers, which end with this value.
pub(super) struct Attack(Child);

impl Drop for Attack {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Attack {
    pub(super) fn start(hostile: &Path, address: &str, peers: &Peers) -> Result<Self> {
        // What an earlier one told.
        let _none = fs::remove_file(report_of(hostile));
        let mut command = Command::new("nice");
        command.args(["-n", "19", "taskset", "-c", &GENERATOR_CORE.to_string()]).arg(hostile);
        command.args(["--address", address, "--kind", peers.kind]);
        command.args(["--connections", &peers.connections.to_string()]);
        command.args(["--addresses", &peers.addresses.to_string(), "--after", &peers.after.to_string()]);
        command.arg("--report").arg(report_of(hostile));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().map(Self).context("the hostile peers do not start")
    }
}

/// The runs of one attack, or of none.
struct Runs {
    name: String,
    attack: Option<(&'static str, u32)>,
    runs: Vec<Value>,
}

/// Measures every attack that is asked for and prints the table.
pub(super) fn measure(
    tools: &Tools,
    installation: &BenchInstallation,
    options: &HostileOptions,
    hostile: &Path,
) -> Result<()> {
    let rounds = options.rounds.unwrap_or(HOSTILE_ROUNDS);
    println!(
        "{HOSTILE_CONNECTIONS} hostile connections, {rounds} rounds of {HOSTILE_SECONDS} s by turns, {HOSTILE_VUS} honest \
         browsers of {HOSTILE_USERS} users"
    );
    let named = |attack: &(&'static str, u32)| {
        let from = if attack.1 == 1 { ", one address" } else { "" };
        Runs { name: format!("{}{from}", attack.0), attack: Some(*attack), runs: Vec::new() }
    };
    let mut all = vec![Runs { name: "none".into(), attack: None, runs: Vec::new() }];
    all.extend(options.attacks().map(named));
    for _ in 0..rounds {
        for runs in &mut all {
            let server = installation.serve_at_defaults()?;
            let _attack = runs
                .attack
                .map(|attack| Attack::start(hostile, installation.address, &Peers::hostile(attack)))
                .transpose()?;
            let honest = tools.ten_steps(&server, &installation.target("introspect"))?;
            runs.runs.push(honest);
        }
    }
    println!(
        "\n| attack | honest flows | failed | p50 ms | p99 ms | p99 ÷ quiet p99 | peak memory MiB |\n|---|--:|--:|--:|--:|--:|--:|"
    );
    let quiet = median(&all.first().context("a quiet round")?.runs, "p99")?;
    for Runs { name, runs, .. } in &all {
        let (p50, p99, memory) = (median(runs, "p50")?, median(runs, "p99")?, median(runs, "peak_rss_mib")?);
        let sum = |of| runs.iter().map(|run| number(run, of)).sum::<Result<f64>>();
        println!(
            "| {name} | {} | {} | {p50:.1} | {p99:.1} | **{:.2}** | {memory:.0} |",
            sum("ops")?,
            sum("errors")?,
            p99 / quiet
        );
    }
    Ok(())
}

/// How many people the peers of the last attack signed in.
pub(super) fn signed_in(hostile: &Path) -> Result<f64> {
    let text = fs::read_to_string(report_of(hostile)).context("the hostile peers told nothing")?;
    number(&serde_json::from_str(&text).context("the hostile peers told no JSON")?, "signed_in")
}

/// Where the hostile peers tell what they did, beside their program.
fn report_of(hostile: &Path) -> PathBuf {
    hostile.with_extension("json")
}

/// The program that attacks.
pub(super) fn program(root: &Path) -> PathBuf {
    root.join("target/authbench/release/hostile")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_name_kinds_that_there_are_and_rounds() {
        let parsed = HostileOptions::parse(&["--only", "streams,livez", "--rounds", "1"]).unwrap();
        let attacks: Vec<_> = parsed.attacks().copied().collect();
        assert_eq!(attacks, [("streams", 1_000), ("livez", 1), ("livez", 1_000)]);
        assert_eq!(HostileOptions::parse(&[]).unwrap().attacks().count(), ATTACKS.len());
        for refused in [&["--only", "stream"][..], &["--rounds", "0"], &["--of"], &["streams"]] {
            assert_eq!(HostileOptions::parse(refused), None, "{refused:?}");
        }
    }
}
