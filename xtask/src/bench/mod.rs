//! `cargo xtask bench`: what an operation costs, as a share of the ceiling that is measured in the same run.
//!
//! The server that ships (profile `dist`) and `limitd`, the least work that keeps the protocol's promises, stand on one core
//! by turns; the load generator stands on the other. Both are in `tools/authbench`, a workspace of its own.

mod report;
mod site;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::process::{self, cargo, output, succeeds};
use report::Measured;
use site::Site;

/// What is measured, in the words of the load generator.
const SCENARIOS: [&str; 7] =
    ["code-flow", "refresh", "client-credentials", "userinfo", "introspect", "jwks", "discovery"];
/// Virtual users, each with a connection of its own.
const USERS: usize = 32;
/// Runs of each scenario and server, by turns; the medians are reported.
const RUNS: usize = 3;
/// Seconds of one run.
const SECONDS: u32 = 6;
/// Seconds of token traffic after which memory is read.
const MEMORY_SECONDS: u32 = 60;
/// Starts whose median is reported.
const STARTS: usize = 9;
/// What building and one run of the load generator may take.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// Builds, measures, prints a table.
pub(crate) fn run(root: &Path) -> Result<()> {
    if !succeeds("taskset", &["--version"]) {
        bail!("taskset is missing: install util-linux, then run this again");
    }
    build(root)?;
    let site = Site::new(root)?;
    println!(
        "{USERS} virtual users, {RUNS} runs of {SECONDS} s by turns, server and generator on one core each"
    );
    let start_millis = site.start_millis(STARTS)?;
    let mut measured = Vec::new();
    {
        let (server, limitd) = (site.serve()?, site.limitd()?);
        for scenario in SCENARIOS {
            let mut both = Measured::new(scenario);
            for _ in 0..RUNS {
                both.ceiling.push(site.load(&limitd, &site.limitd_target(), scenario, SECONDS)?);
                both.ours.push(site.load(&server, &site.target(scenario), scenario, SECONDS)?);
            }
            println!("{}", both.row()?);
            measured.push(both);
        }
    }
    let server = site.serve()?;
    let after = site.load(&server, &site.target("code-flow"), "code-flow", MEMORY_SECONDS)?;
    println!("\n{}", report::table(&measured)?);
    println!("second start to first answer: {start_millis} ms (median of {STARTS})");
    println!("memory after {MEMORY_SECONDS} s of code flows: {:.1} MiB", report::number(&after, "rss_mib")?);
    Ok(())
}

fn build(root: &Path) -> Result<()> {
    let mut ours = cargo();
    process::run(ours.args(["build", "--profile", "dist", "-p", "proofkey"]).current_dir(root), LIMIT)?;
    let mut tools = cargo();
    tools.args(["build", "--release", "--locked", "--features", "limitd"]);
    tools.env("CARGO_TARGET_DIR", root.join("target/authbench")).current_dir(root.join("tools/authbench"));
    process::run(&mut tools, LIMIT)
}

/// A server under load, which ends with this value.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Served {
    /// Starts a command on the first core and waits until it answers at this address.
    fn start(command: &mut Command, address: &str) -> Result<Self> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut served = Self(child.context("the server does not start")?);
        let began = Instant::now();
        while std::net::TcpStream::connect(address).is_err() {
            if served.0.try_wait()?.is_some() || began.elapsed() > Duration::from_secs(20) {
                bail!("no server at {address}: does another one listen there?");
            }
            sleep(Duration::from_millis(1));
        }
        Ok(served)
    }
}

/// A command on one core.
fn pinned(core: u8, program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", &core.to_string()]).arg(program);
    command
}

/// The last JSON line that the load generator appended to a file.
fn last_line(path: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(path)?;
    let line = text.lines().last().context("the load generator wrote nothing")?;
    serde_json::from_str(line).context("the load generator wrote no JSON")
}

/// One value that a command prints as JSON.
fn json(command: &mut Command) -> Result<Value> {
    serde_json::from_slice(&output(command, LIMIT)?).context("the command printed no JSON")
}
