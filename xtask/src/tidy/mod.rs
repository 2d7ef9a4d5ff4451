//! `cargo xtask tidy`: the shape of the tree, checked.
//!
//! Each check is a pure function from sources to findings, so that its tests can hand it a tree that must not pass.

mod bans;
mod comments;
mod crates;
mod edges;
mod errors;
mod functions;
mod imports;
mod links;
mod secrets;
mod shape;
mod sources;
mod tokens;

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::{compliance, process, source};

/// Runs every check over the tree at `root`; prints the findings and fails when there are any.
pub(crate) fn run(root: &Path) -> Result<()> {
    let files = source::every_text_file(root)?;
    let sources = source::rust_sources(root)?;
    let page = fs::read_to_string(root.join(crates::PAGE)).context(crates::PAGE)?;
    let crates = crates::read(&page)?;
    let mut findings = edges::check(&crates, &metadata(root)?)?;
    findings.extend(bans::check(&build(root)?));
    findings.extend(sources::check(&sources, &crates));
    findings.extend(comments::check(&sources));
    findings.extend(shape::check(&sources));
    findings.extend(functions::check(&sources)?);
    findings.extend(errors::check(&sources)?);
    findings.extend(imports::check(&sources)?);
    findings.extend(secrets::check(&files));
    findings.extend(compliance::check(&files)?);
    findings.extend(links::check(&files, |path| root.join(path).exists()));
    findings.extend(secrets::loopback(&sources));
    for warning in shape::warnings(&sources) {
        println!("note: {warning}");
    }
    for finding in &findings {
        println!("tidy: {finding}");
    }
    if !findings.is_empty() {
        bail!("{} findings", findings.len());
    }
    println!("tidy: {} Rust files, nothing found", sources.len());
    Ok(())
}

/// What cargo knows about the workspace's members and what they depend on.
fn metadata(root: &Path) -> Result<serde_json::Value> {
    let mut command = process::cargo();
    command.args(["metadata", "--format-version", "1", "--no-deps", "--offline"]).current_dir(root);
    let stdout = process::output(&mut command, Duration::from_secs(120))?;
    serde_json::from_slice(&stdout).context("cargo metadata printed no JSON")
}

/// Every package that is built, for tests too; without the optional dependencies that are turned off.
fn build(root: &Path) -> Result<String> {
    let mut command = process::cargo();
    command.args(["tree", "--workspace", "--all-features", "--prefix", "none", "--locked"]).current_dir(root);
    let stdout = process::output(&mut command, Duration::from_secs(120))?;
    String::from_utf8(stdout).context("cargo tree printed no text")
}
