//! `proofkey dev`, run as people run it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Command, ExitStatus};
use std::time::{Duration, Instant};

use proofkey_store::{Options, Store};
use serde_json::Value;

use crate::admin::support::Installation;

/// Well below the ten seconds for which requests in flight are waited for, and far above what an end at once needs.
const AT_ONCE: Duration = Duration::from_secs(5);
/// Lines that `dev` may print before what is waited for.
const LINES_MAX: usize = 100;

/// A `proofkey dev` that ends with the test.
struct Dev {
    child: Child,
    errors: BufReader<ChildStderr>,
    ready: Value,
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Dev {
    fn start(installation: &Installation, environment: &[(&str, &str)]) -> Self {
        Self::start_with(installation, environment, &[])
    }

    fn start_with(installation: &Installation, environment: &[(&str, &str)], more: &[&str]) -> Self {
        let arguments = ["dev", "--listen", "127.0.0.1:0", "--ready-file", "ready.json"];
        let mut command = installation.command(&[&arguments[..], more].concat());
        command.env("TMPDIR", installation.directory.path()).envs(environment.iter().copied());
        let mut child = command.spawn().unwrap();
        let errors = BufReader::new(child.stderr.take().unwrap());
        let mut dev = Self { child, errors, ready: Value::Null };
        dev.read_until("Ctrl-C");
        dev.ready = serde_json::from_slice(&std::fs::read(installation.path("ready.json")).unwrap()).unwrap();
        dev
    }

    fn read_until(&mut self, words: &str) {
        let mut seen = String::new();
        let found = (0..LINES_MAX).any(|_| {
            let mut line = String::new();
            self.errors.read_line(&mut line).unwrap();
            seen.push_str(&line);
            line.contains(words)
        });
        assert!(found, "{words:?} is not said: {seen}");
    }

    /// Sends part of a request to one of the three, or a whole one, and leaves the connection open.
    fn send(&self, party: &str, request: &str) -> TcpStream {
        let url = self.ready.get(party).and_then(Value::as_str).unwrap();
        let address = url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(request.replace("HOST", address).as_bytes()).unwrap();
        stream
    }

    fn interrupt(&self) {
        let done = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap();
        assert!(done.success());
    }

    fn ended(&mut self) -> (ExitStatus, Duration) {
        let begun = Instant::now();
        (self.child.wait().unwrap(), begun.elapsed())
    }
}

#[test]
fn v_82_none_of_the_three_listens_away_from_loopback() {
    let installation = Installation::empty();
    for option in ["--listen", "--app-listen", "--api-listen"] {
        for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:4455"] {
            installation.refused(&["dev", option, address], "", 2, &[option, address, "loopback only"]);
        }
        installation.refused(&["dev", option, "localhost"], "", 2, &[option, "127.0.0.1:4455"]);
    }
}

#[test]
fn a_page_that_follows_the_trace_does_not_hold_up_the_end() {
    let installation = Installation::empty();
    let mut dev = Dev::start(&installation, &[]);
    let mut follower = dev.send("app", "GET /trace?state=s HTTP/1.1\r\nhost: HOST\r\n\r\n");
    let mut byte = [0];
    follower.read_exact(&mut byte).unwrap();
    dev.interrupt();
    let (status, took) = dev.ended();
    assert!(status.success() && took < AT_ONCE, "{status} after {took:?}");
    let left: Vec<_> = std::fs::read_dir(installation.directory.path())
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name())
        .collect();
    assert_eq!(left, ["ready.json"], "the temporary directory goes too");
}

#[test]
fn pk_09_dev_starts_again_in_data_from_which_its_user_was_removed() {
    let installation = Installation::empty();
    let run = || {
        let mut dev = Dev::start_with(&installation, &[], &["--data", "kept"]);
        assert_eq!(dev.ready["users"][0]["username"], "ada");
        dev.interrupt();
        assert!(dev.ended().0.success());
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ada = |remove: bool| {
        runtime.block_on(async {
            let store = Store::open(&installation.path("kept/proofkey.db"), &Options::default()).unwrap();
            let ada = store.user_by_name("ada").await.unwrap().unwrap();
            if remove {
                let at = ada.created_at;
                store.remove_user(&ada, move || at, &[0; 32]).await.unwrap();
            }
            store.close().await;
            ada.id
        })
    };
    run();
    let removed = ada(true);
    run();
    assert_ne!(ada(false), removed, "another one under the name that the ready file says");
}

#[test]
fn pk_08_what_dev_refuses_stands_in_its_terminal_under_the_id_that_was_answered() {
    let installation = Installation::empty();
    let mut dev = Dev::start(&installation, &[]);
    let form = "content-type: application/x-www-form-urlencoded\r\ncontent-length: 13\r\nconnection: close";
    let mut answered = String::new();
    let request = format!("POST /token HTTP/1.1\r\nhost: HOST\r\n{form}\r\n\r\nclient_id=app");
    dev.send("issuer", &request).read_to_string(&mut answered).unwrap();
    let at = answered.find("pk-").unwrap_or_else(|| panic!("{answered}"));
    dev.read_until(&format!("refused error_id={}", &answered[at..at + "pk-7Q4M-2XKD".len()]));
    // Another directory has no configuration: what is said leads to that log too.
    installation.refused(&["explain", "pk-7Q4M-2XKD"], "", 1, &["--config", "proofkey dev"]);
}

#[test]
fn a_second_interrupt_ends_dev_at_once() {
    let installation = Installation::empty();
    let mut dev = Dev::start(&installation, &[("PROOFKEY_LOG__LEVEL", "info")]);
    // A request whose body never comes is waited for, ten seconds long.
    let form = "content-type: application/x-www-form-urlencoded\r\ncontent-length: 9";
    let _in_flight = dev.send("issuer", &format!("POST /token HTTP/1.1\r\nhost: HOST\r\n{form}\r\n\r\n"));
    dev.interrupt();
    dev.read_until("a second signal stops at once");
    dev.interrupt();
    let (status, took) = dev.ended();
    assert!(!status.success() && took < AT_ONCE, "{status} after {took:?}");
}
