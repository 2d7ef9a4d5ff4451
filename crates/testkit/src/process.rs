//! A server in a process of its own, which can be killed and started again.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

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
    child: Option<Child>,
}

impl Process {
    pub(crate) fn new(command: &Path, config: &Path, environment: Vec<(String, String)>) -> Self {
        Self { command: command.to_owned(), config: config.to_owned(), environment, child: None }
    }

    /// Starts it and waits until `/readyz` says so; milliseconds until then.
    pub(crate) async fn start(&mut self, address: SocketAddr) -> u128 {
        let began = Instant::now();
        let mut command = Command::new(&self.command);
        command
            .env_clear()
            .envs(self.environment.iter().cloned())
            .arg("serve")
            .arg("--config")
            .arg(&self.config);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut child = child.expect("the command starts");
        while !is_ready(address).await {
            let ended = child.try_wait().expect("the process can be asked");
            assert!(ended.is_none(), "the server ended before it was ready: {ended:?}");
            assert!(began.elapsed() < READY_WITHIN, "the server is not ready");
            tokio::time::sleep(LOOK_EVERY).await;
        }
        self.child = Some(child);
        began.elapsed().as_millis()
    }

    /// Waits until it ends by itself, and says how.
    pub(crate) async fn end(&mut self) -> ExitStatus {
        let (began, child) = (Instant::now(), self.child.as_mut().expect("it runs"));
        loop {
            if let Some(status) = child.try_wait().expect("the process can be asked") {
                return status;
            }
            assert!(began.elapsed() < READY_WITHIN, "the server does not end");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Sends it a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.as_ref().expect("it runs").id();
        let sent = Command::new("kill").arg(format!("-{name}")).arg(id.to_string()).status();
        assert!(sent.expect("`kill` runs").success(), "the process takes the signal");
    }

    /// Ends the process by SIGKILL and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

async fn is_ready(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address).await else { return false };
    let request = b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let mut answer = Vec::new();
    stream.write_all(request).await.is_ok()
        && stream.read_to_end(&mut answer).await.is_ok()
        && answer.starts_with(b"HTTP/1.1 200")
}
