//! Which ways the server takes under load, for the compiler: it puts them side by side, and what is seldom taken elsewhere. The
//! profile lies in the repository, so that who builds needs the compiler alone and gets the same bytes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::release::{LIMIT, Release, host, of_compiler, said};
use crate::process::{self, succeeds};

/// Where it lies.
const FOLDER: &str = "packaging/profile";

/// What the compiler is told of the profile of this machine, for a build in this folder; nothing where there is none. Cargo builds
/// anew what was built with another flag and not what was built with another file, so the profile gets a name of what is in it. Of
/// functions that have changed since nothing is said.
pub(super) fn use_flags(root: &Path, release: &Release, target: &Path) -> Result<Vec<String>> {
    let profile = place(root, release);
    if !profile.exists() {
        return Ok(Vec::new());
    }
    let digest = said(Command::new("sha256sum").arg("--").arg(&profile))?;
    let name = digest.get(..16).context("sha256sum prints a digest")?;
    fs::create_dir_all(target)?;
    let copy = target.join(format!("{name}.profdata"));
    // A copy that is newer than what was built with it would have it built anew.
    if fs::read(&copy).ok() != Some(fs::read(&profile)?) {
        fs::copy(&profile, &copy).with_context(|| format!("{} cannot be written", copy.display()))?;
    }
    Ok(vec![format!("-Cprofile-use={}", copy.display()), "-Cllvm-args=-no-pgo-warn-mismatch".to_owned()])
}

/// What the compiler is told to make a binary that notes in a folder which ways it takes.
pub(super) fn record_flag(raw: &Path) -> String {
    format!("-Cprofile-generate={}", raw.display())
}

/// Puts together what was noted, as the profile of this machine, with what it was made by and of beside it, and says where.
pub(crate) fn keep(root: &Path, release: &Release, raw: &Path) -> Result<PathBuf> {
    let profile = place(root, release);
    fs::create_dir_all(root.join(FOLDER))?;
    let mut merge = Command::new(merger()?);
    process::run(merge.args(["merge", "-sparse", "-o"]).arg(&profile).arg(raw), LIMIT)?;
    fs::write(profile.with_extension("txt"), made_of(root, release)?)?;
    Ok(profile)
}

/// Says so where the profile was made by another compiler or of other dependencies: functions have other names then, and it fits few.
pub(super) fn tell_of_age(root: &Path, release: &Release) -> Result<()> {
    let profile = place(root, release);
    if profile.exists() && fs::read_to_string(profile.with_extension("txt"))? != made_of(root, release)? {
        eprintln!(
            "{} is of another compiler, version or set of dependencies, and fits few functions of this build: `cargo xtask bench \
             --record-profile` makes it anew",
            profile.display()
        );
    }
    Ok(())
}

/// What the names of functions are made of.
fn made_of(root: &Path, release: &Release) -> Result<String> {
    let lock = said(Command::new("sha256sum").arg("--").arg(root.join("Cargo.lock")))?;
    let (version, lock) = (&release.version, lock.split(' ').next().unwrap_or_default());
    let compiler = said(Command::new("rustc").arg("-vV"))?;
    Ok(format!("proofkey {version}\nCargo.lock {lock}\n{compiler}\n"))
}

fn place(root: &Path, release: &Release) -> PathBuf {
    root.join(FOLDER).join(format!("{}.profdata", release.machine.name))
}

/// The program that puts profiles together: the compiler's own (`rustup component add llvm-tools`), or that of the same LLVM.
pub(crate) fn merger() -> Result<PathBuf> {
    let (host, version) = (host()?, of_compiler("LLVM version")?);
    let sysroot = PathBuf::from(said(Command::new("rustc").args(["--print", "sysroot"]))?);
    let own = sysroot.join("lib/rustlib").join(host).join("bin/llvm-profdata");
    if own.is_file() {
        return Ok(own);
    }
    let major = version.split('.').next().unwrap_or(&version);
    let other = format!("llvm-profdata-{major}");
    if !succeeds(&other, &["--version"]) {
        bail!("llvm-profdata is missing: `rustup component add llvm-tools`, or install llvm-{major}");
    }
    Ok(PathBuf::from(other))
}
