//! `proofkey login` where the browser runs on another machine: the address at which it ends is pasted.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use proofkey_testkit::{Browser, Navigated, TestServer, fixtures};
use serde_json::Value;

/// Lines that the command may write before the address.
const LINES_MAX: usize = 20;

fn command(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_proofkey"));
    command.env_clear().env("HOME", home).env("PROOFKEY_NO_KEYRING", "1").args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A sign-in that waits for its answer.
struct Waiting {
    child: Child,
    /// What it still says to people.
    said: BufReader<std::process::ChildStderr>,
    /// The address to open.
    url: String,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The command line of a sign-in whose browser runs elsewhere.
fn sign_in<'a>(issuer: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let all = ["login", "--issuer", issuer, "--client-id", "native", "--no-browser", "--paste", "--json"];
    all.into_iter().chain(more.iter().copied()).collect()
}

impl Waiting {
    fn start(home: &Path, issuer: &str) -> Self {
        Self::start_with(home, issuer, &[])
    }

    fn start_with(home: &Path, issuer: &str, more: &[&str]) -> Self {
        let mut child = command(home, &sign_in(issuer, more)).spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut seen = String::new();
        let url = (0..LINES_MAX).find_map(|_| {
            let mut line = String::new();
            let _length = said.read_line(&mut line).unwrap();
            seen.push_str(&line);
            Some(line.trim().to_owned()).filter(|line| line.starts_with(&format!("{issuer}/")))
        });
        let url = url.unwrap_or_else(|| panic!("no address to open: {seen}"));
        Self { child, said, url }
    }

    fn paste(&mut self, text: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{text}").unwrap();
    }

    /// Waits for the end: the exit code, the one JSON value, and what was said since the address.
    fn ended(&mut self) -> (Option<i32>, String, String) {
        let (mut told, mut said) = (String::new(), String::new());
        self.child.stdout.take().unwrap().read_to_string(&mut told).unwrap();
        self.said.read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap().code(), told, said)
    }
}

/// Where a browser ends that cannot reach this machine's loopback address.
async fn ended_at(server: &TestServer, url: &str) -> String {
    let mut browser = Browser::new(server);
    let mut shown = browser.open(url.strip_prefix(&server.issuer).unwrap()).await;
    for _ in 0..3 {
        shown = match shown {
            Navigated::Redirect(departure) => return departure.location,
            Navigated::Page(page) if page.is_sign_in() => browser.sign_in(&page, &fixtures::ada()).await,
            Navigated::Page(page) => browser.allow(&page).await,
        };
    }
    shown.redirect().location
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k_54_the_address_at_which_a_browser_elsewhere_ends_is_pasted_into_the_command() {
    let server = TestServer::builder().system_clock().start().await;
    let home = tempfile::tempdir().unwrap();
    let mut waiting = Waiting::start(home.path(), &server.issuer);
    waiting.paste("https://elsewhere.example/callback?code=1");
    let address = ended_at(&server, &waiting.url).await;
    assert!(address.starts_with("http://127.0.0.1:"), "{address}");
    waiting.paste(&address);
    let (code, told, said) = waiting.ended();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("That is not the address at which this sign-in ends"), "{said}");
    let report: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(report["issuer"], server.issuer, "{report}");
    // The tokens are there for the next command.
    let output = command(home.path(), &["whoami", "--json"]).output().unwrap();
    let who: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(who["issuer"], server.issuer, "{who} {}", String::from_utf8_lossy(&output.stderr));
    // Nothing that it keeps, now and after the end of the sign-in, is for other users of this machine.
    for arguments in [&["whoami"][..], &["logout"]] {
        assert!(command(home.path(), arguments).output().unwrap().status.success());
        let kept = home.path().join(".local/share/proofkey");
        let files: Vec<_> = std::fs::read_dir(&kept).unwrap().flatten().collect();
        assert!(files.iter().any(|file| file.file_name() == "last-login.json"), "{files:?}");
        for file in files {
            let mode = file.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{file:?} after {arguments:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k_54_an_error_that_is_pasted_ends_the_command_and_leaves_no_tokens() {
    let server = TestServer::builder().system_clock().start().await;
    let home = tempfile::tempdir().unwrap();
    let mut waiting = Waiting::start(home.path(), &server.issuer);
    let mut browser = Browser::new(&server);
    let page = browser.open(waiting.url.strip_prefix(&server.issuer).unwrap()).await.page();
    let page = browser.sign_in(&page, &fixtures::ada()).await.page();
    let denied = browser.deny(&page).await.redirect();
    waiting.paste(&denied.location);
    let (code, told, said) = waiting.ended();
    assert!(code.is_some_and(|code| code != 0) && told.is_empty(), "{code:?} {told}");
    assert!(said.contains("access_denied") || said.contains("denied"), "{said}");
    let output = command(home.path(), &["whoami", "--json"]).output().unwrap();
    assert_ne!(output.status.code(), Some(0), "nobody is signed in");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k_54_the_browser_returns_to_the_port_that_is_asked_for_or_the_command_says_that_it_is_taken() {
    let server = TestServer::builder().system_clock().start().await;
    let home = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output =
        command(home.path(), &sign_in(&server.issuer, &["--callback-port", &port])).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(&port), "{said}");
    drop(taken);
    let mut waiting = Waiting::start_with(home.path(), &server.issuer, &["--callback-port", &port]);
    let address = ended_at(&server, &waiting.url).await;
    assert!(address.starts_with(&format!("http://127.0.0.1:{port}/")), "{address}");
    waiting.paste(&address);
    let (code, _, said) = waiting.ended();
    assert_eq!(code, Some(0), "{said}");
}

/// A server that has metadata and nothing else, and says nothing of PKCE.
fn silent_about_pkce() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let metadata = serde_json::json!({
        "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"), "jwks_uri": format!("{issuer}/jwks"),
        "token_endpoint": format!("{issuer}/token"), "response_types_supported": ["code"],
    })
    .to_string();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let head =
                BufReader::new(&stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
            let _lines = head.count();
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{metadata}",
                metadata.len()
            );
        }
    });
    issuer
}

#[test]
fn k_54_a_server_that_says_nothing_of_pkce_is_used_only_where_that_is_asked_for() {
    let (issuer, home) = (silent_about_pkce(), tempfile::tempdir().unwrap());
    let output = command(home.path(), &sign_in(&issuer, &[])).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("--assume-pkce"), "{said}");
    let waiting = Waiting::start_with(home.path(), &issuer, &["--assume-pkce"]);
    assert!(waiting.url.contains("code_challenge_method=S256"), "{}", waiting.url);
}
