//! What the binary is made of: the packages that are built into it, and the texts of their licences, which go with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::release::LIMIT;
use crate::check::cargo_in;
use crate::process;

/// How names of files with licences begin.
const NAMES: [&str; 6] = ["LICENSE", "LICENCE", "UNLICENSE", "COPYING", "COPYRIGHT", "NOTICE"];
/// Files of such names that are programs.
const OF_PROGRAMS: [&str; 8] = ["c", "cc", "cpp", "go", "h", "json", "py", "rs"];
/// The licence whose text is given where a package brings none: its text names no holder, so it is the same for all.
const COMMON: &str = "Apache-2.0";

/// The packages of the binary, by name and version.
pub(super) struct Built {
    packages: BTreeMap<(String, String), Package>,
}

struct Package {
    licence: Option<String>,
    authors: String,
    repository: String,
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
                let authors = package.get("authors").and_then(Value::as_array).into_iter().flatten();
                let authors = authors.filter_map(Value::as_str).collect::<Vec<_>>().join(", ");
                let (licence, repository) = (text("license"), text("repository").unwrap_or_default());
                packages.insert(key, Package { licence, authors, repository, folder, is_shipped });
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

    /// The licences of what is shipped and not ours, each text once. `common` is the text of the Apache licence.
    pub(super) fn texts(&self, common: &str) -> Result<String> {
        let mut by_text: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for ((name, version), package) in self.packages.iter().filter(|(_, package)| package.is_shipped) {
            if name.starts_with("proofkey") {
                continue;
            }
            let licence = package.licence.as_deref().unwrap_or("no expression");
            let heading = format!("{name} {version} ({licence})");
            let texts = texts_in(&package.folder)?;
            if texts.is_empty() {
                let text = common.trim().to_owned();
                by_text.entry(text).or_default().push(package.without_text(&heading)?);
            }
            for (file, text) in texts {
                let of = if file.parent() == Some(Path::new("")) {
                    heading.clone()
                } else {
                    format!("{heading}: {}", file.display())
                };
                by_text.entry(text).or_default().push(of);
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

impl Package {
    /// The heading of a package that brings no text of its licence: with what is known of its makers, under the common licence, which
    /// it has to allow.
    fn without_text(&self, heading: &str) -> Result<String> {
        let licence = self.licence.as_deref().unwrap_or_default();
        let mut allowed = licence.split(['/', ' ']).filter(|word| !word.is_empty());
        ensure!(
            !licence.contains("AND") && allowed.any(|word| word == COMMON),
            "{heading} is shipped without a text of its licence, and {COMMON} is not one that may be chosen: find its text"
        );
        let Self { authors, repository, .. } = self;
        Ok(format!(
            "{heading}: taken under {COMMON}; it has no file of its licence. By {authors}, {repository}"
        ))
    }
}

/// `name v1.2.3 (…)`, as cargo prints a package.
fn name_and_version(line: &str) -> Option<(String, String)> {
    let mut words = line.split_whitespace();
    let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
    Some((name.to_owned(), version.to_owned()))
}

/// The texts of licences in a folder and below it, where there are sources of other makers, with their paths in it.
fn texts_in(folder: &Path) -> Result<Vec<(PathBuf, String)>> {
    let mut texts = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).with_context(|| next.display().to_string())? {
            let entry = entry?;
            let (path, kind) = (entry.path(), entry.file_type()?);
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() && is_licence(&path) {
                let text = fs::read(&path).with_context(|| path.display().to_string())?;
                let text = String::from_utf8_lossy(&text).trim().to_owned();
                texts.push((path.strip_prefix(folder)?.to_owned(), text));
            }
        }
    }
    texts.sort();
    Ok(texts)
}

fn is_licence(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_uppercase()).unwrap_or_default();
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    NAMES.iter().any(|begin| name.starts_with(begin))
        && !ending.is_some_and(|ending| OF_PROGRAMS.contains(&ending.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pk_02_every_part_that_is_shipped_goes_with_a_text_of_its_licence() {
        let root = crate::root().unwrap();
        let built = Built::read(&root, "x86_64-unknown-linux-gnu").unwrap();
        let common = fs::read_to_string(root.join("LICENSE-APACHE")).unwrap();
        let texts = built.texts(&common).unwrap();
        let shipped = built.packages.iter().filter(|(_, package)| package.is_shipped);
        let others: Vec<_> = shipped.filter(|((name, _), _)| !name.starts_with("proofkey")).collect();
        assert!(others.len() > 100, "{}", others.len());
        for ((name, version), _) in others {
            assert!(texts.contains(&format!("\n{name} {version} (")), "{name}");
        }
        for inside in ["c_src/mimalloc/v", "aws-lc/third_party/fiat/LICENSE", "Daan Leijen"] {
            assert!(texts.contains(inside), "{inside}");
        }
    }

    #[test]
    fn pk_02_a_part_without_a_text_of_its_licence_is_refused_unless_the_common_one_may_be_chosen() {
        let heading = |licence: &str| {
            let package = Package {
                licence: Some(licence.to_owned()),
                authors: "A".to_owned(),
                repository: "https://b.example".to_owned(),
                folder: PathBuf::new(),
                is_shipped: true,
            };
            package.without_text("c 1.0.0").ok()
        };
        for allowed in ["Apache-2.0", "MIT/Apache-2.0", "Apache-2.0 OR MIT"] {
            let told = heading(allowed).unwrap();
            assert!(
                told.starts_with("c 1.0.0: taken under Apache-2.0") && told.contains("A, https://b.example")
            );
        }
        for refused in ["MIT", "", "Apache-2.0 AND MIT"] {
            assert_eq!(heading(refused), None, "{refused}");
        }
        assert!(is_licence(Path::new("a/License-MIT")) && is_licence(Path::new("COPYING.txt")));
        assert!(!is_licence(Path::new("src/license.rs")) && !is_licence(Path::new("README")));
    }
}
