//! Which ways the server takes under load, for the compiler: it puts them side by side, and what is seldom taken elsewhere. The
//! profile lies in the repository, so that who builds needs the compiler alone and gets the same bytes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::release::{LIMIT, Release, said};
use crate::process::{self, succeeds};

/// Where it lies.
const FOLDER: &str = "packaging/profile";

/// What the compiler is told of the profile of this machine; nothing where there is none.
pub(super) fn use_flags(root: &Path, release: &Release) -> Result<Option<String>> {
    let profile = place(root, release);
    if !profile.exists() {
        return Ok(None);
    }
    // What is built must not depend on the folder, and the path is among what cargo tells units apart by: it is named by what is in it.
    let digest = said(Command::new("sha256sum").arg(&profile))?;
    let name: String = digest.chars().take(16).collect();
    let copy = std::env::temp_dir().join(format!("proofkey-{name}.profdata"));
    if fs::read(&copy).ok() != Some(fs::read(&profile)?) {
        fs::copy(&profile, &copy).with_context(|| format!("{} cannot be written", copy.display()))?;
    }
    Ok(Some(format!("-Cprofile-use={}", copy.display())))
}

/// What the compiler is told to make a binary that notes in a folder which ways it takes.
pub(super) fn record_flags(raw: &Path) -> String {
    format!("-Cprofile-generate={}", raw.display())
}

/// Puts together what was noted, as the profile of this machine, and says where.
pub(crate) fn keep(root: &Path, release: &Release, raw: &Path) -> Result<PathBuf> {
    let profile = place(root, release);
    fs::create_dir_all(root.join(FOLDER))?;
    let mut merge = Command::new(merger()?);
    process::run(merge.args(["merge", "-sparse", "-o"]).arg(&profile).arg(raw), LIMIT)?;
    Ok(profile)
}

fn place(root: &Path, release: &Release) -> PathBuf {
    root.join(FOLDER).join(format!("{}.profdata", release.machine.name))
}

/// The program that puts profiles together, of the LLVM that the compiler has.
pub(crate) fn merger() -> Result<String> {
    let about = said(Command::new("rustc").arg("-vV"))?;
    let version = about.lines().find_map(|line| line.strip_prefix("LLVM version: "));
    let version = version.and_then(|version| version.split('.').next()).context("rustc names no LLVM")?;
    let name = format!("llvm-profdata-{version}");
    if !succeeds(&name, &["--version"]) {
        bail!("{name} is missing: install llvm-{version}, then run this again");
    }
    Ok(name)
}
