//! An installation in a directory of its own, and the built command run on it.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

/// A password that the policy takes.
pub(crate) const PASSWORD: &str = "tangle-orchid-viaduct-plum";

/// An installation in a directory of its own.
pub(crate) struct Installation {
    pub(crate) directory: TempDir,
}

impl Installation {
    pub(crate) fn empty() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn new() -> Self {
        let installation = Self::empty();
        installation.json(&["init", "--issuer", "https://id.example"], "");
        installation
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Writes its configuration with other words in the place of these.
    pub(crate) fn replace(&self, these: &str, others: &str) {
        let text = std::fs::read_to_string(self.path("proofkey.toml")).unwrap();
        assert!(text.contains(these), "{these}");
        self.write("proofkey.toml", &text.replace(these, others));
    }

    /// The command in this directory, with pipes, and nothing of the environment to change what is tested.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_proofkey"));
        command.env_clear().current_dir(self.directory.path()).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str], stdin: &str) -> Output {
        let mut child = self.command(arguments).spawn().unwrap();
        // A command that refuses before it reads closes the pipe; that is no failure of the test.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// Runs a command that succeeds, and reads its one JSON value.
    pub(crate) fn json(&self, arguments: &[&str], stdin: &str) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat(), stdin);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {stderr}");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{arguments:?}: {error}"))
    }

    /// Runs a command that succeeds, and returns what it says to people.
    pub(crate) fn text(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments, "");
        assert_eq!(
            output.status.code(),
            Some(0),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command that is refused: nothing on standard output, the exit code, and these words on standard error.
    pub(crate) fn refused(&self, arguments: &[&str], stdin: &str, code: i32, words: &[&str]) -> String {
        let output = self.run(arguments, stdin);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {stderr}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{arguments:?}");
        for word in words {
            assert!(stderr.contains(word), "{arguments:?} names {word:?}: {stderr}");
        }
        stderr
    }

    pub(crate) fn add_user(&self, name: &str) -> Value {
        self.json(&["user", "add", "--username", name, "--password-stdin"], PASSWORD)
    }

    pub(crate) fn add_client(&self, metadata: &Value) -> Value {
        self.json(&["client", "add", "-"], &metadata.to_string())
    }
}

pub(crate) fn web_client() -> Value {
    json!({"client_id": "shop", "client_secret": "given-secret-1-of-thirty-three-chars", "client_name": "The shop",
           "redirect_uris": ["https://shop.example/cb"]})
}
