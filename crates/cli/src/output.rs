//! What every command says and how it ends: one JSON value or text on standard output, everything else on standard
//! error, and an exit code that a script can act on.
//!
//! | code | meaning |
//! |---|---|
//! | 0 | done |
//! | 1 | failed; the message says what to change |
//! | 2 | the command line was wrong |
//! | 3 | there is no sign-in, or it has ended: `proofkey login` |
//! | 4 | the server cannot be reached or fails: try again |

use std::fmt;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use proofkey_client::{Error as ClientError, Remedy};
use serde::Serialize;

use crate::terminal;

/// What the help of commands that use a sign-in ends with.
pub(crate) const EXIT_CODES: &str =
    "Exit codes: 0 done, 1 failed, 2 wrong command line, 3 sign in first, 4 server unreachable";

/// What the help of commands that need no sign-in ends with.
pub(crate) const OPERATOR_EXIT_CODES: &str =
    "Exit codes: 0 done, 1 failed (the message says what to change), 2 wrong command line";

/// A command line that can be read and not be carried out: what is missing in it, or does not go together.
#[derive(Debug)]
pub(crate) struct WrongCommandLine(pub(crate) String);

impl fmt::Display for WrongCommandLine {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for WrongCommandLine {}

/// How a command failed, as far as its exit code tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Something has to be changed before it can work.
    Failure,
    /// The command line has to be.
    CommandLine,
    /// The person has to sign in first.
    SignIn,
    /// A server cannot be reached or fails; the same command may work later.
    Unreachable,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        // 2 is clap's too, for a command line that cannot be read.
        Self::from(match exit {
            Exit::Failure => 1,
            Exit::CommandLine => 2,
            Exit::SignIn => 3,
            Exit::Unreachable => 4,
        })
    }
}

/// `--json`, on every command that prints a result.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Output {
    /// Print one JSON value instead of text
    #[arg(long)]
    json: bool,
}

impl Output {
    /// Prints the result of the command: `value` with `--json`, else `text`.
    pub(crate) fn result<T: Serialize>(self, value: &T, text: impl FnOnce() -> String) -> anyhow::Result<()> {
        print(self.line(value, text)?.as_bytes())
    }

    /// Prints a result that holds a secret which is shown this once. Here a reader that went away is a failure: a secret
    /// that was not read must not replace what works.
    pub(crate) fn secret<T: Serialize>(self, value: &T, text: impl FnOnce() -> String) -> io::Result<()> {
        write(self.line(value, text)?.as_bytes())
    }

    fn line<T: Serialize>(self, value: &T, text: impl FnOnce() -> String) -> serde_json::Result<String> {
        let mut line =
            if self.json { terminal::json(&serde_json::to_string(value)?) } else { terminal::lines(&text()) };
        line.push('\n');
        Ok(line)
    }

    /// Whether the result is JSON.
    pub(crate) const fn is_json(self) -> bool {
        self.json
    }
}

/// Writes bytes to standard output. A reader that went away (`| head`) is no failure of ours; a full disk is one, for then a
/// result is cut off that its reader will rely on.
pub(crate) fn print(bytes: &[u8]) -> anyhow::Result<()> {
    match write(bytes) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("the result could not be written to standard output"),
    }
}

fn write(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush())
}

/// Tells the person something beside the result, on standard error.
pub(crate) fn note(text: &str) {
    // In one piece: the log, which has a writer of its own, would come between a line and its end.
    let line = format!("{}\n", terminal::lines(text));
    let _ = io::stderr().lock().write_all(line.as_bytes());
}

/// How long the last word of a command may take. A reader that has stopped must not keep a server from ending.
const LAST_WORD_WITHIN: Duration = Duration::from_secs(5);

/// Reports why a command failed and gives the exit code for it.
pub(crate) fn failure(error: &anyhow::Error) -> ExitCode {
    let last_word = format!("proofkey: {}", told(error));
    let (said, done) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        note(&last_word);
        let _nobody_waits_any_more = said.send(());
    });
    let _said_or_given_up = done.recv_timeout(LAST_WORD_WITHIN);
    if error.chain().any(|cause| cause.is::<WrongCommandLine>()) {
        return Exit::CommandLine.into();
    }
    let cause = error.chain().find_map(|cause| cause.downcast_ref::<ClientError>());
    exit_of(cause).into()
}

/// What went wrong, link by link, each that adds something.
fn told(error: &anyhow::Error) -> String {
    let mut told = String::new();
    for link in error.chain().map(ToString::to_string).filter(|link| !link.is_empty()) {
        if told.contains(&link) {
            continue;
        }
        if !told.is_empty() {
            told.push_str(": ");
        }
        told.push_str(&link);
    }
    told
}

fn exit_of(cause: Option<&ClientError>) -> Exit {
    match cause.map(ClientError::remedy) {
        Some(Remedy::SignIn) => Exit::SignIn,
        Some(Remedy::Retry) => Exit::Unreachable,
        Some(_) | None => Exit::Failure,
    }
}

/// A spinner on standard error; nothing where that is no terminal.
pub(crate) struct Spinner(ProgressBar);

impl Spinner {
    /// Shows the spinner with a message, until it is dropped.
    pub(crate) fn start(message: &'static str) -> Self {
        let bar = ProgressBar::new_spinner().with_message(message);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        Self(bar)
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k_39_each_link_of_a_chain_of_causes_adds_something() {
        let cause = anyhow::anyhow!("the port is taken").context("8080: the port is taken; is it yours?");
        assert_eq!(told(&cause.context("no start")), "no start: 8080: the port is taken; is it yours?");
        assert_eq!(told(&anyhow::anyhow!("b").context("a")), "a: b");
    }

    #[test]
    fn exit_codes_tell_signing_in_from_waiting_from_changing() {
        let unreachable = ClientError::Unreachable { host: "a".into(), cause: "b".into() };
        let cases = [
            (Some(ClientError::NotSignedIn), Exit::SignIn),
            (Some(ClientError::SignInAgain), Exit::SignIn),
            (Some(unreachable), Exit::Unreachable),
            (Some(ClientError::ChallengeMethodMissing), Exit::Failure),
            (None, Exit::Failure),
        ];
        for (cause, expected) in cases {
            assert_eq!(exit_of(cause.as_ref()), expected, "{cause:?}");
        }
    }
}
