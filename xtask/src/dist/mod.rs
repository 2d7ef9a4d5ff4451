//! `cargo xtask dist`: what is released, and whether it comes out the same again: an archive, a Debian package, an image for
//! container engines, and their checksums, all with the one binary that `cargo xtask bench` measures.
//!
//! The formats are written by the programs that define them (`tar`, `gzip`, `dpkg-deb`), told to leave out what differs from one
//! build to the next: owners, times, the order of names.

mod archive;
mod binary;
mod contents;
mod debian;
mod image;
mod licences;
mod lock;
mod profile;
mod release;
mod sbom;
mod system;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::process;
pub(crate) use binary::{build, build_recording, target_folder};
use contents::{Contents, Sources};
pub(crate) use profile::{keep as keep_profile, merger as profile_merger};
use release::LIMIT;
pub(crate) use release::Release;

/// What was asked for.
#[derive(Debug, Default)]
pub(crate) struct Options {
    check_reproducible: bool,
    target: Option<String>,
    of: Option<PathBuf>,
    to: Option<PathBuf>,
}

impl Options {
    /// `None` where the words are no options of this command.
    pub(crate) fn parse(words: &[&str]) -> Option<Self> {
        let mut options = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--check-reproducible" => options.check_reproducible = true,
                "--target" => options.target = Some((*words.next()?).to_owned()),
                "--of" => options.of = Some(PathBuf::from(words.next()?)),
                "--to" => options.to = Some(PathBuf::from(words.next()?)),
                _ => return None,
            }
        }
        let is_check_alone = options.target.is_none() && options.of.is_none() && options.to.is_none();
        (!options.check_reproducible || is_check_alone).then_some(options)
    }
}

/// Builds and packs.
pub(crate) fn run(root: &Path, options: &Options) -> Result<()> {
    let release = Release::of(root, options.target.as_deref())?;
    if options.check_reproducible {
        // What is built is the commit, whatever is in this folder.
        return check_reproducible(root, &Release { has_changes: false, ..release });
    }
    if options.of.is_none() {
        release.check_is_commit()?;
    }
    let to = options.to.clone().unwrap_or_else(|| root.join("target/dist-packages"));
    let (binary, host) = match &options.of {
        Some(binary) => (binary.clone(), binary.clone()),
        None => {
            let binary = build(root, &release, &target_folder(root))?;
            // The pages come from the command itself, which has to run here.
            let host =
                if release.is_for_this_machine() { binary.clone() } else { binary::on_this_machine(root)? };
            (binary, host)
        }
    };
    pack(root, &release, &Sources { binary, host, quickly: options.of.is_some() }, &to)
}

/// Packs the binary under test, for the tests of packages.
pub(crate) fn for_tests(root: &Path) -> Result<()> {
    let binary = target_folder(root).join("debug/proofkey");
    let options =
        Options { of: Some(binary), to: Some(root.join("target/test-packages")), ..Options::default() };
    run(root, &options)
}

fn pack(root: &Path, release: &Release, sources: &Sources, to: &Path) -> Result<()> {
    let quickly = sources.quickly;
    release.check_needs(&sources.binary)?;
    // A binary under test is built without the name of its commit.
    if !quickly && release.is_for_this_machine() {
        release.check_version(&sources.binary)?;
    }
    if to.exists() {
        fs::remove_dir_all(to)?;
    }
    fs::create_dir_all(to)?;
    let work = to.join("work");
    let contents = Contents::collect(root, release, sources, &work.join("contents"))?;
    let level = if quickly { 1 } else { 9 };
    archive::write(release, &contents, &work, (to, level))?;
    debian::write(root, release, &contents, (to, quickly))?;
    image::write(release, &contents, &work, (to, level))?;
    let sbom = to.join(format!("{}.cdx.json", release.stem()));
    fs::copy(&contents.sbom, &sbom)?;
    fs::remove_dir_all(&work)?;
    checksums(to)
}

/// One line for each file, in the form that `sha256sum --check` reads.
fn checksums(to: &Path) -> Result<()> {
    let mut names = Vec::new();
    for entry in fs::read_dir(to)? {
        names.push(entry?.file_name());
    }
    names.sort();
    let lines = process::output(Command::new("sha256sum").args(&names).current_dir(to), LIMIT)?;
    fs::write(to.join("SHA256SUMS"), &lines)?;
    print!("{}", String::from_utf8_lossy(&lines));
    println!("{}", to.display());
    Ok(())
}

/// Builds the last commit in two folders of names that differ in length, each with nothing built before, and compares.
fn check_reproducible(root: &Path, release: &Release) -> Result<()> {
    let folder = root.join("target/reproducible");
    let mut sums = Vec::new();
    for name in ["one", "another-folder/of-a-longer-name"] {
        let tree = folder.join(name);
        if tree.exists() {
            fs::remove_dir_all(&tree)?;
        }
        fs::create_dir_all(&tree)?;
        check_out(root, &tree).context("the last commit cannot be unpacked")?;
        let binary = build(&tree, release, &tree.join("target"))?;
        let to = tree.join("packages");
        pack(&tree, release, &Sources { host: binary.clone(), binary, quickly: false }, &to)?;
        sums.push(fs::read_to_string(to.join("SHA256SUMS"))?);
    }
    let [one, another] = sums.as_slice() else { bail!("two builds were asked for") };
    ensure!(one == another, "the builds differ:\n{one}\n{another}");
    let kept = root.join("target/dist-packages");
    if kept.exists() {
        fs::remove_dir_all(&kept)?;
    }
    fs::rename(folder.join("one/packages"), &kept)?;
    fs::remove_dir_all(&folder)?;
    println!("both builds of {} are the same, byte for byte: {}", release.commit, kept.display());
    Ok(())
}

fn check_out(root: &Path, tree: &Path) -> Result<()> {
    let tar = tree.join("tree.tar");
    let mut archive = Command::new("git");
    process::run(archive.args(["archive", "--output"]).arg(&tar).arg("HEAD").current_dir(root), LIMIT)?;
    process::run(Command::new("tar").arg("-xf").arg(&tar).arg("-C").arg(tree), LIMIT)?;
    Ok(fs::remove_file(tar)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_or_refused() {
        let packed = Options::parse(&["--of", "a", "--to", "b"]).unwrap();
        assert_eq!((packed.of, packed.to), (Some("a".into()), Some("b".into())));
        assert!(Options::parse(&["--check-reproducible"]).unwrap().check_reproducible);
        for wrong in [&["--of"][..], &["--what"], &["--check-reproducible", "--of", "a"]] {
            assert!(Options::parse(wrong).is_none(), "{wrong:?}");
        }
    }
}
