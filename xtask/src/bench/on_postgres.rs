//! `cargo xtask bench --store postgres`: what an operation costs with the data in PostgreSQL, as a share of `limitd` with its rows
//! there, what it costs the database, and what a second node beside costs the first.
//!
//! PostgreSQL stands on the generator's core, for there are two. The second node stands there as well, under load of its own.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::OURS;
use super::installation::BenchInstallation;
use super::limits::{RUNS, SCENARIOS_ON_POSTGRES, SECONDS, USERS, USERS_BESIDE};
use super::postgres::Postgres;
use super::report::{median, number};
use super::served::Served;
use super::tools::Tools;

/// Where the second node answers.
const SECOND_NODE: &str = "127.0.0.1:9202";
/// Seconds of load before a run, which do not count.
const WARM_SECONDS: u32 = 1;
/// What our report calls the database's cost beside what the load generator reports.
const DATABASE: &str = "database_cpu_us_per_op";

/// Runs of one scenario.
#[derive(Default)]
struct Measured {
    ceiling: Vec<Value>,
    alone: Vec<Value>,
    beside: Vec<Value>,
}

/// Sets both up, measures by turns and prints the table.
pub(super) fn measure(tools: &Tools, proofkey: &Path, directory: &Path) -> Result<()> {
    let postgres = Postgres::start(directory)?;
    let url = postgres.database("ours")?;
    let ours = BenchInstallation::without_users("ours", proofkey, &directory.join("ours"), OURS, Some(&url))?;
    ours.add_users(USERS)?;
    let limitd = tools.limitd_on_postgres(&postgres.database("limitd")?)?;
    println!(
        "{USERS} virtual users, {RUNS} runs of {SECONDS} s by turns, server on one core, generator and PostgreSQL on the other"
    );
    println!(
        "\n| operation | `limitd` µs/op | ours µs/op | share | database µs/op, `limitd` | ours | p99 ms, `limitd` | ours | beside a second node µs/op | beside ÷ alone |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    for scenario in SCENARIOS_ON_POSTGRES {
        println!("{}", row(scenario, &runs(tools, &postgres, &limitd, &ours, scenario)?)?);
    }
    println!("\nthe second node answered {USERS_BESIDE} virtual users of its own");
    Ok(())
}

fn runs(
    tools: &Tools,
    postgres: &Postgres,
    limitd: &Served,
    ours: &BenchInstallation,
    scenario: &'static str,
) -> Result<Measured> {
    let target = ours.target(scenario);
    let served = ours.serve()?;
    let loaded = |served: &Served, target: &Path| {
        tools.load_after(served, target, scenario, [0, WARM_SECONDS])?;
        let before = postgres.cpu_seconds();
        let mut run = tools.load_after(served, target, scenario, [0, SECONDS])?;
        let (spent, ops) = (postgres.cpu_seconds() - before, number(&run, "ops")?);
        let members = run.as_object_mut().context("a run is an object")?;
        members.insert(DATABASE.to_owned(), (spent * 1e6 / ops).into());
        anyhow::Ok(run)
    };
    let mut measured = Measured::default();
    for _ in 0..RUNS {
        measured.ceiling.push(loaded(limitd, tools.limitd_target())?);
        measured.alone.push(loaded(&served, &target)?);
        let second = ours.serve_second_node(SECOND_NODE)?;
        let mut busy = tools.load_beside(&target, &format!("http://{SECOND_NODE}"), scenario)?;
        measured.beside.push(loaded(&served, &target)?);
        ensure!(busy.goes_on(), "the load of the second node ended before the measurement did");
        drop((busy, second));
    }
    Ok(measured)
}

fn row(scenario: &str, measured: &Measured) -> Result<String> {
    let Measured { ceiling, alone, beside } = measured;
    let cost = |runs| median(runs, "server_cpu_us_per_op");
    let (limitd, ours, second) = (cost(ceiling)?, cost(alone)?, cost(beside)?);
    Ok(format!(
        "| {scenario} | {limitd:.1} | {ours:.1} | **{:.2}** | {:.1} | {:.1} | {:.1} | {:.1} | {second:.1} | {:.2} |",
        limitd / ours,
        median(ceiling, DATABASE)?,
        median(alone, DATABASE)?,
        median(ceiling, "p99")?,
        median(alone, "p99")?,
        second / ours
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_has_the_share_of_the_ceiling_and_what_a_second_node_costs() {
        let run = |server: f64, database: f64| {
            vec![
                json!({"server_cpu_us_per_op": server, "database_cpu_us_per_op": database, "ms": {"p99": 3.0}}),
            ]
        };
        let measured =
            Measured { ceiling: run(80.0, 50.0), alone: run(100.0, 90.0), beside: run(110.0, 91.0) };
        assert_eq!(
            row("refresh", &measured).unwrap(),
            "| refresh | 80.0 | 100.0 | **0.80** | 50.0 | 90.0 | 3.0 | 3.0 | 110.0 | 1.10 |"
        );
        assert!(row("refresh", &Measured::default()).is_err());
    }
}
