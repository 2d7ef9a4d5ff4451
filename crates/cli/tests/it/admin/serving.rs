//! Commands beside a running server: they write, and it takes over what they wrote.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStderr};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::support::Installation;

/// How long the server may take to take a change over; its promise is a second, and this machine may be busy.
const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(10);
/// Lines that a server may log before it is ready.
const LINES_MAX: usize = 50;
/// A secret that is long enough to be given.
const SECRET: &str = "given-secret-1-of-thirty-three-chars";

/// A server that ends with the test.
pub(crate) struct Server {
    pub(crate) child: Child,
    address: String,
    /// Held open: a closed pipe would end the server at its next line.
    _log: BufReader<ChildStderr>,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    pub(crate) fn start(installation: &Installation) -> Self {
        let mut child =
            installation.command(&["serve"]).env("PROOFKEY_SERVER__METRICS_LISTEN", "off").spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut seen = String::new();
        let ready = (0..LINES_MAX).find_map(|_| {
            let mut line = String::new();
            log.read_line(&mut line).unwrap();
            seen.push_str(&line);
            line.trim().split_once("address=").map(|(_, address)| address.to_owned())
        });
        let address = ready.unwrap_or_else(|| panic!("the server is not ready: {seen}"));
        Self { child, address, _log: log }
    }

    /// One exchange over plain HTTP; the body, whatever the status.
    fn exchange(&self, request: &str, body: &str) -> Value {
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

    fn token(&self, secret: &str) -> Value {
        self.exchange(
            "POST /token",
            &format!("grant_type=client_credentials&client_id=job&client_secret={secret}"),
        )
    }
}

/// Waits for a change of a running server.
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < TAKEN_OVER_WITHIN, "{what} is not taken over");
        sleep(Duration::from_millis(50));
    }
}

#[test]
fn clients_apis_and_keys_take_effect_while_the_server_runs() {
    let installation = Installation::empty();
    installation.json(&["init", "--issuer", "http://127.0.0.1:4455", "--listen", "127.0.0.1:0"], "");
    let server = Server::start(&installation);
    installation.json(&["api", "add", "--resource", "https://api.example", "--scope", "read"], "");
    let metadata = json!({
        "client_id": "job", "client_secret": SECRET, "grant_types": ["client_credentials"],
        "scope": "read", "token_endpoint_auth_method": "client_secret_post",
    });
    installation.add_client(&metadata);
    eventually("the client", || server.token(SECRET)["access_token"].is_string());
    let rotated = installation.json(&["client", "rotate-secret", "job"], "");
    let new = rotated["client_secret"].as_str().unwrap();
    eventually("the new secret", || server.token(new)["access_token"].is_string());
    assert!(server.token(SECRET)["access_token"].is_string(), "the old secret lives on");
    installation.json(&["client", "rotate-secret", "job", "--keep-seconds", "0"], "");
    eventually("the end of the old secret", || server.token(new)["error"] == "invalid_client");

    let made = installation.json(&["key", "rotate", "--now"], "");
    let published = || server.exchange("GET /jwks", "")["keys"].as_array().unwrap().clone();
    for key in made["made"].as_array().unwrap() {
        // Each ring's key is a write of its own, so the server may see one before the next.
        eventually("the key", || published().iter().any(|known| known["kid"] == key["kid"]));
    }
    assert_eq!(published().len(), 6, "the keys before it verify on");
    installation.add_user("ada");
    assert_eq!(installation.json(&["user", "list"], "")[0]["username"], "ada");
}
