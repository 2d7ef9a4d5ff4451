//! `proofkey health` at a server that runs, drains, and is gone.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::server::{Server, eventually};
use crate::admin::support::Installation;

/// The second that is promised (a test of the command itself holds it to that), and the rest for the start of the process on a machine that
/// runs other tests.
const ANSWERED_WITHIN: Duration = Duration::from_secs(5);

fn health(installation: &Installation, arguments: &[&str], code: i32) -> Value {
    let begun = Instant::now();
    let output = installation.run(&[&["health", "--json"], arguments].concat(), "");
    let took = begun.elapsed();
    assert!(took < ANSWERED_WITHIN, "{took:?}");
    assert_eq!(output.status.code(), Some(code), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// An installation whose server listens at a port that is known beforehand, and drains for as long as a test needs.
fn installation() -> Installation {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let installation = Installation::empty();
    let listen = format!("127.0.0.1:{port}");
    installation.json(&["init", "--issuer", "http://127.0.0.1:4455", "--listen", &listen], "");
    let file = installation.path("proofkey.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let text = text.replace("# metrics_listen = \"127.0.0.1:9464\"", "metrics_listen = \"off\"");
    std::fs::write(file, text.replace("# unready_seconds = 0", "unready_seconds = 30")).unwrap();
    installation
}

#[test]
fn pk_06_alive_and_ready_are_told_apart_by_words_and_exit_codes() {
    let installation = installation();
    let gone = health(&installation, &[], 4);
    assert_eq!((&gone["alive"], &gone["ready"]), (&json!(false), &json!(false)));
    let server = Server::start(&installation);
    assert_eq!(health(&installation, &[], 0)["ready"], json!(true));
    assert_eq!(health(&installation, &["--alive"], 0)["alive"], json!(true));
    assert!(installation.text(&["health"]).contains("ready"));
    // Neither the sealing key nor the database is needed to ask.
    std::fs::rename(installation.path("sealing.key"), installation.path("elsewhere")).unwrap();
    assert_eq!(health(&installation, &[], 0)["ready"], json!(true));
    std::fs::rename(installation.path("elsewhere"), installation.path("sealing.key")).unwrap();
    server.signal("TERM");
    eventually("the drain", || server.status("/readyz") == Some(503));
    let draining = health(&installation, &[], 1);
    assert_eq!((&draining["alive"], &draining["cause"]), (&json!(true), &json!("draining")));
    assert_eq!(health(&installation, &["--alive"], 0)["alive"], json!(true));
    let key = std::fs::read_to_string(installation.path("sealing.key")).unwrap();
    assert!(!draining.to_string().contains(key.trim()));
    drop(server);
    assert_eq!(health(&installation, &["--alive"], 4)["alive"], json!(false));
}

#[test]
fn pk_06_what_does_not_answer_is_waited_for_a_second_and_what_is_no_server_is_told() {
    let installation = installation();
    let text = std::fs::read_to_string(installation.path("proofkey.toml")).unwrap();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = format!("metrics_listen = \"{}\"", silent.local_addr().unwrap());
    installation.write("proofkey.toml", &text.replace("metrics_listen = \"off\"", &listen));
    let begun = Instant::now();
    assert_eq!(health(&installation, &[], 4)["alive"], json!(false));
    let took = begun.elapsed();
    assert!(took >= Duration::from_millis(900) && took < ANSWERED_WITHIN, "{took:?}");
    let stranger = std::thread::spawn(move || {
        // The first is the one that was not answered.
        let (mut stream, _) = silent.accept().and_then(|_| silent.accept()).unwrap();
        let _asked = stream.read(&mut [0; 256]).unwrap();
        stream.write_all(b"220 mail.example ready\r\n").unwrap();
    });
    let told = health(&installation, &[], 4);
    assert!(told["cause"].as_str().unwrap().contains("no server of this kind"), "{told}");
    stranger.join().unwrap();
    installation.refused(&["health", "--config", "none.toml"], "", 1, &["none.toml"]);
}
