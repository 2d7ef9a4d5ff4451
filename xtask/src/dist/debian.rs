//! The Debian package: binary, unit, user, manual and completions where the system looks for them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::archive::compress;
use super::contents::{Contents, place};
use super::release::{GLIBC, LIMIT, Release, said};
use crate::process;

const SCRIPTS: [&str; 3] = ["postinst", "prerm", "postrm"];
const DOC: &str = "usr/share/doc/proofkey";
const CONFFILE: &str = "etc/default/proofkey";

/// Writes it below `to`; quickly means not compressed.
pub(super) fn write(
    root: &Path,
    release: &Release,
    contents: &Contents,
    (to, quickly): (&Path, bool),
) -> Result<()> {
    let tree = to.join("work/debian");
    let from = root.join("packaging");
    files(&tree, contents)?;
    documents(&tree, &from, release, contents)?;
    control(&tree, &from, release)?;
    let package = to.join(format!("proofkey_{}_{}.deb", release.version, release.machine.debian));
    let compression = if quickly { "-Znone" } else { "-Zxz" };
    let mut command = Command::new("dpkg-deb");
    command.args(["--root-owner-group", "--threads-max=1", compression, "--build"]).arg(&tree).arg(package);
    process::output(command.env("SOURCE_DATE_EPOCH", &release.time), LIMIT).map(drop)
}

fn files(tree: &Path, contents: &Contents) -> Result<()> {
    place(&contents.binary, &tree.join("usr/bin/proofkey"), 0o755)?;
    let [unit, user, environment] = &contents.service;
    place(unit, &tree.join("usr/lib/systemd/system/proofkey.service"), 0o644)?;
    place(user, &tree.join("usr/lib/sysusers.d/proofkey.conf"), 0o644)?;
    place(environment, &tree.join(CONFFILE), 0o644)?;
    for (shell, file) in &contents.completions {
        let path = match *shell {
            "bash" => "usr/share/bash-completion/completions/proofkey",
            "zsh" => "usr/share/zsh/vendor-completions/_proofkey",
            _ => "usr/share/fish/vendor_completions.d/proofkey.fish",
        };
        place(file, &tree.join(path), 0o644)?;
    }
    for section in [1, 5] {
        for page in contents.pages(section)? {
            let to =
                tree.join(format!("usr/share/man/man{section}")).join(page.file_name().unwrap_or_default());
            compressed(&page, &to)?;
        }
    }
    Ok(())
}

fn documents(tree: &Path, from: &Path, release: &Release, contents: &Contents) -> Result<()> {
    let folder = tree.join(DOC);
    for file in [&contents.sbom, &contents.third_party] {
        compressed(file, &folder.join(file.file_name().unwrap_or_default()))?;
    }
    let [mit, _] = &contents.licences;
    let text = fs::read_to_string(from.join("debian/copyright"))?
        + "\nLicense: MIT\n"
        + &indented(&fs::read_to_string(mit)?);
    written(&folder.join("copyright"), &text)?;
    let entry = format!(
        "proofkey ({}) unstable; urgency=medium\n\n  * Built from commit {}{}.\n\n -- The Proofkey maintainers \
         <maintainers@proofkey.invalid>  {}\n",
        release.version,
        release.commit,
        release.changed(),
        release.date("-R")?
    );
    let changelog = folder.join("changelog");
    written(&changelog, &entry)?;
    compress(&changelog, 9)
}

/// As a field of several lines has it.
fn indented(text: &str) -> String {
    text.lines()
        .map(|line| if line.trim().is_empty() { " .\n".to_owned() } else { format!(" {line}\n") })
        .collect()
}

fn control(tree: &Path, from: &Path, release: &Release) -> Result<()> {
    let folder = tree.join("DEBIAN");
    for script in SCRIPTS {
        place(&from.join("debian").join(script), &folder.join(script), 0o755)?;
    }
    written(&folder.join("conffiles"), &format!("/{CONFFILE}\n"))?;
    let sums = sums(tree)?;
    written(&folder.join("md5sums"), &sums)?;
    // In KiB. What folders take differs from one file system to the next.
    let mut bytes = 0;
    for file in files_below(tree)? {
        bytes += fs::metadata(file)?.len();
    }
    let text = fs::read_to_string(from.join("debian/control"))?
        .replace("{version}", &release.version)
        .replace("{architecture}", release.machine.debian)
        .replace("{glibc}", GLIBC)
        .replace("{size}", &bytes.div_ceil(1024).to_string());
    written(&folder.join("control"), &text)
}

/// One line for each file below `usr`, in the order of the names.
fn sums(tree: &Path) -> Result<String> {
    let files = files_below(&tree.join("usr"))?;
    let names: Vec<&Path> = files.iter().filter_map(|path| path.strip_prefix(tree).ok()).collect();
    Ok(said(Command::new("md5sum").args(names).current_dir(tree))? + "\n")
}

/// Every file below a folder, in the order of the names.
fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { files.extend(files_below(&path)?) } else { files.push(path) }
    }
    files.sort();
    Ok(files)
}

fn compressed(from: &Path, to: &Path) -> Result<()> {
    place(from, to, 0o644)?;
    compress(to, 9)
}

fn written(path: &Path, text: &str) -> Result<()> {
    fs::create_dir_all(path.parent().context("a file is in a folder")?)?;
    Ok(fs::write(path, text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where credentials are is told to a unit (`%d`) from systemd 250 on.
    #[test]
    fn pk_03_the_package_asks_for_the_systemd_that_its_unit_needs() {
        let packaging = crate::root().unwrap().join("packaging");
        let unit = fs::read_to_string(packaging.join("proofkey.service")).unwrap();
        assert!(unit.contains("=%d/"));
        let control = fs::read_to_string(packaging.join("debian/control")).unwrap();
        let needed = control.lines().find_map(|line| line.strip_prefix("Depends: ")).unwrap();
        assert!(needed.split(", ").any(|package| package == "systemd (>= 250)"), "{needed}");
    }

    #[test]
    fn pk_04_a_start_that_changes_the_schema_is_not_ended_by_the_clock() {
        let unit = fs::read_to_string(crate::root().unwrap().join("packaging/proofkey.service")).unwrap();
        assert!(unit.lines().any(|line| line == "TimeoutStartSec=infinity"));
    }
}
