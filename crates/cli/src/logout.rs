//! `proofkey logout`: takes the tokens back at the server and removes them here, even if the server is down.

use std::process::ExitCode;

use proofkey_client::{Client, TokenStore, open_browser};
use serde::Serialize;

use crate::output::{Output, note};
use crate::target::{LastLogin, TargetArgs};

/// Sign out
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    target: TargetArgs,
    /// Also open the page that ends the browser's session at the server
    #[arg(long)]
    browser: bool,
    #[command(flatten)]
    output: Output,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    signed_out: bool,
    revoked: bool,
    end_session_url: Option<&'a str>,
}

/// Runs the command.
pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let store = TokenStore::open()?;
    let app = args.target.for_session(LastLogin::read(&store).as_ref())?;
    let signed_out = Client::with_store(app, &store).sign_out().await?;
    if let Err(error) = &signed_out.revoked {
        note(&format!("The tokens are gone from here, but the server did not take them back: {error}"));
    }
    let url = signed_out.end_session_url.as_ref();
    if args.browser
        && let Some(url) = url
        && let Err(error) = open_browser(url).await
    {
        note(&format!("{error}"));
    }
    let report = Report {
        signed_out: true,
        revoked: signed_out.revoked.is_ok(),
        end_session_url: url.map(|url| url.as_str()),
    };
    args.output.result(&report, || match url {
        Some(url) if !args.browser => {
            format!("Signed out. To end the browser's session too, open\n\n  {}", url.as_str())
        }
        _ => "Signed out.".to_owned(),
    })?;
    Ok(ExitCode::SUCCESS)
}
