//! The archive, for every Linux with the C library that is needed: one folder, with the binary to run from there.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::contents::{Contents, place};
use super::release::{LIMIT, Release};
use crate::process;

/// Writes it below `to`, compressed at this level.
pub(super) fn write(
    release: &Release,
    contents: &Contents,
    work: &Path,
    (to, level): (&Path, u8),
) -> Result<()> {
    let stem = release.stem();
    let folder = work.join("archive").join(&stem);
    place(&contents.binary, &folder.join("proofkey"), 0o755)?;
    for section in [1, 5] {
        for page in contents.pages(section)? {
            place(
                &page,
                &folder.join(format!("man/man{section}")).join(page.file_name().unwrap_or_default()),
                0o644,
            )?;
        }
    }
    for (shell, file) in &contents.completions {
        place(file, &folder.join("completions").join(format!("proofkey.{shell}")), 0o644)?;
    }
    let [mit, apache] = &contents.licences;
    for file in [&contents.readme, &contents.sbom, &contents.third_party, mit, apache] {
        place(file, &folder.join(file.file_name().unwrap_or_default()), 0o644)?;
    }
    for file in &contents.service {
        place(file, &folder.join("systemd").join(file.file_name().unwrap_or_default()), 0o644)?;
    }
    let tar = to.join(format!("{stem}.tar"));
    let mut command = tar_of(release, &work.join("archive"), &tar);
    process::run(command.arg(&stem), LIMIT)?;
    compress(&tar, level)
}

/// `tar`, to be given what it is to take of a folder, with nothing in it that differs from one build to the next.
pub(super) fn tar_of(release: &Release, folder: &Path, tar: &Path) -> Command {
    let mut command = Command::new("tar");
    command.args(["--create", "--format=gnu", "--sort=name", "--owner=0", "--group=0", "--numeric-owner"]);
    command.args(["--mode=u=rwX,go=rX", &format!("--mtime=@{}", release.time)]);
    command.arg("--file").arg(tar).arg("--directory").arg(folder);
    command
}

/// In its place, without name and time.
pub(super) fn compress(file: &Path, level: u8) -> Result<()> {
    let bytes =
        process::output(Command::new("gzip").args(["-n", "-c", &format!("-{level}")]).arg(file), LIMIT)?;
    let mut name = file.as_os_str().to_owned();
    name.push(".gz");
    fs::write(name, bytes)?;
    Ok(fs::remove_file(file)?)
}
