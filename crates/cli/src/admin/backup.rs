//! `proofkey backup`: all of the database, as of one moment, in one file.

use std::path::PathBuf;

use proofkey_server::clock::Clock;
use proofkey_server::log;
use proofkey_store::moving;
use serde_json::json;

use super::installation::{InstallationArgs, load};
use super::moving::{Bar, begun, place_of};
use super::refusal::message;
use super::show::rfc3339;

/// Write a backup of the database into a new file, beside the servers that run
///
/// All of it as of one moment, whatever is written meanwhile; from PostgreSQL too. The file is for its owner alone and no server opens
/// it: `proofkey restore` makes a database of it. The sealing key is not in it, and it is worth nothing without that: keep a copy
/// apart from it.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    installation: InstallationArgs,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

pub(super) async fn run(args: &Args) -> anyhow::Result<()> {
    let config = load(&args.installation.config)?;
    let _logging = log::init(&config.log, Clock::System).map_err(message)?;
    let place = place_of(&config.store)?;
    let mut bar = Bar::start();
    let made = moving::backup(&place, &args.to, begun(), &mut |progress| bar.show(progress)).await;
    let made = made.map_err(message)?;
    drop(bar);
    let made_at = rfc3339(made.note.made_at);
    let report = json!({
        "file": args.to, "database": made.note.source, "made_at": made_at, "bytes": made.bytes,
    });
    args.installation.output.result(&report, || {
        format!(
            "Wrote {} ({} KiB): {} as of {made_at}.\nKeep a copy of the sealing key apart from it: without it the backup is \
             worth nothing.",
            args.to.display(),
            made.bytes / 1024,
            made.note.source
        )
    })
}
