//! What the binary is made of: the packages that are built into it, and the texts of their licences, which go with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use super::release::LIMIT;
use crate::check::cargo_in;
use crate::process;

/// How names of files with licences begin.
const NAMES: [&str; 5] = ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE"];

/// The packages of the binary, by name and version.
pub(super) struct Built {
    packages: BTreeMap<(String, String), Package>,
}

struct Package {
    licence: Option<String>,
    folder: PathBuf,
    /// It is in the binary; the others only built it.
    is_shipped: bool,
}

impl Built {
    /// As cargo would build it for this machine.
    pub(super) fn read(root: &Path, target: &str) -> Result<Self> {
        let tree = |edges: &str| {
            let arguments = ["tree", "--locked", "-p", "proofkey", "--target", target, "--prefix", "none"];
            let mut command = cargo_in(root, &arguments);
            let text = String::from_utf8(process::output(command.args(["--edges", edges]), LIMIT)?)?;
            anyhow::Ok(text.lines().filter_map(name_and_version).collect::<BTreeSet<_>>())
        };
        let (shipped, built) = (tree("normal")?, tree("normal,build")?);
        let arguments = ["metadata", "--locked", "--format-version", "1", "--filter-platform", target];
        let metadata: Value =
            serde_json::from_slice(&process::output(&mut cargo_in(root, &arguments), LIMIT)?)?;
        let known =
            metadata.get("packages").and_then(Value::as_array).context("cargo metadata has no packages")?;
        let mut packages = BTreeMap::new();
        for package in known {
            let text = |key: &str| package.get(key).and_then(Value::as_str).map(str::to_owned);
            let (name, version) = (text("name").context("name")?, text("version").context("version")?);
            let manifest = PathBuf::from(text("manifest_path").context("manifest_path")?);
            let folder = manifest.parent().context("a manifest is in a folder")?.to_owned();
            let key = (name, version);
            if built.contains(&key) {
                let is_shipped = shipped.contains(&key);
                packages.insert(key, Package { licence: text("license"), folder, is_shipped });
            }
        }
        Ok(Self { packages })
    }

    /// Whether it is in the binary.
    pub(super) fn ships(&self, name: &str, version: &str) -> bool {
        self.package(name, version).is_some_and(|package| package.is_shipped)
    }

    /// The expression of its licence, as SPDX has it.
    pub(super) fn licence(&self, name: &str, version: &str) -> Option<String> {
        // A slash is how older packages write it.
        Some(self.package(name, version)?.licence.as_ref()?.replace('/', " OR "))
    }

    fn package(&self, name: &str, version: &str) -> Option<&Package> {
        self.packages.get(&(name.to_owned(), version.to_owned()))
    }

    /// The licences of what is shipped and not ours, each text once.
    pub(super) fn texts(&self) -> Result<String> {
        let mut by_text: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for ((name, version), package) in self.packages.iter().filter(|(_, package)| package.is_shipped) {
            if name.starts_with("proofkey") {
                continue;
            }
            let licence = package.licence.as_deref().unwrap_or("no expression");
            let heading = format!("{name} {version} ({licence})");
            for text in texts_in(&package.folder)? {
                by_text.entry(text).or_default().push(heading.clone());
            }
        }
        let mut page =
            "What the binary of Proofkey is made of beside its own code, with the licences.\n".to_owned();
        let mut texts: Vec<(String, Vec<String>)> = by_text.into_iter().collect();
        texts.sort_by(|(_, a), (_, b)| a.cmp(b));
        for (text, packages) in texts {
            page.push_str(&format!("\n{}\n{}\n\n{text}\n", "=".repeat(72), packages.join("\n")));
        }
        Ok(page)
    }
}

/// `name v1.2.3 (…)`, as cargo prints a package.
fn name_and_version(line: &str) -> Option<(String, String)> {
    let mut words = line.split_whitespace();
    let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
    Some((name.to_owned(), version.to_owned()))
}

fn texts_in(folder: &Path) -> Result<Vec<String>> {
    let mut texts = BTreeMap::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().to_uppercase()).unwrap_or_default();
        if NAMES.iter().any(|begin| name.starts_with(begin)) && path.is_file() {
            texts.insert(name, fs::read_to_string(&path).with_context(|| path.display().to_string())?);
        }
    }
    Ok(texts.into_values().map(|text| text.trim().to_owned()).collect())
}
