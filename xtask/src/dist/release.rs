//! What is released: version, commit, time and machine, and what the binary may need of it.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::process;

/// How long one program may take; a build from nothing is the longest.
pub(super) const LIMIT: Duration = Duration::from_secs(60 * 60);
/// The oldest C library that the binary runs with: that of Debian 12, Ubuntu 22.04 and RHEL 9. From this one on, names are resolved
/// without a further library.
pub(super) const GLIBC: &str = "2.34";
/// What the binary may load when it starts.
const LIBRARIES: [&str; 5] =
    ["libc.so.6", "libm.so.6", "libgcc_s.so.1", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"];

/// One machine that binaries are for.
pub(super) struct Machine {
    /// As Rust calls it.
    pub(super) target: &'static str,
    /// As Debian and container engines call it.
    pub(super) debian: &'static str,
    /// As file names call it.
    pub(super) name: &'static str,
    /// As compilers and library folders call it.
    pub(super) triplet: &'static str,
    /// What starts a program, and where it has to be.
    pub(super) loader: (&'static str, &'static str),
}

const MACHINES: [Machine; 2] = [
    Machine {
        target: "x86_64-unknown-linux-gnu",
        debian: "amd64",
        name: "x86_64",
        triplet: "x86_64-linux-gnu",
        loader: ("ld-linux-x86-64.so.2", "lib64"),
    },
    Machine {
        target: "aarch64-unknown-linux-gnu",
        debian: "arm64",
        name: "aarch64",
        triplet: "aarch64-linux-gnu",
        loader: ("ld-linux-aarch64.so.1", "lib"),
    },
];

/// What is released.
pub(crate) struct Release {
    pub(super) version: String,
    /// The whole hash.
    pub(super) commit: String,
    /// The folder has something else than the commit, so what is built in it is not what the commit is.
    pub(super) has_changes: bool,
    /// Of the commit, in seconds: every file bears it, whenever it was made.
    pub(super) time: String,
    pub(super) machine: &'static Machine,
}

impl Release {
    /// The last commit, for a machine, or for this one.
    pub(crate) fn of(root: &Path, target: Option<&str>) -> Result<Self> {
        let host = host()?;
        let wanted = target.unwrap_or(&host);
        let machine = MACHINES.iter().find(|machine| machine.target == wanted).with_context(|| {
            format!(
                "{wanted} is not released; there are: {}",
                MACHINES.map(|machine| machine.target).join(", ")
            )
        })?;
        let [commit, time] = ["%H", "%ct"].map(|format| {
            let mut git = Command::new("git");
            said(git.args(["log", "-1", &format!("--format={format}")]).current_dir(root))
        });
        let has_changes = has_changes(root)?;
        Ok(Self { version: version(root)?, commit: commit?, has_changes, time: time?, machine })
    }

    /// How the names of its files begin.
    pub(super) fn stem(&self) -> String {
        format!("proofkey-{}-{}-linux", self.version, self.machine.name)
    }

    /// What `--version` says.
    pub(super) fn long_version(&self) -> String {
        let (commit, changed) = (self.commit.get(..12).unwrap_or(&self.commit), self.changed());
        format!("{} (commit {commit}{changed})", self.version)
    }

    /// What is said of changes behind the name of the commit.
    pub(super) const fn changed(&self) -> &'static str {
        if self.has_changes { ", with changes" } else { "" }
    }

    /// That it is the commit and nothing else.
    pub(super) fn check_is_commit(&self) -> Result<()> {
        ensure!(
            !self.has_changes,
            "what is in this folder differs from commit {}, and a release is named by its commit: commit or remove what `git status` \
             lists, or build a checkout of the commit",
            self.commit
        );
        Ok(())
    }

    pub(super) fn is_for_this_machine(&self) -> bool {
        host().is_ok_and(|host| host == self.machine.target)
    }

    /// A tool of the compiler, such as `objcopy`, for this machine.
    pub(super) fn tool(&self, name: &str) -> Command {
        let prefix =
            if self.is_for_this_machine() { String::new() } else { format!("{}-", self.machine.triplet) };
        Command::new(format!("{prefix}{name}"))
    }

    /// The time in the words of a format of `date`.
    pub(super) fn date(&self, format: &str) -> Result<String> {
        said(Command::new("date").args(["-u", "-d", &format!("@{}", self.time), format]))
    }

    /// That a binary, which has to run on this machine, says itself that it is of this commit.
    pub(super) fn check_version(&self, binary: &Path) -> Result<()> {
        let told = said(Command::new(binary).arg("--version"))?;
        self.check_told(&told).with_context(|| binary.display().to_string())
    }

    fn check_told(&self, told: &str) -> Result<()> {
        let own = self.long_version();
        ensure!(told == format!("proofkey {own}"), "it says of itself `{told}`, and is to be {own}");
        Ok(())
    }

    /// That the binary needs no newer C library than is promised, and no library beside it.
    pub(super) fn check_needs(&self, binary: &Path) -> Result<()> {
        let symbols = said(self.tool("objdump").arg("-T").arg(binary))?;
        let needed = newest(&symbols).context("the binary names no version of glibc")?;
        if needed > number(GLIBC) {
            bail!(
                "{} needs glibc 2.{}, and {GLIBC} is promised: build it where that one is, on Debian 12 or Ubuntu 22.04",
                binary.display(),
                needed.1
            );
        }
        let headers = said(self.tool("objdump").arg("-p").arg(binary))?;
        let loaded = headers.lines().filter_map(|line| line.trim().strip_prefix("NEEDED"));
        for library in loaded.map(str::trim) {
            ensure!(
                LIBRARIES.contains(&library),
                "the binary loads {library}, which nothing promises to be there"
            );
        }
        Ok(())
    }
}

/// The newest version of glibc that a table of symbols asks for.
fn newest(symbols: &str) -> Option<(u32, u32)> {
    symbols.split("GLIBC_").skip(1).map(number).max()
}

/// The first two numbers of a version.
fn number(text: &str) -> (u32, u32) {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let mut parts = text.get(..end).unwrap_or("").split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

/// Whether a file differs from the commit, or is in no commit and not ignored.
fn has_changes(root: &Path) -> Result<bool> {
    let listed = said(Command::new("git").args(["status", "--porcelain"]).current_dir(root))?;
    Ok(!listed.is_empty())
}

/// Of the workspace.
fn version(root: &Path) -> Result<String> {
    let manifest = std::fs::read_to_string(root.join("Cargo.toml"))?;
    let line = manifest.lines().find_map(|line| line.strip_prefix("version = \""));
    let version = line.and_then(|rest| rest.split('"').next()).context("Cargo.toml has no version")?;
    Ok(version.to_owned())
}

/// This machine, as Rust calls it.
pub(super) fn host() -> Result<String> {
    of_compiler("host")
}

/// What the compiler says of itself under a name.
pub(super) fn of_compiler(name: &str) -> Result<String> {
    let about = said(Command::new("rustc").arg("-vV"))?;
    let told = about.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    Ok(told.with_context(|| format!("rustc does not name its {name}"))?.to_owned())
}

/// What a program prints, without the last line break.
pub(super) fn said(command: &mut Command) -> Result<String> {
    Ok(String::from_utf8(process::output(command, LIMIT)?)?.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pk_01_the_newest_symbol_decides_which_c_library_is_needed() {
        assert_eq!(newest("w DF *UND* (GLIBC_2.2.5) a\n (GLIBC_2.34) b (GLIBC_2.4) c"), Some((2, 34)));
        assert_eq!(newest("none"), None);
        assert!(number("2.36") > number(GLIBC) && number("2.9") < number(GLIBC));
    }

    #[test]
    fn pk_02_the_version_names_the_commit() {
        let release = Release::of(&crate::root().unwrap(), Some("x86_64-unknown-linux-gnu")).unwrap();
        assert!(release.long_version().starts_with(&format!("{} (commit ", release.version)));
        assert_eq!(release.commit.len(), 40);
        let changed = Release { has_changes: true, ..release };
        assert!(changed.long_version().ends_with(", with changes)"), "{}", changed.long_version());
        let refused = changed.check_is_commit().unwrap_err().to_string();
        assert!(refused.contains(&changed.commit) && refused.contains("git status"), "{refused}");
        assert!(Release { has_changes: false, ..changed }.check_is_commit().is_ok());
        assert!(Release::of(&crate::root().unwrap(), Some("wasm32-unknown-unknown")).is_err());
    }

    #[test]
    fn pk_02_a_binary_that_names_another_commit_is_refused() {
        let release = Release::of(&crate::root().unwrap(), Some("x86_64-unknown-linux-gnu")).unwrap();
        let says = |version: &str| release.check_told(&format!("proofkey {version}"));
        says(&release.long_version()).unwrap();
        for other in [release.version.clone(), format!("{} (commit 000000000000)", release.version)] {
            let refused = says(&other).unwrap_err().to_string();
            assert!(refused.contains(&other) && refused.contains(&release.commit[..12]), "{refused}");
        }
    }

    #[test]
    fn pk_02_a_folder_with_changes_is_told_from_its_commit() {
        let folder = std::env::temp_dir().join(format!("proofkey-changes-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let git = |words: &[&str]| {
            let named = ["-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false"];
            said(Command::new("git").args(named).args(words).current_dir(&folder)).unwrap();
        };
        let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
        git(&["init", "--quiet"]);
        write("a", "1");
        assert!(has_changes(&folder).unwrap(), "of no commit");
        git(&["add", "a"]);
        git(&["commit", "--quiet", "--no-verify", "-m", "a"]);
        assert!(!has_changes(&folder).unwrap());
        write("a", "2");
        assert!(has_changes(&folder).unwrap(), "changed");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
