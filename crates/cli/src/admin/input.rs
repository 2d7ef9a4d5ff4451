//! What commands read: documents from files or standard input, and passwords, which never come as arguments.

use std::io::{self, IsTerminal as _, Read};

use anyhow::{Context as _, bail, ensure};
use proofkey_oauth::Secret;

/// Largest document.
const DOCUMENT_BYTES_MAX: u64 = 1024 * 1024;
/// Largest password that is read; the server's own limit is lower, and gives the better message.
const PASSWORD_BYTES_MAX: u64 = 4096;

/// The text of a file, or of standard input for `-`.
pub(super) fn document(file: &str) -> anyhow::Result<String> {
    if file.trim_start().starts_with('{') {
        // Not repeated in the message: it may hold a client_secret, and standard error may be a log.
        bail!(
            "give the JSON as a file, or by standard input with `-`: every process of this machine can read arguments"
        );
    }
    if file == "-" {
        return bounded(io::stdin().lock(), DOCUMENT_BYTES_MAX).context("standard input");
    }
    let opened = std::fs::File::open(file)
        .with_context(|| format!("`{file}` cannot be read (`-` is standard input)"))?;
    bounded(opened, DOCUMENT_BYTES_MAX).with_context(|| format!("`{file}`"))
}

/// A new password: from standard input, or asked for twice on a terminal.
pub(super) fn new_password(from_stdin: bool) -> anyhow::Result<Secret> {
    if from_stdin {
        let text =
            bounded(io::stdin().lock(), PASSWORD_BYTES_MAX).context("the password on standard input")?;
        return password_of(text);
    }
    ensure!(
        io::stdin().is_terminal(),
        "there is no terminal to ask for the password on; give it by standard input with --password-stdin"
    );
    let first = Secret::new(rpassword::prompt_password("New password: ").context("the terminal")?);
    let again = Secret::new(rpassword::prompt_password("The same again: ").context("the terminal")?);
    ensure!(first.hash().matches(&again), "the two passwords differ; try again");
    Ok(first)
}

/// A secret from standard input.
pub(super) fn secret_on_stdin() -> anyhow::Result<Secret> {
    let text = without_break(bounded(io::stdin().lock(), PASSWORD_BYTES_MAX)?);
    ensure!(!text.is_empty(), "it holds none");
    Ok(Secret::new(text))
}

fn password_of(text: String) -> anyhow::Result<Secret> {
    let text = without_break(text);
    ensure!(!text.is_empty(), "standard input holds no password");
    Ok(Secret::new(text))
}

/// The input without the one line break that `echo` and editors put at its end; any other belongs to the password.
fn without_break(mut text: String) -> String {
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    text
}

fn bounded(source: impl Read, bytes_max: u64) -> anyhow::Result<String> {
    let mut text = String::new();
    source.take(bytes_max + 1).read_to_string(&mut text)?;
    ensure!(u64::try_from(text.len()).is_ok_and(|length| length <= bytes_max), "more than {bytes_max} bytes");
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_line_break_is_stripped_from_a_password() {
        let cases = [
            ("a b", "a b"),
            ("a\n", "a"),
            ("a\r\n", "a"),
            ("a\n\n", "a\n"),
            (" a \n", " a "),
            ("\na", "\na"),
        ];
        for (input, expected) in cases {
            assert_eq!(password_of(input.to_owned()).unwrap().expose(), expected, "{input:?}");
        }
        for empty in ["", "\n", "\r\n"] {
            assert!(password_of(empty.to_owned()).is_err(), "{empty:?}");
        }
    }

    #[test]
    fn too_much_is_refused_rather_than_cut() {
        assert!(bounded(&b"1234"[..], 4).is_ok());
        assert!(bounded(&b"12345"[..], 4).is_err());
    }

    #[test]
    fn json_as_an_argument_is_refused_and_not_repeated() {
        let message = format!("{:#}", document(" {\"client_secret\":\"canary\"}").unwrap_err());
        assert!(message.contains("standard input") && !message.contains("canary"), "{message}");
    }
}
