//! The files of the working tree, and the part of a source that ships.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// What is not ours, or made by a tool.
const SKIPPED: [&str; 5] = ["target", "node_modules", ".git", ".venv", "artefacts"];
/// A deeper tree is a mistake, a link in a circle for instance.
const DEPTH_MAX: usize = 12;
/// A bigger file is no source; nothing is searched in it.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// One text file: its path from the root with `/`, and what stands in it.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    /// The lines that ship, with their numbers: no comment lines, and nothing from the tests on, which stand last.
    pub(crate) fn production(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = if self.is_test() { "" } else { self.text.as_str() };
        (1..)
            .zip(lines.lines())
            .take_while(|(_, line)| !line.trim_start().starts_with("#[cfg(test)]"))
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// Every line of code, tests included, with its number.
    pub(crate) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.text.lines()).filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// A file that holds nothing but tests or benches.
    pub(crate) fn is_test(&self) -> bool {
        let mut folders = self.path.split('/');
        self.path.ends_with("/tests.rs")
            || self.path.ends_with("_tests.rs")
            || folders.any(|folder| matches!(folder, "tests" | "benches" | "fixtures" | "testkit"))
    }

    /// The crate's folder name, when this is a crate's source.
    pub(crate) fn crate_name(&self) -> Option<&str> {
        self.path.strip_prefix("crates/")?.split('/').next()
    }
}

/// Every Rust file of the workspace, in the order of their paths.
pub(crate) fn rust_sources(root: &Path) -> Result<Vec<Source>> {
    let mut sources = every_text_file(root)?;
    sources.retain(|source| source.path.ends_with(".rs"));
    Ok(sources)
}

/// Every file of the working tree that holds UTF-8 text, in the order of their paths.
pub(crate) fn every_text_file(root: &Path) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    walk(root, root, 0, &mut sources)?;
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(sources)
}

fn walk(root: &Path, folder: &Path, depth: usize, sources: &mut Vec<Source>) -> Result<()> {
    anyhow::ensure!(depth < DEPTH_MAX, "{} lies too deep", folder.display());
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if entry.file_name().to_str().is_none_or(|name| SKIPPED.contains(&name)) {
            continue;
        }
        if kind.is_dir() {
            walk(root, &path, depth + 1, sources)?;
        } else if kind.is_file() && entry.metadata()?.len() <= FILE_BYTES_MAX {
            // What is no UTF-8 is a picture or a font, and no place for text.
            let Ok(text) = fs::read_to_string(&path) else { continue };
            sources.push(Source { path: path.strip_prefix(root)?.to_string_lossy().into_owned(), text });
        }
    }
    Ok(())
}

/// A source for tests: `path` decides which rules hold for it.
#[cfg(test)]
pub(crate) fn source(path: &str, text: &str) -> Source {
    Source { path: path.to_owned(), text: text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::source;

    #[test]
    fn production_ends_where_the_tests_begin() {
        let text = "use a;\n// b\nfn c() {}\n#[cfg(test)]\nmod tests {}\n";
        let lines: Vec<_> = source("crates/oauth/src/a.rs", text).production().map(|(n, _)| n).collect();
        assert_eq!(lines, [1, 3]);
    }

    #[test]
    fn test_files_have_no_production_part() {
        for path in ["crates/a/tests/b.rs", "crates/a/src/b/tests.rs", "crates/testkit/src/lib.rs"] {
            assert_eq!(source(path, "fn a() {}").production().count(), 0, "{path}");
        }
        assert_eq!(source("crates/a/src/latest.rs", "fn a() {}").production().count(), 1);
    }

    #[test]
    fn the_walk_finds_this_file_and_skips_what_is_built() {
        let sources = super::rust_sources(&crate::root().unwrap()).unwrap();
        assert!(sources.iter().any(|source| source.path == "xtask/src/source.rs"));
        assert!(sources.iter().all(|source| !source.path.starts_with("target/")));
    }
}
