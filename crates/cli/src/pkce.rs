//! `proofkey pkce`: a code verifier and its challenge (RFC 7636), for flows that are walked by hand.

use std::io::{self, Read as _};
use std::process::ExitCode;

use anyhow::Context as _;
use proofkey_oauth::{CHALLENGE_METHOD, CodeVerifier};
use proofkey_protocol::Random as _;
use proofkey_server::SystemRandom;
use serde::Serialize;

use crate::output::{OPERATOR_EXIT_CODES, Output};

/// Most bytes that are read: the longest verifier (RFC 7636 §4.1) and the line break behind it.
const INPUT_BYTES_MAX: u64 = 130;

/// Print a code verifier and its challenge (RFC 7636)
///
/// The challenge goes into the authorization request, as code_challenge with code_challenge_method=S256. The verifier stays with
/// you until the code is redeemed, and goes to the token endpoint as code_verifier.
#[derive(Debug, clap::Args)]
#[command(after_help = OPERATOR_EXIT_CODES)]
pub(crate) struct Args {
    /// Read the verifier from standard input rather than make one
    #[arg(long)]
    verifier_stdin: bool,
    #[command(flatten)]
    output: Output,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    code_verifier: &'a str,
    code_challenge: String,
    code_challenge_method: &'static str,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let verifier = if args.verifier_stdin { read_verifier()? } else { new_verifier() };
    let report = Report {
        code_verifier: verifier.expose(),
        code_challenge: verifier.challenge().to_string(),
        code_challenge_method: CHALLENGE_METHOD,
    };
    args.output.result(&report, || {
        format!(
            "code_verifier          {}\ncode_challenge         {}\ncode_challenge_method  {CHALLENGE_METHOD}",
            report.code_verifier, report.code_challenge
        )
    })?;
    Ok(ExitCode::SUCCESS)
}

fn new_verifier() -> CodeVerifier {
    let mut octets = [0; 32];
    SystemRandom.fill(&mut octets);
    CodeVerifier::from_random(&octets)
}

fn read_verifier() -> anyhow::Result<CodeVerifier> {
    let mut text = String::new();
    io::stdin().lock().take(INPUT_BYTES_MAX + 1).read_to_string(&mut text).context("standard input")?;
    let line = text.strip_suffix('\n').map_or(&*text, |line| line.strip_suffix('\r').unwrap_or(line));
    CodeVerifier::parse(line).context(
        "standard input holds no code verifier: 43 to 128 letters, digits, `-`, `.`, `_` or `~` (RFC 7636 \
         §4.1), and nothing else",
    )
}
