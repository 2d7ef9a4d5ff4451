//! A server in a process of its own, which can be killed and started again.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How long a start may take; what it really takes is measured.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// Between two looks whether it is ready.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// The built command, and the process that runs now.
#[derive(Debug)]
pub(crate) struct Process {
    command: PathBuf,
    config: PathBuf,
    environment: Vec<(String, String)>,
    child: Mutex<Option<Child>>,
}

impl Process {
    pub(crate) fn new(command: &Path, config: &Path, environment: Vec<(String, String)>) -> Self {
        Self { command: command.to_owned(), config: config.to_owned(), environment, child: Mutex::default() }
    }

    /// Starts it and waits until `/readyz` says so; milliseconds until then.
    pub(crate) async fn start(&self, address: SocketAddr) -> u128 {
        let started = self.start_by(&self.command, address).await;
        started.unwrap_or_else(|status| panic!("the server ended before it was ready: {status}"))
    }

    /// The same by another program, which runs the command as it likes; how it ended if it did before it was ready.
    pub(crate) async fn start_by(&self, program: &Path, address: SocketAddr) -> Result<u128, ExitStatus> {
        let began = Instant::now();
        let mut command = self.command_by(program, &["serve"]);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        *self.child() = Some(child.expect("the command starts"));
        while !is_ready(address).await {
            if let Some(status) = self.ended() {
                return Err(status);
            }
            assert!(began.elapsed() < READY_WITHIN, "the server is not ready");
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(began.elapsed().as_millis())
    }

    /// A command of the program on the configuration of the server.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        self.command_by(&self.command, words)
    }

    fn command_by(&self, program: &Path, words: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(self.environment.iter().cloned());
        command.args(words).arg("--config").arg(&self.config);
        command
    }

    /// How it has ended, if it has.
    pub(crate) fn ended(&self) -> Option<ExitStatus> {
        self.child().as_mut().expect("it runs").try_wait().expect("the process can be asked")
    }

    /// Waits until it ends by itself, and says how.
    pub(crate) async fn end(&self) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.ended() {
                return status;
            }
            assert!(began.elapsed() < READY_WITHIN, "the server does not end");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Ends the process by SIGKILL and waits until it is gone.
    pub(crate) fn kill(&self) {
        if let Some(mut child) = self.child().take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("it is there");
    }

    /// Stops all of its threads, and returns when none of them runs any more.
    pub(crate) fn pause(&self) {
        self.signal(Signal::STOP);
        let seen = waitpid(Some(self.pid()), WaitOptions::UNTRACED).expect("it is a child");
        assert!(seen.is_some_and(|(_, status)| status.stopped()), "it stands still");
    }

    pub(crate) fn pid(&self) -> Pid {
        let id = self.child().as_ref().expect("it runs").id();
        i32::try_from(id).ok().and_then(Pid::from_raw).expect("an id")
    }

    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Whether a server there says that it wants requests.
pub(crate) async fn is_ready(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address).await else { return false };
    let request = b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let mut answer = Vec::new();
    stream.write_all(request).await.is_ok()
        && stream.read_to_end(&mut answer).await.is_ok()
        && answer.starts_with(b"HTTP/1.1 200")
}
