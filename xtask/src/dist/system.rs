//! The packages of this system that an image takes files of.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use super::release::said;

/// A package that is installed here.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SystemPackage {
    pub(super) name: String,
    pub(super) version: String,
    /// The machine that it is for, as Debian calls it.
    pub(super) architecture: String,
    /// What this system calls itself: `debian`.
    pub(super) system: String,
}

impl SystemPackage {
    /// The one that a file is from.
    pub(super) fn of_file(file: &Path) -> Result<Self> {
        // Where `/lib` is a link to `/usr/lib`, a package may have the file under either name.
        let other = file.strip_prefix("/usr").map(|rest| Path::new("/").join(rest));
        let mut names = [Some(file.to_owned()), other.ok()].into_iter().flatten();
        let asked =
            |name| said(Command::new("dpkg-query").arg("--search").arg(name).stderr(Stdio::null())).ok();
        let owner = names.find_map(asked);
        let owner = owner.as_deref().and_then(|line| line.split_once(": "));
        let (name, _) = owner.with_context(|| format!("{} is from no package", file.display()))?;
        Self::named(name)
    }

    /// The one of this name, with or without its architecture.
    pub(super) fn named(name: &str) -> Result<Self> {
        let form = "--showformat=${Package} ${Version} ${Architecture}";
        let told = said(Command::new("dpkg-query").args(["--show", form, name]))?;
        let words: Vec<&str> = told.split(' ').collect();
        let [name, version, architecture] = *words.as_slice() else {
            bail!("dpkg-query says {told:?} of {name}")
        };
        let [name, version, architecture] = [name, version, architecture].map(str::to_owned);
        let release = fs::read_to_string("/etc/os-release").context("/etc/os-release")?;
        let system = release.lines().find_map(|line| line.strip_prefix("ID="));
        let system = system.context("/etc/os-release has no ID")?.trim_matches('"').to_owned();
        Ok(Self { name, version, architecture, system })
    }

    /// Where it says who has which right in it.
    pub(super) fn copyright(&self) -> Result<PathBuf> {
        let file = PathBuf::from(format!("/usr/share/doc/{}/copyright", self.name));
        ensure!(
            file.exists(),
            "{} is missing, and no part of {} may be given on without it: install the package anew, with its documents",
            file.display(),
            self.name
        );
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pk_05_a_library_is_traced_to_its_package_with_its_licence() {
        let library = said(Command::new("gcc").arg("-print-file-name=libc.so.6")).unwrap();
        let package = SystemPackage::of_file(&PathBuf::from(library).canonicalize().unwrap()).unwrap();
        assert_eq!(package.name, "libc6");
        assert!(package.version.starts_with("2.") && !package.architecture.is_empty(), "{package:?}");
        assert!(fs::read_to_string(package.copyright().unwrap()).unwrap().contains("GNU"));
        assert!(SystemPackage::of_file(Path::new("/nonexistent/libc.so.6")).is_err());
        assert!(SystemPackage { name: "none-of-this-name".to_owned(), ..package }.copyright().is_err());
    }
}
