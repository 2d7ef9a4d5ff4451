//! `cargo xtask bench --grown`: what a code flow costs on a database with a million users, a million live grants, ten thousand
//! clients and ten million expired rows, beside one with 32 users and nothing else; what people notice while the expired rows
//! are removed; what it costs when everyone was there a moment ago and is remembered; how large the files are, and how long a start takes.
//!
//! The same server works on both, by turns and on one core. Each flow is of a user drawn from all of them. A server removes
//! nothing in its first half minute: what is measured with the expired rows in place is measured within that.

mod report;
mod sides;

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::installation::starts;
use super::limits::{RUNS, USERS};
use super::postgres::Postgres;
use super::tools::Tools;
use report::{Flows, Measured, Swept};
use sides::{CODE_FLOW, Side};

/// What a grown database has.
const ROWS: [(&str, u64); 4] =
    [("users", 1_000_000), ("grants", 1_000_000), ("expired", 10_000_000), ("clients", 10_000)];
/// Seconds of one run with the expired rows in place, after some that do not count: together less than a server waits before it removes
/// anything, and before it writes the uses of sessions that it has gathered.
const SECONDS: u32 = 6;
const WARM_SECONDS: u32 = 3;
/// Rounds in which everyone comes once, and how many may be needed.
const ROUND_SECONDS: u32 = 20;
const ROUNDS_MAX: usize = 60;
/// Time in which what a round left to be done is done, and a run in which as much is done as is left.
const SETTLED_AFTER: Duration = Duration::from_secs(20);
const LONG_SECONDS: u32 = 25;
/// Runs while rows are removed.
const SWEEP_RUNS: usize = 6;
/// How long a server may take to begin to remove, and to remove everything.
const SWEEP_BEGINS_WITHIN: Duration = Duration::from_secs(90);
const SWEEP_ENDS_WITHIN: Duration = Duration::from_secs(3_600);
/// Nothing was removed for so long: there is nothing left.
const QUIET: Duration = Duration::from_secs(40);
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What of the command is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct GrownOptions {
    on_postgres: bool,
    /// How many times fewer rows than are reported.
    scale: u64,
}

impl GrownOptions {
    /// `None` for what is no option.
    pub(super) fn parse(options: &[&str]) -> Option<Self> {
        let mut parsed = Self { on_postgres: false, scale: 1 };
        for option in options.chunks(2) {
            match *option {
                ["--store", "postgres"] => parsed.on_postgres = true,
                ["--scale", scale] => parsed.scale = scale.parse().ok().filter(|scale| *scale > 0)?,
                _ => return None,
            }
        }
        Some(parsed)
    }

    fn users(&self) -> u64 {
        let [(_, users), ..] = self.rows();
        users
    }

    fn rows(&self) -> [(&'static str, u64); 4] {
        ROWS.map(|(of, count)| (of, count / self.scale))
    }
}

/// Sets both up, measures and prints the table.
pub(super) fn measure(
    tools: &Tools,
    proofkey: &Path,
    directory: &Path,
    options: &GrownOptions,
) -> Result<()> {
    let postgres = options.on_postgres.then(|| Postgres::start(directory)).transpose()?;
    let side = |name, address| Side::new(name, proofkey, &directory.join(name), address, postgres.as_ref());
    let (mut empty, mut grown) = (side("empty", "127.0.0.1:9210")?, side("grown", "127.0.0.1:9211")?);
    empty.seed(&[("users", USERS as u64), ("grants", 0), ("expired", 0), ("clients", 0)])?;
    let began = Instant::now();
    grown.seed(&options.rows())?;
    let seed_seconds = began.elapsed().as_secs();
    let sides = [&empty, &grown];
    let starts = starts(sides.map(|side| &side.installation))?;
    let starts = starts.try_into().ok().context("each side has its starts")?;
    let mut sizes = vec![grown.size()?];
    let with_expired = by_turns(tools, sides, SECONDS)?;
    let swept = sweep(tools, &grown)?;
    sizes.push(grown.size()?);
    let without = by_turns(tools, sides, LONG_SECONDS)?;
    sizes.push(grown.size()?);
    let returning = if options.on_postgres { None } else { Some(returning(tools, sides, options.users())?) };
    let rows = options.rows();
    let measured = Measured { rows, seed_seconds, starts, with_expired, swept, without, returning, sizes };
    println!("\n{}", measured.table()?);
    Ok(())
}

/// Flows on each side by turns.
fn by_turns(tools: &Tools, sides: [&Side<'_>; 2], seconds: u32) -> Result<[Flows; 2]> {
    let mut flows = [Flows::default(), Flows::default()];
    for _ in 0..RUNS {
        for (side, flows) in sides.iter().zip(&mut flows) {
            let served = side.installation.serve()?;
            tools.load_after(&served, side.target(), CODE_FLOW, [0, WARM_SECONDS])?;
            flows.add(side.flows(tools, &served, seconds)?);
        }
    }
    printed(flows)
}

/// Flows on each side by turns, when everyone had one a moment ago, and is remembered by a server with room for all of them. On PostgreSQL
/// nothing is.
fn returning(tools: &Tools, sides: [&Side<'_>; 2], users: u64) -> Result<[Flows; 2]> {
    let [empty, grown] = sides;
    let served = grown.installation.serve_remembering(users + users / 2)?;
    let (mut done, mut rounds, began) = (0, 0, Instant::now());
    while done < users {
        ensure!(rounds < ROUNDS_MAX, "only {done} flows in {rounds} rounds of {ROUND_SECONDS} s");
        done += grown.flows_in_order(tools, &served, done, ROUND_SECONDS)?;
        rounds += 1;
    }
    println!("{done} people, one after the other, came in {} s", began.elapsed().as_secs());
    let mut flows = [Flows::default(), Flows::default()];
    let [of_empty, of_grown] = &mut flows;
    for _ in 0..RUNS {
        sleep(SETTLED_AFTER);
        of_grown.add(grown.flows(tools, &served, LONG_SECONDS)?);
        sleep(SETTLED_AFTER);
        let beside = empty.installation.serve()?;
        tools.load_after(&beside, empty.target(), CODE_FLOW, [0, WARM_SECONDS])?;
        of_empty.add(empty.flows(tools, &beside, LONG_SECONDS)?);
    }
    printed(flows)
}

/// The same, after they are told in a line.
fn printed(flows: [Flows; 2]) -> Result<[Flows; 2]> {
    let lines = flows.each_ref().map(Flows::line).into_iter().collect::<Result<Vec<_>>>()?;
    println!("{}", lines.join("  |  "));
    Ok(flows)
}

/// Flows while expired rows are removed, then the rest of them without any.
fn sweep(tools: &Tools, grown: &Side<'_>) -> Result<Swept> {
    let served = grown.installation.serve_with_metrics(sides::METRICS)?;
    let began = Instant::now();
    loop {
        // Before the first look, too: the server answers requests a moment before it answers here.
        sleep(LOOK_EVERY);
        if sides::rows_swept()? > 0 {
            break;
        }
        ensure!(began.elapsed() < SWEEP_BEGINS_WITHIN, "nothing is removed");
    }
    let mut swept = Swept::default();
    for _ in 0..SWEEP_RUNS {
        let (began, before) = (Instant::now(), sides::rows_swept()?);
        let run = grown.flows(tools, &served, SECONDS)?;
        let rows = sides::rows_swept()? - before;
        if rows == 0 {
            break;
        }
        swept.flows.add(run);
        swept.rows += rows;
        swept.seconds += began.elapsed().as_secs_f64();
    }
    ensure!(swept.rows > 0, "all was removed before it could be measured: measure with more rows");
    println!("while rows are removed: {}", swept.flows.line()?);
    (swept.idle_rows, swept.idle_seconds) = until_quiet()?;
    Ok(swept)
}

/// Waits until nothing is removed any more, and says how many rows were and in how many seconds.
fn until_quiet() -> Result<(u64, f64)> {
    let (began, before) = (Instant::now(), sides::rows_swept()?);
    let (mut last, mut moved) = (before, began);
    while moved.elapsed() < QUIET {
        ensure!(began.elapsed() < SWEEP_ENDS_WITHIN, "the expired rows are not removed");
        sleep(LOOK_EVERY);
        let now = sides::rows_swept()?;
        if now != last {
            (last, moved) = (now, Instant::now());
        }
    }
    Ok((last - before, moved.duration_since(began).as_secs_f64()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_name_an_engine_and_a_scale() {
        let parsed = GrownOptions::parse(&["--store", "postgres", "--scale", "100"]).unwrap();
        assert_eq!(parsed, GrownOptions { on_postgres: true, scale: 100 });
        assert_eq!(parsed.rows()[2], ("expired", 100_000));
        assert_eq!(GrownOptions::parse(&[]).unwrap().rows(), ROWS);
        for refused in [&["--scale", "0"][..], &["--store", "sqlite"], &["--scale"], &["--rows", "1"]] {
            assert_eq!(GrownOptions::parse(refused), None, "{refused:?}");
        }
    }
}
