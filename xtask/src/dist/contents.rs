//! What every package holds: the binary, its manual pages and completions, the licences and the list of parts.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::licences;
use super::lock::Lock;
use super::release::{GLIBC, LIMIT, Release};
use super::sbom;
use crate::process;

/// What is packed.
pub(super) struct Sources {
    /// The binary that is shipped.
    pub(super) binary: PathBuf,
    /// One of the same version that runs on this machine.
    pub(super) host: PathBuf,
    /// For a test: without symbols, and compressed as fast as can be.
    pub(super) quickly: bool,
}

/// Files that are ready to be packed.
pub(super) struct Contents {
    pub(super) binary: PathBuf,
    /// A folder of pages of sections 1 and 5.
    pub(super) manual: PathBuf,
    /// Each shell with its file.
    pub(super) completions: [(&'static str, PathBuf); 3],
    pub(super) sbom: PathBuf,
    pub(super) third_party: PathBuf,
    /// What it needs and what is beside it, in words.
    pub(super) readme: PathBuf,
    /// From the tree: the unit, its user and its environment.
    pub(super) service: [PathBuf; 3],
    pub(super) licences: [PathBuf; 2],
}

impl Contents {
    /// Collects them below `folder`. The second binary is asked for pages and completions.
    pub(super) fn collect(
        root: &Path,
        release: &Release,
        Sources { binary, host, quickly }: &Sources,
        folder: &Path,
    ) -> Result<Self> {
        let manual = folder.join("man");
        fs::create_dir_all(&manual)?;
        let packed = folder.join("proofkey");
        if *quickly {
            process::run(release.tool("strip").arg("-o").arg(&packed).arg(binary), LIMIT)?;
        } else {
            place(binary, &packed, 0o755)?;
        }
        process::run(Command::new(host).args(["manual", "--to"]).arg(&manual), LIMIT)?;
        let completions =
            ["bash", "zsh", "fish"].map(|shell| (shell, folder.join(format!("proofkey.{shell}"))));
        for (shell, path) in &completions {
            fs::write(path, process::output(Command::new(host).args(["completion", shell]), LIMIT)?)?;
        }
        let (sbom, third_party) = (folder.join("sbom.cdx.json"), folder.join("third-party.txt"));
        let lock = Lock::read(root).context("Cargo.lock")?;
        let built = licences::Built::read(root, release.machine.target)?;
        fs::write(&sbom, sbom::render(release, &lock, &built)?)?;
        let licences = ["LICENSE-MIT", "LICENSE-APACHE"].map(|name| root.join(name));
        fs::write(&third_party, built.texts(&fs::read_to_string(&licences[1])?)?)?;
        let packaging = root.join("packaging");
        let readme = folder.join("README.txt");
        fs::write(&readme, told(release, &fs::read_to_string(packaging.join("README.txt"))?))?;
        Ok(Self {
            binary: packed,
            manual,
            completions,
            sbom,
            third_party,
            readme,
            service: ["proofkey.service", "sysusers.conf", "default"].map(|name| packaging.join(name)),
            licences,
        })
    }

    /// The pages of one section.
    pub(super) fn pages(&self, section: u8) -> Result<Vec<PathBuf>> {
        let mut pages = Vec::new();
        for entry in fs::read_dir(&self.manual)? {
            pages.push(entry?.path());
        }
        pages.retain(|page| page.extension().is_some_and(|extension| *extension == *section.to_string()));
        pages.sort();
        Ok(pages)
    }
}

/// A text with what is true of this release in place of the names in braces.
fn told(release: &Release, text: &str) -> String {
    let values = [
        ("{version}", release.version.clone()),
        ("{commit}", format!("{}{}", release.commit, release.changed())),
        ("{machine}", release.machine.name.replace('_', "-")),
        ("{glibc}", GLIBC.to_owned()),
    ];
    values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
}

/// Copies a file to a place whose folders are made, with its mode, whatever the umask.
pub(super) fn place(from: &Path, to: &Path, mode: u32) -> Result<()> {
    fs::create_dir_all(to.parent().context("a file is in a folder")?)?;
    fs::copy(from, to).with_context(|| from.display().to_string())?;
    fs::set_permissions(to, std::os::unix::fs::PermissionsExt::from_mode(mode))?;
    Ok(())
}
