//! Which crate may import which: the table of ARCHITECTURE.md, held against what cargo knows.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::crates::{Crate, Imports, PAGE};
use crate::finding::Finding;

/// What no leaf may depend on, not even for its tests: runtimes, HTTP, databases.
const BANNED_IN_LEAVES: [&str; 5] = ["tokio", "axum", "sqlx", "reqwest", "rusqlite"];

/// Every edge of the workspace that the table does not have, every banned import of a leaf, and every crate that stands in only
/// one of the two.
pub(super) fn check(table: &[Crate], metadata: &Value) -> Result<Vec<Finding>> {
    let packages = metadata["packages"].as_array().context("cargo metadata lists packages")?;
    let folders = packages.iter().map(folder).collect::<Result<BTreeMap<_, _>>>()?;
    let mut findings = Vec::new();
    for package in packages {
        let (_, here) = folder(package)?;
        let Some(row) = table.iter().find(|row| row.folder == here) else {
            findings.push(finding(here, format!("a crate that the table of {PAGE} does not have")));
            continue;
        };
        let dependencies = package["dependencies"].as_array().context("a package lists its dependencies")?;
        let refused = dependencies.iter().filter_map(|dependency| refusal(row, dependency, &folders));
        findings.extend(refused.map(|message| finding(here, message)));
    }
    let missing = table.iter().filter(|row| !folders.values().any(|folder| *folder == row.folder));
    findings.extend(missing.map(|row| finding(PAGE, format!("there is no crate `{}`", row.folder))));
    Ok(findings)
}

/// A package's name, and the folder that it stands in.
fn folder(package: &Value) -> Result<(&str, &str)> {
    let name = package["name"].as_str().context("a package has a name")?;
    let manifest = package["manifest_path"].as_str().context("a package has a manifest")?;
    let folder = Path::new(manifest).parent().and_then(Path::file_name).and_then(|name| name.to_str());
    Ok((name, folder.context("a manifest stands in a folder")?))
}

/// Why this crate must not have this dependency, if it must not.
fn refusal(row: &Crate, dependency: &Value, folders: &BTreeMap<&str, &str>) -> Option<String> {
    let name = dependency["name"].as_str()?;
    if row.is_leaf && BANNED_IN_LEAVES.contains(&name) {
        return Some(format!("a leaf crate must not depend on {name}"));
    }
    let is_dev = dependency["kind"].as_str() == Some("dev");
    let folder = folders.get(name).filter(|_| !is_dev)?;
    let may_import = match &row.may_import {
        Imports::Anything => true,
        Imports::Only(crates) => crates.iter().any(|may| may == folder),
    };
    (!may_import).then(|| format!("must not import {folder}: {PAGE} does not have this edge"))
}

fn finding(path: &str, message: String) -> Finding {
    Finding { path: path.to_owned(), line: 0, message }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::tidy::crates;

    const TABLE: &str = "## Crates\n| crate | may import | never contains |\n|---|---|---|\n| `oauth` | – | async |\n\
                         | `server` | `oauth` | – |\n| `cli` (`proofkey`) | `server` | – |\n| `testkit` | anything | – |\n";

    fn package(name: &str, folder: &str, dependencies: &Value) -> Value {
        json!({"name": name, "manifest_path": format!("/src/crates/{folder}/Cargo.toml"), "dependencies": dependencies})
    }

    /// The workspace of the table, with one dependency more.
    fn findings(folder: &str, dependency: &str, kind: Option<&str>) -> usize {
        let members = [
            ("proofkey-oauth", "oauth"),
            ("proofkey-server", "server"),
            ("proofkey", "cli"),
            ("proofkey-testkit", "testkit"),
        ];
        let (none, one) = (json!([]), json!([{"name": dependency, "kind": kind}]));
        let packages =
            members.map(|(name, here)| package(name, here, if here == folder { &one } else { &none }));
        check(&crates::read(TABLE).unwrap(), &json!({ "packages": packages })).unwrap().len()
    }

    #[test]
    fn only_the_edges_of_the_table_pass() {
        let cases = [
            ("server", "proofkey-oauth", None, 0),
            ("server", "proofkey", None, 1),
            ("server", "proofkey", Some("build"), 1),
            ("server", "proofkey", Some("dev"), 0),
            ("server", "proofkey-testkit", None, 1),
            ("server", "proofkey-testkit", Some("dev"), 0),
            ("cli", "proofkey-oauth", None, 1),
            ("testkit", "proofkey-server", None, 0),
            ("server", "tokio", None, 0),
            ("oauth", "tokio", None, 1),
            ("oauth", "reqwest", Some("dev"), 1),
        ];
        for (folder, dependency, kind, expected) in cases {
            assert_eq!(findings(folder, dependency, kind), expected, "{folder} → {dependency} ({kind:?})");
        }
    }

    #[test]
    fn table_and_workspace_have_the_same_crates() {
        let packages = json!({"packages": [package("proofkey-unheard-of", "unheard-of", &json!([]))]});
        let found = check(&crates::read(TABLE).unwrap(), &packages).unwrap();
        let messages: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(messages.len(), 5, "{messages:?}");
        assert!(messages[0].starts_with("unheard-of: a crate that the table"), "{messages:?}");
        assert_eq!(messages[1], "ARCHITECTURE.md: there is no crate `oauth`");
    }
}
