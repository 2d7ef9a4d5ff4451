//! Standard error that is gone, full or stalled: neither a server nor a command may depend on who reads its log (K-01, F-11).

use std::fs::File;
use std::net::TcpListener;
use std::process::{Child, Stdio};

use super::server::{eventually, status_of};
use crate::admin::support::{Installation, PASSWORD};

/// More refusals than a pipe takes lines, and more than the queue of the log.
const REFUSALS: usize = 1_500;

/// A server that ends with the test.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn full() -> Stdio {
    File::options().write(true).open("/dev/full").unwrap().into()
}

/// A pipe that nobody reads and nobody closes.
fn stalled() -> (std::io::PipeReader, Stdio) {
    let (reader, writer) = std::io::pipe().unwrap();
    (reader, writer.into())
}

fn served(installation: &Installation, address: &str, standard_error: Stdio) -> Served {
    let mut command = installation.command(&["serve"]);
    command.env("PROOFKEY_SERVER__METRICS_LISTEN", "off").env("PROOFKEY_SERVER__LISTEN", address);
    // Each refusal is a line, whatever the ceiling.
    command.env("PROOFKEY_LOG__REFUSALS_PER_SECOND", "100000");
    let served = Served(command.stderr(standard_error).spawn().unwrap());
    eventually("the server", || status_of(address, "GET /readyz", "") == Some(200));
    served
}

fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

#[test]
fn k_01_a_server_goes_on_whatever_has_become_of_its_log() {
    let installation = Installation::empty();
    installation.json(&["init", "--issuer", "http://127.0.0.1:4455", "--listen", "127.0.0.1:0"], "");
    let (unread, pipe) = stalled();
    let (gone, closed) = stalled();
    drop(gone);
    for (name, standard_error) in
        [("closed", closed), ("full", full()), ("full at the start again", full()), ("stalled", pipe)]
    {
        let address = free_address();
        let mut server = served(&installation, &address, standard_error);
        for _ in 0..REFUSALS {
            let status = status_of(&address, "GET /authorize?client_id=x", "");
            assert_eq!(status, Some(400), "{name}");
        }
        assert_eq!(status_of(&address, "GET /readyz", ""), Some(200), "{name}");
        let pid = server.0.id().to_string();
        let sent = std::process::Command::new("sh").args(["-c", &format!("kill -s TERM {pid}")]).status();
        assert!(sent.unwrap().success());
        let mut status = None;
        eventually("its end", || {
            status = server.0.try_wait().unwrap();
            status.is_some()
        });
        assert_eq!(status.unwrap().code(), Some(0), "{name}");
    }
    drop(unread);
}

#[test]
fn k_01_commands_answer_with_their_exit_code_whatever_becomes_of_what_they_say() {
    let installation = Installation::new();
    installation.add_user("ada");
    for (arguments, code) in [
        (&["user", "disable", "ada"][..], 0),
        (&["user", "disable", "nobody"], 1),
        (&["user", "add", "--username", "bo", "--password-stdin"], 0),
        (&["client", "remove", "nothing"], 1),
        (&["key", "rotate", "--now"], 0),
        (&["check-config"], 0),
        (&["check-config", "--config", "nowhere.toml"], 1),
        (&["user", "dissable", "ada"], 2),
        (&["whoami", "--issuer", "http://127.0.0.1:9"], 3),
        (&["serve", "--config", "nowhere.toml"], 1),
    ] {
        let (reader, closed) = std::io::pipe().unwrap();
        drop(reader);
        for (name, standard_error) in [("full", full()), ("closed", closed.into())] {
            let mut command = installation.command(arguments);
            let mut child =
                command.env("HOME", installation.directory.path()).stderr(standard_error).spawn().unwrap();
            let typed = if name == "full" { PASSWORD.to_owned() } else { format!("{PASSWORD}-2") };
            let _ = std::io::Write::write_all(&mut child.stdin.take().unwrap(), typed.as_bytes());
            let output = child.wait_with_output().unwrap();
            let is_second_add = arguments.contains(&"add") && name == "closed";
            let expected = if is_second_add { 1 } else { code };
            assert_eq!(output.status.code(), Some(expected), "{arguments:?}, {name}");
        }
    }
}
