//! Which crate may import which: the table of ARCHITECTURE.md, held against what cargo knows.

use anyhow::{Context, Result};
use serde_json::Value;

use super::finding::Finding;

/// A crate, and the crates of this workspace that its production code may import.
const EDGES: [(&str, &[&str]); 9] = [
    ("proofkey-oauth", &[]),
    ("proofkey-jose", &[]),
    ("proofkey-protocol", &["proofkey-oauth", "proofkey-jose"]),
    ("proofkey-store", &["proofkey-protocol", "proofkey-oauth"]),
    ("proofkey-server", &["proofkey-oauth", "proofkey-jose", "proofkey-protocol", "proofkey-store"]),
    ("proofkey-client", &["proofkey-oauth", "proofkey-jose"]),
    ("proofkey-resource", &["proofkey-oauth", "proofkey-jose"]),
    (
        "proofkey",
        &[
            "proofkey-oauth",
            "proofkey-protocol",
            "proofkey-store",
            "proofkey-server",
            "proofkey-client",
            "proofkey-resource",
        ],
    ),
    ("xtask", &[]),
];
/// Crates for tests and measurements: they import anything, and no production code imports them.
const BESIDE: [&str; 2] = ["proofkey-testkit", "proofkey-bench"];

/// The leaves: no runtime, no HTTP, no data base.
const LEAVES: [&str; 3] = ["proofkey-oauth", "proofkey-jose", "proofkey-protocol"];
const BANNED_IN_LEAVES: [&str; 5] = ["tokio", "axum", "sqlx", "reqwest", "rusqlite"];

/// Every edge of the workspace that the table does not have, and every banned import of a leaf.
pub(super) fn check(metadata: &Value) -> Result<Vec<Finding>> {
    let packages = metadata["packages"].as_array().context("cargo metadata lists packages")?;
    let members: Vec<&str> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
    let mut findings = Vec::new();
    for package in packages {
        let name = package["name"].as_str().context("a package has a name")?;
        let dependencies = package["dependencies"].as_array().context("a package lists its dependencies")?;
        findings.extend(
            dependencies.iter().filter_map(|d| refusal(name, d, &members)).map(|message| Finding {
                path: name.to_owned(),
                line: 0,
                message,
            }),
        );
        if !BESIDE.contains(&name) && allowed(name).is_none() {
            findings.push(Finding {
                path: name.to_owned(),
                line: 0,
                message: "a crate that the table of edges does not have".to_owned(),
            });
        }
    }
    Ok(findings)
}

/// Why `package` must not have this dependency, if it must not.
fn refusal(package: &str, dependency: &Value, members: &[&str]) -> Option<String> {
    let name = dependency["name"].as_str()?;
    if LEAVES.contains(&package) && BANNED_IN_LEAVES.contains(&name) {
        return Some(format!("a leaf crate must not depend on {name}"));
    }
    let is_dev = dependency["kind"].as_str() == Some("dev");
    if is_dev || BESIDE.contains(&package) || !members.contains(&name) {
        return None;
    }
    let is_in_table = allowed(package).is_some_and(|edges| edges.contains(&name));
    (!is_in_table).then(|| format!("must not import {name}"))
}

fn allowed(package: &str) -> Option<&'static [&'static str]> {
    EDGES.iter().find(|(name, _)| *name == package).map(|(_, edges)| *edges)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn findings(package: &str, dependency: &str, kind: Option<&str>) -> usize {
        let metadata = json!({"packages": [
            {"name": package, "dependencies": [{"name": dependency, "kind": kind}]},
            {"name": "proofkey-server", "dependencies": []},
            {"name": "proofkey-oauth", "dependencies": []},
            {"name": "proofkey-testkit", "dependencies": []},
        ]});
        check(&metadata).unwrap().len()
    }

    #[test]
    fn only_the_edges_of_the_table_pass() {
        let cases = [
            ("proofkey-client", "proofkey-oauth", None, 0),
            ("proofkey-client", "proofkey-server", None, 1),
            ("proofkey-client", "proofkey-server", Some("build"), 1),
            ("proofkey-client", "proofkey-server", Some("dev"), 0),
            ("proofkey-client", "proofkey-testkit", None, 1),
            ("proofkey-client", "proofkey-testkit", Some("dev"), 0),
            ("proofkey-bench", "proofkey-server", None, 0),
            ("proofkey-client", "tokio", None, 0),
            ("proofkey-jose", "tokio", None, 1),
            ("proofkey-jose", "reqwest", Some("dev"), 1),
            ("proofkey-unheard-of", "tokio", None, 1),
        ];
        for (package, dependency, kind, expected) in cases {
            assert_eq!(findings(package, dependency, kind), expected, "{package} → {dependency} ({kind:?})");
        }
    }
}
