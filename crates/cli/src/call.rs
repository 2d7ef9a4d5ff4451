//! `proofkey call`: calls the API that the sign-in was for.

use std::io::{IsTerminal as _, stdout};
use std::process::ExitCode;
use std::str::FromStr as _;

use anyhow::Context as _;
use proofkey_client::{ApiAnswer, ApiRequest, Client, Method, TokenStore};
use serde::Serialize;
use serde_json::Value;

use crate::output::{EXIT_CODES, Exit, Output, note, print};
use crate::stored_at::StorageMove;
use crate::target::{LastLogin, TargetArgs};
use crate::terminal::is_steering;

/// Call the API with a fresh access token
#[derive(Debug, clap::Args)]
#[command(after_help = format!("{EXIT_CODES}\n{EXIT_CODES_OF_ANSWERS}"))]
pub(crate) struct Args {
    /// At or below the API that the sign-in names (--resource)
    url: String,
    /// The method [default: GET, or POST with a body]
    #[arg(short = 'X', long, value_name = "METHOD")]
    request: Option<String>,
    /// The body
    #[arg(short, long, value_name = "BODY")]
    data: Option<String>,
    /// What the body is
    #[arg(long, value_name = "TYPE", default_value = "application/json")]
    content_type: String,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    output: Output,
}

/// What the API's answer makes of them.
const EXIT_CODES_OF_ANSWERS: &str =
    "The API's answer decides too: 0 for a 2xx only, 3 for a 401, 4 for a 429 or 5xx, 1 for any other";

/// What `--json` prints.
#[derive(Serialize)]
struct Report {
    status: u16,
    content_type: Option<String>,
    /// The JSON that came, else the text.
    body: Value,
}

/// Exit code 0 only for a 2xx.
pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let method = args.request.as_deref().unwrap_or(if args.data.is_some() { "POST" } else { "GET" });
    let method = Method::from_str(method).context("--request")?;
    let store = TokenStore::open()?;
    let app = args.target.for_session(LastLogin::read(&store).as_ref())?;
    let session = Client::with_store(app, &store).session().await?;
    let body = args.data.as_ref().map(|data| (args.content_type.as_str(), data.as_bytes()));
    let storage_move = StorageMove::of(&session).await?;
    let answer = session.call(&ApiRequest { method, url: &args.url, body }).await;
    storage_move.note_move(&session).await?;
    let answer = answer?;
    if args.output.is_json() {
        args.output.result(&report(&answer), String::new)?;
    } else if stdout().is_terminal() {
        print(printable(&answer.body).as_bytes())?;
    } else {
        print(&answer.body)?;
    }
    Ok(exit_code(&answer))
}

fn exit_code(answer: &ApiAnswer) -> ExitCode {
    if answer.status.is_success() {
        return ExitCode::SUCCESS;
    }
    let challenge = answer.headers.get("www-authenticate").and_then(|value| value.to_str().ok());
    let challenge = challenge.map(|text| format!(" ({text})")).unwrap_or_default();
    note(&format!("the API answered {}{challenge}", answer.status));
    match answer.status.as_u16() {
        401 => Exit::SignIn.into(),
        429 | 500..=599 => Exit::Unreachable.into(),
        _ => Exit::Failure.into(),
    }
}

fn report(answer: &ApiAnswer) -> Report {
    let content_type = answer.headers.get("content-type").and_then(|value| value.to_str().ok());
    let text = || Value::String(String::from_utf8_lossy(&answer.body).into_owned());
    Report {
        status: answer.status.as_u16(),
        content_type: content_type.map(str::to_owned),
        body: serde_json::from_slice(&answer.body).unwrap_or_else(|_| text()),
    }
}

/// For a terminal: an API's answer is shown, not obeyed.
fn printable(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    text.chars().filter(|c| !is_steering(*c) || matches!(c, '\n' | '\t')).chain(['\n']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_cannot_steer_a_terminal() {
        assert_eq!(printable("a\x1b[2J\tb\u{9b}\u{202e}\r\n".as_bytes()), "a[2J\tb\n\n");
    }
}
