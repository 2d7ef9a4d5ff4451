//! What was measured, and the table that stands in docs/benchmarks.md.

use anyhow::{Context, Result};

/// One run of code flows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    /// Memory of the server after it.
    pub(super) rss_mib: f64,
    pub(super) server_us: f64,
    /// Of the database server; 0 where there is none.
    pub(super) database_us: f64,
    pub(super) p50: f64,
    pub(super) p99: f64,
    pub(super) failed: f64,
}

/// Some runs.
#[derive(Debug, Default)]
pub(super) struct Flows(Vec<Run>);

/// What was seen while expired rows were removed.
#[derive(Debug, Default)]
pub(super) struct Swept {
    pub(super) flows: Flows,
    /// Rows that were removed beside flows, and in how many seconds.
    pub(super) rows: u64,
    pub(super) seconds: f64,
    /// The same without flows.
    pub(super) idle_rows: u64,
    pub(super) idle_seconds: f64,
}

/// All of it. Pairs are of the empty and the grown database.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) rows: [(&'static str, u64); 4],
    pub(super) seed_seconds: u64,
    pub(super) starts: [u128; 2],
    pub(super) with_expired: [Flows; 2],
    pub(super) swept: Swept,
    pub(super) without: [Flows; 2],
    /// When everyone had one a moment ago, on SQLite with room in memory for all of them.
    pub(super) returning: Option<[Flows; 2]>,
    /// Bytes of data and log before the expired rows were removed, after it, and after flows on what was left.
    pub(super) sizes: Vec<[u64; 2]>,
}

impl Flows {
    pub(super) fn add(&mut self, run: Run) {
        self.0.push(run);
    }

    fn median(&self, of: impl Fn(&Run) -> f64) -> Result<f64> {
        let mut numbers: Vec<f64> = self.0.iter().map(of).collect();
        numbers.sort_by(f64::total_cmp);
        numbers.get(numbers.len() / 2).copied().context("there was no run")
    }

    fn cost(&self) -> Result<f64> {
        self.median(|run| run.server_us)
    }

    /// All of it in a line.
    pub(super) fn line(&self) -> Result<String> {
        let failed: f64 = self.0.iter().map(|run| run.failed).sum();
        Ok(format!(
            "{:.1} µs, database {:.1} µs, p50 {:.1} ms, p99 {:.1} ms, {failed} failed",
            self.cost()?,
            self.median(|run| run.database_us)?,
            self.median(|run| run.p50)?,
            self.median(|run| run.p99)?
        ))
    }
}

impl Measured {
    /// The whole table, as Markdown.
    pub(super) fn table(&self) -> Result<String> {
        let rows = self.rows.map(|(of, count)| format!("{count} {of}")).join(", ");
        let mut lines = vec![
            format!("{rows}, made in {} s", self.seed_seconds),
            String::new(),
            "| | empty | grown | grown ÷ empty |".to_owned(),
            "|---|--:|--:|--:|".to_owned(),
        ];
        let returning = self.returning.iter().map(|flows| ("everyone was there a moment ago", flows));
        let others = [("expired rows in place", &self.with_expired), ("they are gone", &self.without)];
        for (when, flows) in others.into_iter().chain(returning) {
            let mut row = |what: &str, of: fn(&Run) -> f64| {
                let [empty, grown] = flows;
                lines.push(compared(&format!("{what}, {when}"), (empty.median(of)?, grown.median(of)?)));
                anyhow::Ok(())
            };
            row("server µs/op", |run| run.server_us)?;
            row("database µs/op", |run| run.database_us)?;
            row("p50 ms", |run| run.p50)?;
            row("p99 ms", |run| run.p99)?;
        }
        if let Some([empty, grown]) = &self.returning {
            let memory = |flows: &Flows| flows.median(|run| run.rss_mib);
            lines.push(compared("memory then, MiB", (memory(empty)?, memory(grown)?)));
        }
        let [empty, _] = &self.with_expired;
        let during = &self.swept.flows;
        let p99 = |flows: &Flows| flows.median(|run| run.p99);
        lines.push(compared("server µs/op, while they are removed", (empty.cost()?, during.cost()?)));
        lines.push(compared("p99 ms, while they are removed", (p99(empty)?, p99(during)?)));
        let [empty, grown] = self.starts;
        lines.push(format!("| start to first answer, ms | {empty} | {grown} | |"));
        lines.extend([String::new(), self.swept.words(), self.sizes_in_words()]);
        Ok(lines.join("\n"))
    }

    fn sizes_in_words(&self) -> String {
        let mib = |bytes: u64| bytes / (1024 * 1024);
        let sizes =
            self.sizes.iter().map(|[data, log]| format!("{} MiB (log {} MiB)", mib(*data), mib(*log)));
        format!("size before, after, and after flows: {}", sizes.collect::<Vec<_>>().join(", "))
    }
}

impl Swept {
    fn words(&self) -> String {
        let Self { rows, seconds, idle_rows, idle_seconds, .. } = self;
        let per_second = |rows: &u64, seconds: &f64| *rows as f64 / seconds.max(f64::MIN_POSITIVE);
        format!(
            "removed beside flows: {rows} rows, {:.0} a second; without: {idle_rows} rows, {:.0} a second",
            per_second(rows, seconds),
            per_second(idle_rows, idle_seconds)
        )
    }
}

fn compared(what: &str, (empty, grown): (f64, f64)) -> String {
    let ratio = if empty > 0.0 { format!("**{:.2}**", grown / empty) } else { String::new() };
    format!("| {what} | {empty:.1} | {grown:.1} | {ratio} |")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flows(server_us: f64, p99: f64) -> Flows {
        let run = Run { rss_mib: 20.0, server_us, database_us: 0.0, p50: 1.0, p99, failed: 0.0 };
        Flows(vec![run])
    }

    #[test]
    fn a_table_holds_the_grown_database_against_the_empty_one() {
        let swept = Swept { flows: flows(130.0, 15.0), rows: 500, seconds: 2.0, ..Swept::default() };
        let measured = Measured {
            rows: [("users", 1), ("grants", 2), ("expired", 3), ("clients", 4)],
            seed_seconds: 5,
            starts: [6, 7],
            with_expired: [flows(100.0, 10.0), flows(110.0, 12.0)],
            swept,
            without: [flows(100.0, 10.0), flows(105.0, 10.0)],
            returning: Some([flows(100.0, 10.0), flows(102.0, 10.0)]),
            sizes: vec![[9 << 20, 1 << 20]],
        };
        let table = measured.table().unwrap();
        for line in [
            "1 users, 2 grants, 3 expired, 4 clients, made in 5 s",
            "| server µs/op, expired rows in place | 100.0 | 110.0 | **1.10** |",
            "| server µs/op, they are gone | 100.0 | 105.0 | **1.05** |",
            "| database µs/op, they are gone | 0.0 | 0.0 |  |",
            "| server µs/op, everyone was there a moment ago | 100.0 | 102.0 | **1.02** |",
            "| memory then, MiB | 20.0 | 20.0 | **1.00** |",
            "| p99 ms, while they are removed | 10.0 | 15.0 | **1.50** |",
            "| start to first answer, ms | 6 | 7 | |",
            "removed beside flows: 500 rows, 250 a second; without: 0 rows, 0 a second",
            "size before, after, and after flows: 9 MiB (log 1 MiB)",
        ] {
            assert!(table.lines().any(|found| found == line), "{line}: {table}");
        }
        assert!(Flows::default().line().is_err());
    }
}
