//! A server under load, and the core that it has for itself.

use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::process::succeeds;

/// What a server may take to answer.
const START_MAX: Duration = Duration::from_secs(20);
/// What it may take to end.
const STOP_MAX: Duration = Duration::from_secs(60);

/// The two cores: one serves, the other asks.
pub(super) const SERVER_CORE: u8 = 0;
pub(super) const GENERATOR_CORE: u8 = 1;

/// A server under load, which ends with this value.
pub(super) struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Served {
    /// Starts a command and waits until it answers at this address.
    pub(super) fn start(command: &mut Command, address: &str) -> Result<Self> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut served = Self(child.context("the server does not start")?);
        let began = Instant::now();
        while TcpStream::connect(address).is_err() {
            if served.0.try_wait()?.is_some() || began.elapsed() > START_MAX {
                bail!("no server at {address}: does another one listen there?");
            }
            sleep(Duration::from_millis(1));
        }
        Ok(served)
    }

    /// Ends the server as an operator does, and waits for its end.
    pub(super) fn stop(mut self) -> Result<()> {
        ensure!(succeeds("kill", &["-TERM", &self.0.id().to_string()]), "the server is gone");
        let asked = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait()? {
                ensure!(status.success(), "the server ended with {status}");
                return Ok(());
            }
            ensure!(asked.elapsed() < STOP_MAX, "the server does not end");
            sleep(Duration::from_millis(10));
        }
    }

    pub(super) fn pid(&self) -> u32 {
        self.0.id()
    }
}

/// A command on one core.
pub(super) fn pinned(core: u8, program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", &core.to_string()]).arg(program);
    command
}
