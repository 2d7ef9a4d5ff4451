//! `proofkey token`: prints an access token that still works for a while, for scripts; `token preview` says what an operator's
//! server would issue.

use std::process::ExitCode;
use std::time::Duration;

use proofkey_client::{Client, TokenStore};
use serde::Serialize;

use crate::admin::preview;
use crate::output::{EXIT_CODES, Output};
use crate::stored_at::StorageMove;
use crate::target::{LastLogin, TargetArgs};

/// Print an access token, refreshed if it ends soon
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES, args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    target: TargetArgs,
    /// Refresh if the token would end in less than so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    refresh_if_under: u64,
    #[command(flatten)]
    output: Output,
}

/// What else is done with tokens.
#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Say which tokens a client would be issued, and why
    Preview(preview::Args),
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    access_token: &'a str,
    /// Seconds since 1970.
    expires_at: i64,
    scope: String,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    if let Some(Action::Preview(args)) = args.action {
        return preview::run(args).await;
    }
    let store = TokenStore::open()?;
    let app = args.target.for_session(LastLogin::read(&store).as_ref())?;
    let session = Client::with_store(app, &store).session().await?;
    let storage_move = StorageMove::of(&session).await?;
    let token = session.access_token(Duration::from_secs(args.refresh_if_under)).await?;
    storage_move.note_move(&session).await?;
    let report = Report {
        access_token: token.token.expose(),
        expires_at: token.expires_at.seconds(),
        scope: session.scope().await,
    };
    args.output.result(&report, || token.token.expose().to_owned())?;
    Ok(ExitCode::SUCCESS)
}
