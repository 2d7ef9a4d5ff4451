//! Servers that start before their database.

use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use proofkey_testkit::postgres::{self, TestDatabase};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// A server that starts before its database, as after a loss of power; what it logs until it is ready or has ended.
fn logged_by(url: &str, more: &[(&str, &str)], until: &str) -> String {
    let (mut server, log, _folder) = started(url, more, until);
    let _ = server.kill();
    let _ = server.wait();
    log
}

/// The same asked to stop once it has logged that; how it ended.
fn asked_to_stop_at(url: &str, until: &str) -> ExitStatus {
    let (mut server, log, _folder) = started(url, &[], until);
    assert!(log.contains(until), "{log}");
    let id = i32::try_from(server.id()).ok().and_then(Pid::from_raw).unwrap();
    kill_process(id, Signal::TERM).unwrap();
    server.wait().unwrap()
}

fn started(url: &str, more: &[(&str, &str)], until: &str) -> (Child, String, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("proofkey.toml");
    let text = format!(
        "issuer = \"http://localhost:4455\"\n[server]\nlisten = \"127.0.0.1:0\"\n[store]\nurl = {url:?}\n"
    );
    std::fs::write(&file, text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_proofkey"));
    command.env_clear().args(["serve", "--config"]).arg(&file).stderr(Stdio::piped());
    command.env("PROOFKEY_KEYS__SEALING_KEY", "A".repeat(43)).env("PROOFKEY_SERVER__METRICS_LISTEN", "off");
    command.envs(more.iter().copied());
    let mut server = command.spawn().unwrap();
    let mut log = String::new();
    for line in BufReader::new(server.stderr.take().unwrap()).lines().take(200) {
        let line = line.unwrap();
        log.push_str(&line);
        log.push('\n');
        if line.contains(until) {
            break;
        }
    }
    (server, log, folder)
}

/// Passes what comes to a port on to the database, from a while later on.
fn forward_later(port: u16, to: u16, later: Duration) {
    std::thread::spawn(move || {
        std::thread::sleep(later);
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        for client in listener.incoming().take(64) {
            let (client, server) = (client.unwrap(), TcpStream::connect(("127.0.0.1", to)).unwrap());
            for (mut from, mut to) in
                [(client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client)]
            {
                std::thread::spawn(move || {
                    let _ = std::io::copy(&mut from, &mut to);
                    let _ = to.shutdown(std::net::Shutdown::Write);
                });
            }
        }
    });
}

#[test]
fn k_37_a_server_that_waits_for_its_database_ends_when_it_is_asked_to() {
    let begun = Instant::now();
    let status = asked_to_stop_at("postgres://u@127.0.0.1:1/x", "waiting for the database");
    assert!(status.success(), "{status}");
    assert!(begun.elapsed() < Duration::from_secs(30), "store.wait_seconds is 60");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_waits_for_a_database_that_is_not_up_yet_and_not_for_one_that_lets_it_not_in() {
    let database = TestDatabase::create("template0").await;
    let (real, free) = (postgres::server().port(), TcpListener::bind("127.0.0.1:0").unwrap());
    let port = free.local_addr().unwrap().port();
    drop(free);
    let later = database.url().replace(&format!(":{real}/"), &format!(":{port}/"));
    let begun = Instant::now();
    forward_later(port, real, Duration::from_millis(2_500));
    let log = logged_by(&later, &[], "address=");
    assert!(
        log.contains("waiting for the database (store.wait_seconds)") && log.contains(" ready "),
        "{log}"
    );
    assert!(begun.elapsed() >= Duration::from_millis(2_500));

    let begun = Instant::now();
    let log =
        logged_by(&later.replace(&port.to_string(), "1"), &[("PROOFKEY_STORE__WAIT_SECONDS", "2")], "\u{0}");
    assert!(log.contains("the database at 127.0.0.1:1 cannot be used"), "{log}");
    assert!((2..20).contains(&begun.elapsed().as_secs()));

    let begun = Instant::now();
    let log = logged_by(&postgres::server().url("no_such_database"), &[], "\u{0}");
    assert!(log.contains("3D000") && !log.contains("waiting"), "{log}");
    assert!(begun.elapsed() < Duration::from_secs(20));
}
