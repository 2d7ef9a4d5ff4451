//! Cargo.lock, read as data: every package with its checksum and what it depends on.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

/// One package of the lock file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
    /// Where it comes from; `None` for our own.
    pub(super) source: Option<String>,
    pub(super) checksum: Option<String>,
    /// As the file has them: a name, with a version where there are several.
    pub(super) dependencies: Vec<String>,
}

/// The whole file.
pub(super) struct Lock {
    pub(super) packages: Vec<Package>,
}

impl Lock {
    pub(super) fn read(root: &Path) -> Result<Self> {
        Self::parse(&fs::read_to_string(root.join("Cargo.lock"))?)
    }

    /// Cargo writes a small part of TOML: a line for each value, and lists with a line for each item.
    fn parse(text: &str) -> Result<Self> {
        let mut packages = Vec::new();
        for block in text.split("[[package]]").skip(1) {
            let mut package = Package::default();
            for line in block.lines().map(str::trim) {
                let value = |key: &str| {
                    Some(line.strip_prefix(key)?.strip_prefix(" = \"")?.strip_suffix('"')?.to_owned())
                };
                if let Some(name) = value("name") {
                    package.name = name;
                } else if let Some(version) = value("version") {
                    package.version = version;
                } else if let Some(source) = value("source") {
                    package.source = Some(source);
                } else if let Some(checksum) = value("checksum") {
                    package.checksum = Some(checksum);
                } else if let Some(item) = line.strip_prefix('"') {
                    package.dependencies.push(item.trim_end_matches([',', '"']).to_owned());
                }
            }
            ensure!(
                !package.name.is_empty() && !package.version.is_empty(),
                "a package has no name: {block}"
            );
            packages.push(package);
        }
        ensure!(!packages.is_empty(), "the lock file has no packages");
        Ok(Self { packages })
    }

    /// The package that an item of a list of dependencies names.
    pub(super) fn named(&self, item: &str) -> Result<&Package> {
        let mut words = item.split(' ');
        let (name, version) = (words.next().unwrap_or_default(), words.next());
        let mut found = self.packages.iter().filter(|package| package.name == name);
        found
            .find(|package| version.is_none_or(|version| package.version == version))
            .with_context(|| format!("{item} is not in the lock file"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pk_02_the_lock_file_is_read_whole() {
        let text = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\ndependencies = [\n \"b 2.0.0\",\n \"c\",\n]\n\n\
                    [[package]]\nname = \"b\"\nversion = \"2.0.0\"\nsource = \"registry+x\"\nchecksum = \"00ff\"\n\n\
                    [[package]]\nname = \"c\"\nversion = \"3.0.0\"\n";
        let lock = Lock::parse(text).unwrap();
        assert_eq!(lock.packages[0].dependencies, ["b 2.0.0", "c"]);
        assert_eq!(lock.named("b 2.0.0").unwrap().checksum.as_deref(), Some("00ff"));
        assert_eq!(lock.named("c").unwrap().version, "3.0.0");
        assert!(lock.named("d").is_err() && Lock::parse("").is_err());
        let ours = Lock::read(&crate::root().unwrap()).unwrap();
        assert!(ours.packages.len() > 300);
        for package in &ours.packages {
            assert_eq!(package.source.is_some(), package.checksum.is_some(), "{package:?}");
            for item in &package.dependencies {
                ours.named(item).unwrap();
            }
        }
    }
}
