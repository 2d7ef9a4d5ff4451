//! What was run, kept in a file, and what it shows.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use super::experiment::Experiment;

/// One batch of cycles.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) cycles: u64,
    pub(super) seed: u64,
    pub(super) seconds: u64,
    /// Whether an invariant broke, or the batch did not come to its end.
    pub(super) is_broken: bool,
    /// What was in its cycles, by nouns.
    pub(super) counted: BTreeMap<String, u64>,
    pub(super) versions: String,
}

impl Run {
    /// A batch that broke: none of its cycles counts as a clean one.
    pub(super) fn broken(cycles: u64, seed: u64, versions: &str) -> Self {
        let (counted, versions) = (BTreeMap::new(), versions.to_owned());
        Self { cycles, seed, seconds: 0, is_broken: true, counted, versions }
    }
}

/// All that was run, by the names of the faults.
#[derive(Debug, Default)]
pub(super) struct Results(Map<String, Value>);

impl Results {
    /// Reads the file; nothing was run where there is none.
    pub(super) fn read(path: &Path) -> Result<Self> {
        if !path.exists() {
            return Ok(Self::default());
        }
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let all =
            serde_json::from_str(&text).with_context(|| format!("{} holds no results", path.display()))?;
        Ok(Self(all))
    }

    /// Writes the file.
    pub(super) fn write(&self, path: &Path) -> Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        let text = serde_json::to_string_pretty(&self.0)?;
        fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Begins anew.
    pub(super) fn forget(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// Adds a batch.
    pub(super) fn note(&mut self, name: &str, run: Run) {
        let Run { cycles, seed, seconds, is_broken, counted, versions } = run;
        let entry = json!({
            "cycles": cycles, "seed": seed, "seconds": seconds, "broken": is_broken, "counted": counted,
            "versions": versions,
        });
        if let Some(all) = self.0.entry(name).or_insert_with(|| json!([])).as_array_mut() {
            all.push(entry);
        }
    }

    /// The clean cycles.
    pub(super) fn cycles(&self, name: &str) -> u64 {
        self.all(name).filter(|run| run["broken"] == false).filter_map(|run| run["cycles"].as_u64()).sum()
    }

    /// The batches, those that broke too.
    pub(super) fn runs(&self, name: &str) -> u64 {
        self.all(name).count().try_into().unwrap_or(u64::MAX)
    }

    /// What has been shown.
    pub(super) fn told(&self, experiment: &Experiment) -> String {
        let name = experiment.name;
        let (cycles, broken) =
            (self.cycles(name), self.all(name).filter(|run| run["broken"] == true).count());
        let seeds: Vec<u64> = self.all(name).filter_map(|run| run["seed"].as_u64()).collect();
        let (first, last) = (seeds.iter().min().copied(), seeds.iter().max().copied());
        let seconds: u64 = self.all(name).filter_map(|run| run["seconds"].as_u64()).sum();
        let mut versions: Vec<&str> = self.all(name).filter_map(|run| run["versions"].as_str()).collect();
        versions.dedup();
        let shown = match broken {
            0 => format!(
                "0 of {cycles}: with 95 % confidence fewer than {:.3} % (3/N)",
                300.0 / as_number(cycles)
            ),
            _ => format!("{broken} batches broke beside {cycles} clean cycles: no bound is stated"),
        };
        format!(
            "{name} ({}): {cycles} cycles, {} batches of seeds {} to {}, {seconds} s\n{}{shown}\n{}",
            experiment.rows,
            seeds.len(),
            first.unwrap_or_default(),
            last.unwrap_or_default(),
            self.counted(name),
            versions.join("\n")
        )
    }

    /// What was in the clean cycles, in a line of its own; empty where the test counts nothing.
    fn counted(&self, name: &str) -> String {
        let mut sums = BTreeMap::<&str, u64>::new();
        let clean = self.all(name).filter(|run| run["broken"] == false);
        for (noun, number) in clean.filter_map(|run| run["counted"].as_object()).flatten() {
            *sums.entry(noun).or_default() += number.as_u64().unwrap_or_default();
        }
        let parts: Vec<String> = sums.iter().map(|(noun, number)| format!("{number} {noun}")).collect();
        if parts.is_empty() { String::new() } else { format!("in them: {}\n", parts.join(", ")) }
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &Value> {
        self.0.get(name).and_then(Value::as_array).into_iter().flatten()
    }
}

fn as_number(cycles: u64) -> f64 {
    f64::from(u32::try_from(cycles.max(1)).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::super::experiment::EXPERIMENTS;
    use super::*;

    fn run(cycles: u64, seed: u64, is_broken: bool) -> Run {
        let counted = BTreeMap::from([("refreshes".to_owned(), 7)]);
        Run { cycles, seed, seconds: 1, is_broken, counted, versions: "v".to_owned() }
    }

    #[test]
    fn counts_add_up_over_files_and_what_broke_is_not_counted() {
        let folder = std::env::temp_dir().join(format!("proofkey-faults-{}", std::process::id()));
        let path = folder.join("faults.json");
        let experiment = &EXPERIMENTS[0];
        let mut results = Results::read(&path).unwrap();
        results.note(experiment.name, run(100, 1, false));
        results.write(&path).unwrap();
        let mut results = Results::read(&path).unwrap();
        results.note(experiment.name, run(200, 2, false));
        assert_eq!((results.cycles(experiment.name), results.runs(experiment.name)), (300, 2));
        assert!(results.told(experiment).contains("0 of 300"), "{}", results.told(experiment));
        assert!(results.told(experiment).contains("1.000 %"), "{}", results.told(experiment));
        assert!(results.told(experiment).contains("in them: 14 refreshes"), "{}", results.told(experiment));
        results.note(experiment.name, run(50, 3, true));
        assert_eq!(results.cycles(experiment.name), 300);
        assert!(results.told(experiment).contains("no bound"), "{}", results.told(experiment));
        results.forget(experiment.name);
        assert_eq!(results.cycles(experiment.name), 0);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
