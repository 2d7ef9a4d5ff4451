//! The binary: built so that neither the folder nor the day shows in it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::profile;
use super::release::{LIMIT, Release};
use crate::process::{self, cargo};

/// Builds the binary that is shipped, and measured, in this folder, and returns its path.
pub(crate) fn build(root: &Path, release: &Release, target: &Path) -> Result<PathBuf> {
    let (mut command, built) = building(root, release, target);
    hide_folders(&mut command, root, target, profile::use_flags(root, release, target)?)?;
    if !release.is_for_this_machine() {
        let variable =
            format!("CARGO_TARGET_{}_LINKER", release.machine.target.to_uppercase().replace('-', "_"));
        command.env(variable, format!("{}-gcc", release.machine.triplet));
    }
    process::run(&mut command, LIMIT)?;
    profile::tell_of_age(root, release)?;
    Ok(built)
}

/// Builds it in a folder of its own so that it notes in another one, which was empty, which ways it takes, and returns its path.
pub(crate) fn build_recording(root: &Path, release: &Release, target: &Path, raw: &Path) -> Result<PathBuf> {
    let (mut command, built) = building(root, release, target);
    command.env("CARGO_ENCODED_RUSTFLAGS", profile::record_flag(raw));
    process::run(&mut command, LIMIT)?;
    Ok(built)
}

/// The command, and where the binary will be. The machine is named also where it is this one: then the flags are for what ships and for nothing
/// that runs while it is built, and functions have one name in the build that notes and in the one that is told.
fn building(root: &Path, release: &Release, target: &Path) -> (Command, PathBuf) {
    let (mut command, triplet) = (cargo(), release.machine.target);
    command.args(["build", "--locked", "--profile", "dist", "-p", "proofkey", "--target", triplet]);
    command.current_dir(root).env("CARGO_TARGET_DIR", target);
    command.env("PROOFKEY_LONG_VERSION", release.long_version()).env("SOURCE_DATE_EPOCH", &release.time);
    (command, target.join(triplet).join("dist/proofkey"))
}

/// Debug information is gone from the binary; what names a folder still is the text of assertions. Of two rules that fit, the last
/// counts.
fn hide_folders(command: &mut Command, root: &Path, target: &Path, profile: Vec<String>) -> Result<()> {
    let home = match std::env::var_os("CARGO_HOME") {
        Some(home) => PathBuf::from(home),
        None => PathBuf::from(std::env::var_os("HOME").context("neither CARGO_HOME nor HOME is set")?)
            .join(".cargo"),
    };
    let folders = [(home.as_path(), "/cargo"), (root, "/proofkey"), (target, "/target")];
    let mut rust = folders.map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display())).to_vec();
    rust.extend(profile);
    let c = folders.map(|(from, to)| format!("-ffile-prefix-map={}={to}", from.display()));
    command.env("CARGO_ENCODED_RUSTFLAGS", rust.join("\x1f")).env("CFLAGS", c.join(" "));
    Ok(())
}

/// The command in its plain form, for what it says of itself.
pub(super) fn on_this_machine(root: &Path) -> Result<PathBuf> {
    let mut command = cargo();
    process::run(command.args(["build", "--locked", "-p", "proofkey"]).current_dir(root), LIMIT)?;
    Ok(target_folder(root).join("debug/proofkey"))
}

/// Where cargo builds.
pub(crate) fn target_folder(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
}
