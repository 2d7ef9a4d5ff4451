//! Medians, shares, and the table that stands in docs/benchmarks.md.

use anyhow::{Context, Result};
use serde_json::Value;

/// All runs of one scenario.
pub(super) struct Measured {
    scenario: &'static str,
    pub(super) ceiling: Vec<Value>,
    pub(super) ours: Vec<Value>,
    /// The server beside ours; empty without one.
    pub(super) beside: Vec<Value>,
}

impl Measured {
    pub(super) fn new(scenario: &'static str) -> Self {
        Self { scenario, ceiling: Vec::new(), ours: Vec::new(), beside: Vec::new() }
    }

    /// A row of the table.
    pub(super) fn row(&self) -> Result<String> {
        let both = |name| anyhow::Ok((median(&self.ceiling, name)?, median(&self.ours, name)?));
        let (ceiling_cost, cost) = both("server_cpu_us_per_op")?;
        let (ceiling_rate, rate) = both("ops_per_s")?;
        let (ceiling_p99, p99) = both("p99")?;
        Ok(format!(
            "| {} | {ceiling_cost:.1} | {cost:.1} | **{:.2}** | {ceiling_rate:.0} | {rate:.0} | {ceiling_p99:.1} | {p99:.1} |",
            self.scenario,
            ceiling_cost / cost
        ))
    }

    /// A row of the table that holds ours against the server beside it.
    fn compared(&self) -> Result<String> {
        let cost = |runs| median(runs, "server_cpu_us_per_op");
        let (ceiling, ours, beside) = (cost(&self.ceiling)?, cost(&self.ours)?, cost(&self.beside)?);
        let (share, other) = (ceiling / ours, ceiling / beside);
        Ok(format!(
            "| {} | {ceiling:.1} | {beside:.1} | {ours:.1} | {other:.2} | **{share:.2}** | {:+.2} |",
            self.scenario,
            share - other
        ))
    }
}

/// The whole table, as Markdown.
pub(super) fn table(measured: &[Measured]) -> Result<String> {
    let rows = measured.iter().map(Measured::row).collect::<Result<Vec<_>>>()?;
    let head = "| operation | `limitd` µs/op | ours µs/op | share | `limitd` ops/s | ours ops/s | `limitd` p99 ms | ours p99 ms |\n\
                |---|--:|--:|--:|--:|--:|--:|--:|";
    Ok(format!("{head}\n{}", rows.join("\n")))
}

/// Ours against the server beside it, both as shares of the ceiling.
pub(super) fn comparison(measured: &[Measured]) -> Result<String> {
    let rows = measured.iter().map(Measured::compared).collect::<Result<Vec<_>>>()?;
    let head = "| operation | `limitd` µs/op | beside µs/op | ours µs/op | share beside | our share | difference |\n\
                |---|--:|--:|--:|--:|--:|--:|";
    Ok(format!("{head}\n{}", rows.join("\n")))
}

/// A number of one run; latencies stand one level deeper.
pub(super) fn number(run: &Value, name: &str) -> Result<f64> {
    let found = run.get(name).or_else(|| run.get("ms")?.get(name));
    found.and_then(Value::as_f64).with_context(|| format!("the load generator reported no {name}"))
}

pub(super) fn median(runs: &[Value], name: &str) -> Result<f64> {
    let mut numbers = runs.iter().map(|run| number(run, name)).collect::<Result<Vec<_>>>()?;
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().context("there was no run")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_has_medians_and_the_share_of_the_ceiling() {
        let run = |cost: f64, rate: f64| json!({"server_cpu_us_per_op": cost, "ops_per_s": rate, "ms": {"p99": 2.0}});
        let mut measured = Measured::new("refresh");
        measured.ceiling = vec![run(90.0, 1.0), run(70.0, 9.0), run(80.0, 5.0)];
        measured.ours = vec![run(160.0, 2.0), run(1.0, 2.0), run(999.0, 2.0)];
        assert_eq!(measured.row().unwrap(), "| refresh | 80.0 | 160.0 | **0.50** | 5 | 2 | 2.0 | 2.0 |");
        assert!(Measured::new("jwks").row().is_err());
    }

    #[test]
    fn a_comparison_has_both_shares_and_their_difference() {
        let run = |cost: f64| vec![json!({"server_cpu_us_per_op": cost})];
        let mut measured = Measured::new("refresh");
        (measured.ceiling, measured.ours, measured.beside) = (run(80.0), run(100.0), run(160.0));
        let table = comparison(&[measured]).unwrap();
        let row = table.lines().last().unwrap();
        assert_eq!(row, "| refresh | 80.0 | 160.0 | 100.0 | 0.50 | **0.80** | +0.30 |");
        assert!(comparison(&[Measured::new("jwks")]).is_err());
    }
}
