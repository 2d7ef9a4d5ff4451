//! Every signal that others send for good reasons, at a running server (K-37).

use std::process::{Command, Stdio};

use serde_json::json;

use super::server::{Server, eventually, status_of};
use crate::admin::support::Installation;

const SECRET: &str = "a-secret-of-more-than-32-characters";

fn installation() -> Installation {
    let installation = Installation::empty();
    installation.json(&["init", "--issuer", "http://127.0.0.1:4455", "--listen", "127.0.0.1:0"], "");
    installation
}

#[test]
fn k_37_no_signal_that_is_sent_for_a_good_reason_kills_a_server() {
    let installation = installation();
    let mut server = Server::start(&installation);
    // HUP: `systemctl reload`, logrotate, a terminal that closes. USR1, USR2: log rotation, supervisors. XFSZ: a file at its
    // limit. PIPE: a reader that went away. The rest is sent to every process, and is nothing to one without a terminal.
    for signal in ["HUP", "USR1", "USR2", "XFSZ", "PIPE", "CONT", "CHLD", "WINCH", "URG"] {
        server.signal(signal);
        assert_eq!(server.status("/readyz"), Some(200), "{signal}");
        assert_eq!(server.child.try_wait().unwrap(), None, "{signal}");
    }
    server.signal("TERM");
    assert!(server.ended().success());
}

#[test]
fn k_37_every_signal_that_asks_for_an_end_gets_a_clean_one() {
    let installation = installation();
    for signal in ["TERM", "INT", "QUIT"] {
        let mut server = Server::start(&installation);
        server.signal(signal);
        assert!(server.ended().success(), "{signal}");
    }
}

#[test]
fn k_37_a_hang_up_takes_up_the_level_of_the_log_and_keeps_what_works_where_the_file_is_wrong() {
    let installation = installation();
    let file = installation.path("proofkey.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let mut server = Server::start(&installation);
    std::fs::write(&file, text.replace("# level = \"info\"", "level = \"proofkey=chatty\"")).unwrap();
    server.signal("HUP");
    server.logged("log.level was not reloaded");
    std::fs::write(&file, text.replace("# level = \"info\"", "level = \"debug\"")).unwrap();
    server.signal("HUP");
    server.logged("log.level was reloaded");
    assert_eq!(server.status("/authorize?client_id=x"), Some(400));
}

/// The database may grow no further: every write is refused as on a full disk, and nothing else ends.
#[test]
fn k_37_a_limit_on_the_size_of_files_is_a_full_disk() {
    let installation = installation();
    installation.add_user("ada");
    let client = json!({"client_id": "job", "client_secret": SECRET, "scope": "read",
        "grant_types": ["client_credentials"], "token_endpoint_auth_method": "client_secret_post"});
    installation.json(&["api", "add", "--resource", "https://api.example", "--scope", "read"], "");
    installation.add_client(&client);
    // Made once without a limit, so that the keys are there.
    let mut first = Server::start(&installation);
    first.signal("TERM");
    assert!(first.ended().success());
    // In blocks of 512 bytes: less than the log of the database needs for one sign-in after another.
    let serve = format!("ulimit -f 128; exec {} serve", env!("CARGO_BIN_EXE_proofkey"));
    let mut limited = Command::new("sh");
    limited.args(["-c", &serve]).current_dir(installation.directory.path());
    limited.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let server = Server::of(&mut limited);
    let mut answers = Vec::new();
    eventually("a write that is refused", || {
        let token = server.token(SECRET)["access_token"].as_str().unwrap_or_default().to_owned();
        let form = format!("client_id=job&client_secret={SECRET}&token={token}");
        let answer = status_of(&server.address, "POST /revoke", &form);
        answers.push(answer);
        answer == Some(503)
    });
    assert!(answers.iter().all(|answer| matches!(answer, Some(200 | 503))), "{answers:?}");
    assert_eq!(server.status("/jwks"), Some(200), "what needs no write goes on");
}
