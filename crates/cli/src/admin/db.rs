//! `proofkey db`: a database copied to another engine.

use clap::Subcommand;
use proofkey_store::moving::{self, Copied, Place, TableDigest};
use serde_json::{Value, json};

use super::installation::EXIT_CODES;
use super::moving::{Bar, begun, place};
use super::refusal::message;
use crate::output::Output;

/// Copy a database to the other engine, or let the source of a copy serve again
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES, mut_arg("json", |json| json.global(true)))]
#[command(mut_subcommands(|action| action.after_help(EXIT_CODES)))]
pub(crate) struct Args {
    #[command(flatten)]
    output: Output,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Copy a database into an empty one
    ///
    /// From SQLite to PostgreSQL, back, or between two of a kind. Stop every server first; none may serve from either side while
    /// this runs, and afterwards the copy alone serves: the source says so. Sessions, refresh tokens and keys work on; the sealing key
    /// is not in a database and stays the same. Where it was cut off, the same command goes on. At the end both sides are read
    /// again and compared, table by table.
    ///
    /// A database is a postgres:// URL, a file that only its owner can read and that holds one (so that no password stands in the
    /// list of processes), a database file of SQLite, or the directory with its proofkey.db.
    Copy {
        /// The database to copy
        #[arg(long, value_name = "URL|PATH", value_parser = place)]
        from: Place,
        /// Where to: an empty database
        #[arg(long, value_name = "URL|PATH", value_parser = place)]
        to: Place,
    },
    /// Let the source of a copy serve again
    ///
    /// It holds nothing of what was changed in the copy. Of the two only one may ever serve: what was revoked in the one is good in
    /// the other.
    Reopen {
        /// The source of the copy
        #[arg(long, value_name = "URL|PATH", value_parser = place)]
        at: Place,
        /// The copy does not serve, and never will
        #[arg(long, required = true)]
        forget_copy: bool,
    },
}

pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    match args.action {
        Action::Copy { from, to } => copy(args.output, &from, &to).await,
        Action::Reopen { at, forget_copy: _ } => {
            moving::reopen(&at, begun()).await.map_err(message)?;
            let report = json!({"database": at.to_string(), "serving": true});
            args.output.result(&report, || format!("{at} may serve again. Its copy must not."))
        }
    }
}

async fn copy(output: Output, from: &Place, to: &Place) -> anyhow::Result<()> {
    let mut bar = Bar::start();
    let copied =
        moving::copy(from, to, begun(), &mut |progress| bar.show(progress)).await.map_err(message)?;
    drop(bar);
    match copied {
        Copied::Already => {
            let report = json!({"from": from.to_string(), "to": to.to_string(), "changed": false});
            output.result(&report, || format!("{from} was copied to {to} before: nothing was changed."))
        }
        Copied::Whole { tables, resumed } => {
            let report = json!({
                "from": from.to_string(), "to": to.to_string(), "changed": true, "resumed": resumed,
                "tables": tables.iter().map(view).collect::<Vec<_>>(),
            });
            output.result(&report, || {
                let rows: u64 = tables.iter().map(|table| table.rows).sum();
                format!(
                    "Copied {rows} rows in {} tables; both sides hold the same.\n{from} does not serve any more. Next: let \
                     the configuration name {to} (store.data, or store.url_file), then `proofkey serve`.",
                    tables.len()
                )
            })
        }
    }
}

fn view(table: &TableDigest) -> Value {
    let hex: String = table.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    json!({"table": table.table, "rows": table.rows, "sha256": hex})
}
