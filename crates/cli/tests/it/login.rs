//! `proofkey login` where the browser runs on another machine: the address at which it ends is pasted.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
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

impl Waiting {
    fn start(home: &Path, issuer: &str) -> Self {
        let arguments =
            ["login", "--issuer", issuer, "--client-id", "native", "--no-browser", "--paste", "--json"];
        let mut child = command(home, &arguments).spawn().unwrap();
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
