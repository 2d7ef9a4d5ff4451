//! The load generator and the ceiling, `authbench` and `limitd`: a workspace of their own, which knows no server in particular.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use serde_json::Value;

use super::limits::{HOSTILE_SECONDS, HOSTILE_USERS, HOSTILE_VUS, LIMIT, USERS, USERS_BESIDE};
use super::served::{GENERATOR_CORE, SERVER_CORE, Served, pinned};
use crate::process::{self, cargo};

const LIMITD_PORT: &str = "9100";

/// Both programs, built, and the files of this run.
pub(super) struct Tools {
    authbench: PathBuf,
    limitd: PathBuf,
    limitd_target: PathBuf,
    directory: PathBuf,
}

impl Tools {
    pub(super) fn build(root: &Path, directory: &Path) -> Result<Self> {
        Self::with(root, directory, &["--features", "limitd"])
    }

    /// The load generator alone, with the hostile peers that belong to it.
    pub(super) fn without_ceiling(root: &Path, directory: &Path) -> Result<Self> {
        Self::with(root, directory, &[])
    }

    fn with(root: &Path, directory: &Path, features: &[&str]) -> Result<Self> {
        let (workspace, target) = (root.join("tools/authbench"), root.join("target/authbench"));
        let mut command = cargo();
        command.args(["build", "--release", "--locked"]).args(features);
        process::run(command.env("CARGO_TARGET_DIR", &target).current_dir(&workspace), LIMIT)?;
        Ok(Self {
            authbench: target.join("release/authbench"),
            limitd: target.join("release/limitd"),
            limitd_target: workspace.join("targets/limitd.toml"),
            directory: directory.to_owned(),
        })
    }

    /// The ceiling on the server's core.
    pub(super) fn limitd(&self) -> Result<Served> {
        self.limitd_on("sqlite-full", self.directory.join("limitd.db").as_os_str())
    }

    /// The same, with its rows in the PostgreSQL database of a URL.
    pub(super) fn limitd_on_postgres(&self, url: &str) -> Result<Served> {
        self.limitd_on("postgres", url.as_ref())
    }

    fn limitd_on(&self, store: &str, database: &OsStr) -> Result<Served> {
        let mut command = pinned(SERVER_CORE, &self.limitd);
        command.args(["--alg", "es256", "--store", store, "--threads", "1"]);
        command.args(["--port", LIMITD_PORT, "--db"]).arg(database);
        Served::start(&mut command, &format!("127.0.0.1:{LIMITD_PORT}"))
    }

    pub(super) fn limitd_target(&self) -> &Path {
        &self.limitd_target
    }

    /// Honest flows from a browser that was never here, one after the other.
    pub(super) fn ten_steps(&self, served: &Served, target: &Path) -> Result<Value> {
        let lines = self.directory.join("hostile.jsonl");
        let mut command = pinned(GENERATOR_CORE, &self.authbench);
        command.arg("--target").arg(target).args([
            "--scenario",
            "ten-steps",
            "--vus",
            &HOSTILE_VUS.to_string(),
        ]);
        command.args(["--duration", &HOSTILE_SECONDS.to_string(), "--warmup", "3", "--runs", "1"]);
        command.args(["--users", &HOSTILE_USERS.to_string(), "--max-errors", "1000000"]);
        command.args(["--server-pid", &served.pid().to_string()]).arg("--json").arg(&lines);
        process::output(&mut command, LIMIT)?;
        last_line(&lines)
    }

    /// One run of the load generator on its core.
    pub(super) fn load(&self, served: &Served, target: &Path, scenario: &str, seconds: u32) -> Result<Value> {
        self.load_after(served, target, scenario, [1, seconds])
    }

    /// The same, with so many seconds of load before it that do not count.
    pub(super) fn load_after(
        &self,
        served: &Served,
        target: &Path,
        scenario: &str,
        [before, seconds]: [u32; 2],
    ) -> Result<Value> {
        let mut command = self.asking(target, scenario, USERS);
        self.counted(command.args(["--warmup", &before.to_string()]), served, seconds)
    }

    /// Load of people in order, from a number on.
    pub(super) fn load_in_order(
        &self,
        served: &Served,
        target: &Path,
        scenario: &str,
        (from, seconds): (u64, u32),
    ) -> Result<Value> {
        let mut command = self.asking(target, scenario, USERS);
        let from = from.to_string();
        self.counted(command.args(["--warmup", "0", "--cookies-from", &from]), served, seconds)
    }

    /// The same over TLS, with a certificate to trust: of as many registered users as sign in at all, and however many fail.
    pub(super) fn load_over_tls(
        &self,
        served: &Served,
        (target, certificate): (&Path, &Path),
        scenario: &str,
        seconds: u32,
    ) -> Result<Value> {
        let mut command = self.asking(target, scenario, USERS);
        command.args(["--warmup", "0", "--max-errors", "1000000", "--users", &HOSTILE_USERS.to_string()]);
        self.counted(command.arg("--ca").arg(certificate), served, seconds)
    }

    /// Load at a node that answers at another address, until it is dropped.
    pub(super) fn load_beside(&self, target: &Path, issuer: &str, scenario: &str) -> Result<Background> {
        let mut command = self.asking(target, scenario, USERS_BESIDE);
        command.args(["--issuer", issuer, "--duration", "600", "--warmup", "0", "--runs", "1"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Background(command.spawn()?))
    }

    fn asking(&self, target: &Path, scenario: &str, users: usize) -> Command {
        let mut command = pinned(GENERATOR_CORE, &self.authbench);
        command.arg("--target").arg(target).args(["--scenario", scenario, "--vus", &users.to_string()]);
        command
    }

    /// What one run reports.
    fn counted(&self, command: &mut Command, served: &Served, seconds: u32) -> Result<Value> {
        let lines = self.directory.join("runs.jsonl");
        command.args(["--duration", &seconds.to_string(), "--runs", "1"]);
        command.args(["--server-pid", &served.pid().to_string()]).arg("--json").arg(&lines);
        process::output(command, LIMIT)?;
        last_line(&lines)
    }
}

/// Load that ends with this value.
pub(super) struct Background(Child);

impl Background {
    /// Whether it still goes on.
    pub(super) fn goes_on(&mut self) -> bool {
        matches!(self.0.try_wait(), Ok(None))
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The last JSON line that the load generator appended to a file.
fn last_line(path: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(path)?;
    let line = text.lines().last().context("the load generator wrote nothing")?;
    serde_json::from_str(line).context("the load generator wrote no JSON")
}
