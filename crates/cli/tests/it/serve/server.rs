//! A server in a process of its own, and one request at a time to it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Command, ExitStatus};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::admin::support::Installation;

/// How long the server may take to take a change over; its promise is a second, and this machine may be busy.
const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(10);
/// Lines that a server may log before it is ready.
const LINES_MAX: usize = 50;

/// A server that ends with the test.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) address: String,
    log: BufReader<ChildStderr>,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    pub(crate) fn start(installation: &Installation) -> Self {
        Self::of(&mut installation.command(&["serve"]))
    }

    /// Runs this command, and waits until it says at which address it is ready.
    pub(crate) fn of(command: &mut Command) -> Self {
        let mut child = command.env("PROOFKEY_SERVER__METRICS_LISTEN", "off").spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut seen = String::new();
        let ready = (0..LINES_MAX).find_map(|_| {
            let mut line = String::new();
            log.read_line(&mut line).unwrap();
            seen.push_str(&line);
            line.trim().split_once("address=").map(|(_, address)| address.to_owned())
        });
        let address = ready.unwrap_or_else(|| panic!("the server is not ready: {seen}"));
        Self { child, address, log }
    }

    /// The status of `GET path`, or `None` if there is no answer.
    pub(crate) fn status(&self, path: &str) -> Option<u16> {
        status_of(&self.address, &format!("GET {path}"), "")
    }

    /// Sends it a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("sh").args(["-c", &format!("kill -s {name} {pid}")]).status();
        assert!(sent.unwrap().success(), "{name}");
    }

    /// Waits until it has ended, and says how.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let mut status = None;
        eventually("the end of the server", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }

    /// Waits until it has logged a line with these words.
    pub(crate) fn logged(&mut self, words: &str) {
        let found = (0..LINES_MAX).any(|_| {
            let mut line = String::new();
            self.log.read_line(&mut line).unwrap() > 0 && line.contains(words)
        });
        assert!(found, "{words} is not logged");
    }

    /// One exchange over plain HTTP; the body, whatever the status.
    pub(crate) fn exchange(&self, request: &str, body: &str) -> Value {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        let form = "content-type: application/x-www-form-urlencoded";
        let head = format!(
            "{request} HTTP/1.1\r\nhost: {}\r\n{form}\r\ncontent-length: {length}\r\nconnection: close",
            self.address
        );
        stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"))
    }

    pub(crate) fn token(&self, secret: &str) -> Value {
        self.exchange(
            "POST /token",
            &format!("grant_type=client_credentials&client_id=job&client_secret={secret}"),
        )
    }
}

/// The status of one request over plain HTTP, with a form; `None` if there is no answer.
pub(crate) fn status_of(address: &str, request: &str, form: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(TAKEN_OVER_WITHIN)).ok()?;
    let length = form.len();
    let head = format!(
        "{request} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {length}\r\n\
         content-type: application/x-www-form-urlencoded"
    );
    stream.write_all(format!("{head}\r\n\r\n{form}").as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.split(' ').nth(1)?.parse().ok()
}

/// Waits for a change of a running server.
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < TAKEN_OVER_WITHIN, "{what} does not come");
        sleep(Duration::from_millis(50));
    }
}
