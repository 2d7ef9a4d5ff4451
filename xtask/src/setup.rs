//! `cargo xtask setup`: installs what the tests need and what is not there yet.
//!
//! Rust, Node and Python are the newcomer's; Chromium, nginx and the test clients are ours. Everything but the Debian packages
//! lands inside the working tree.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::guides;
use crate::process::{self, succeeds};

/// How long one installer may take.
const LIMIT: Duration = Duration::from_secs(15 * 60);

/// A Debian package, and the command that shows that what we need of it is there.
struct Package {
    name: &'static str,
    present: (&'static str, &'static [&'static str]),
}

const PACKAGES: [Package; 15] = [
    Package { name: "nginx", present: ("/usr/sbin/nginx", &["-v"]) },
    Package { name: "chromium", present: ("/usr/bin/chromium", &["--version"]) },
    Package { name: "postgresql", present: ("sh", &["-c", "ls /usr/lib/postgresql/*/bin/initdb"]) },
    Package { name: "pgbouncer", present: ("/usr/sbin/pgbouncer", &["--version"]) },
    Package { name: "strace", present: ("strace", &["--version"]) },
    // The server without its service, which would begin to listen when it is installed.
    Package {
        name: "libapache2-mod-auth-openidc",
        present: ("sh", &["-c", "ls /usr/lib/apache2/modules/mod_auth_openidc.so"]),
    },
    Package { name: "python3-venv", present: ("python3", &["-c", "import ensurepip, venv"]) },
    Package { name: "systemd", present: ("systemd-analyze", &["--version"]) },
    Package { name: "iproute2", present: ("ip", &["-V"]) },
    Package { name: "procps", present: ("pgrep", &["--version"]) },
    Package { name: "man-db", present: ("man", &["--version"]) },
    // They read the completions that are shipped, and look through the Debian package.
    Package { name: "zsh", present: ("zsh", &["--version"]) },
    Package { name: "fish", present: ("fish", &["--version"]) },
    Package { name: "lintian", present: ("lintian", &["--version"]) },
    Package { name: "ca-certificates", present: ("test", &["-e", "/etc/ssl/certs/ca-certificates.crt"]) },
];
/// What `--no-install-recommends` would leave out and a page needs all the same.
const FONTS: [&str; 1] = ["fonts-liberation"];
/// The folders that hold npm packages.
const NPM_FOLDERS: [&str; 2] = ["tests/browser", "tests/interop"];
/// Pinned PyPI packages.
const REQUIREMENTS: &str = "tests/interop/requirements.txt";
/// Where the Python packages go.
const VENV: &str = "target/venv";

/// Installs what is missing and says so; a second run does nothing.
pub(crate) fn run(root: &Path) -> Result<()> {
    languages()?;
    debian()?;
    for folder in NPM_FOLDERS {
        npm(&root.join(folder)).with_context(|| format!("npm packages of {folder}"))?;
    }
    python(root).context("Python packages")?;
    guides::fetch(root).context("packages of the guides")
}

fn languages() -> Result<()> {
    for (program, least) in [("node", "20"), ("npm", "10"), ("python3", "3.11")] {
        if !succeeds(program, &["--version"]) {
            bail!("{program} is missing: install version {least} or newer, then run this again");
        }
    }
    Ok(())
}

fn debian() -> Result<()> {
    let missing: Vec<&str> =
        PACKAGES.iter().filter(|p| !succeeds(p.present.0, p.present.1)).map(|p| p.name).collect();
    if missing.is_empty() {
        println!("Debian packages: all there");
        return Ok(());
    }
    let names = missing.join(" ");
    println!("Debian packages: installing {names}");
    if !succeeds("apt-get", &["--version"]) {
        bail!("this is no Debian: install {names} by hand (Chromium is expected at /usr/bin/chromium)");
    }
    let mut install = vec!["install", "-y", "--no-install-recommends"];
    install.extend(&missing);
    install.extend(FONTS);
    for arguments in [vec!["-q", "update"], install] {
        let mut command = as_root().with_context(|| {
            format!("{names} missing: run `apt-get install {names}` as root, then run this again")
        })?;
        process::run(command.args(arguments), LIMIT)?;
    }
    Ok(())
}

/// `apt-get` with the rights to install: as we are when we are root, else through sudo, which may ask for a password.
fn as_root() -> Result<Command> {
    let settings = ["DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=120"];
    if process::is_root() {
        let mut command = Command::new("env");
        command.args(settings);
        return Ok(command);
    }
    if !succeeds("sudo", &["-V"]) {
        bail!("neither root nor sudo");
    }
    let mut command = Command::new("sudo");
    command.arg("env").args(settings);
    Ok(command)
}

/// `npm ci`, unless the lock file is the one that was installed last.
fn npm(folder: &Path) -> Result<()> {
    let lock = folder.join("package-lock.json");
    let stamp = folder.join("node_modules/.installed-lock.json");
    if same(&lock, &stamp) {
        println!("npm packages: {} is up to date", folder.display());
        return Ok(());
    }
    println!("npm packages: installing in {}", folder.display());
    let mut command = Command::new("npm");
    process::run(command.args(["ci", "--no-audit", "--no-fund"]).current_dir(folder), LIMIT)?;
    fs::copy(&lock, &stamp).context("cannot note what was installed")?;
    Ok(())
}

/// A virtual environment below `target`, so that the system's Python stays as it is.
fn python(root: &Path) -> Result<()> {
    let (venv, requirements) = (root.join(VENV), root.join(REQUIREMENTS));
    let stamp = venv.join("installed-requirements.txt");
    if same(&requirements, &stamp) {
        println!("Python packages: up to date");
        return Ok(());
    }
    println!("Python packages: installing in {VENV}");
    process::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv), LIMIT)?;
    let mut command = Command::new(venv.join("bin/python"));
    command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    process::run(command.arg(&requirements), LIMIT)?;
    fs::copy(&requirements, &stamp).context("cannot note what was installed")?;
    Ok(())
}

fn same(wanted: &Path, installed: &Path) -> bool {
    fs::read(wanted).is_ok_and(|wanted| fs::read(installed).is_ok_and(|installed| wanted == installed))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A registry's address in a lock file would tie the tree to the machine that wrote it.
    #[test]
    fn lock_files_name_no_registry() {
        let root = crate::root().unwrap();
        for folder in NPM_FOLDERS {
            let lock = fs::read_to_string(root.join(folder).join("package-lock.json")).unwrap();
            assert!(!lock.contains("\"resolved\""), "{folder}: see its .npmrc");
            assert!(lock.contains("\"integrity\": \"sha512-"), "{folder}: packages are pinned by their hash");
        }
    }

    #[test]
    fn python_requirements_are_pinned() {
        let text = fs::read_to_string(crate::root().unwrap().join(REQUIREMENTS)).unwrap();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            assert!(line.contains("=="), "{line}");
        }
    }

    #[test]
    fn a_missing_stamp_means_not_installed() {
        let here = Path::new(file!());
        assert!(!same(here, Path::new("/nonexistent")));
        assert!(!same(Path::new("/nonexistent"), Path::new("/nonexistent")));
    }
}
