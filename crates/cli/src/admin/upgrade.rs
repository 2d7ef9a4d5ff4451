//! `proofkey upgrade`: the database gets the schema of this version.

use anyhow::bail;
use proofkey_server::clock::Clock;
use proofkey_server::log;
use proofkey_store::moving::{self, Place, Rehearsal, Rehearsed, SchemaStands};
use serde_json::{Value, json};

use super::installation::{InstallationArgs, load};
use super::moving::{begun, place_of};
use super::refusal::message;

/// Bring the database to the schema of this version
///
/// On SQLite a backup is taken before (proofkey.db.before-NNNN), and every start does the same by itself. On PostgreSQL servers refuse
/// an older schema until this command was run, and it wants to hear that there is a backup. Servers of the version before go on
/// beside the new schema where its migrations say so; else they refuse, and both versions are named.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    installation: InstallationArgs,
    /// Say what would be done, and on SQLite rehearse it on a copy, and change nothing
    #[arg(long)]
    check: bool,
    /// There is a backup of the PostgreSQL database, and I know how to restore it
    #[arg(long)]
    backed_up: bool,
}

pub(super) async fn run(args: &Args) -> anyhow::Result<()> {
    let config = load(&args.installation.config)?;
    let _logging = log::init(&config.log, Clock::System).map_err(message)?;
    let place = place_of(&config.store)?;
    let rehearsal =
        if args.check { moving::rehearse_upgrade(&place, begun()).await } else { pending(&place).await };
    let rehearsal = rehearsal.map_err(message)?;
    if args.check {
        let report = check_report(&place, &rehearsal);
        return args.installation.output.result(&report, || checked(&place, &rehearsal));
    }
    let schema = &rehearsal.schema;
    let wants_backup =
        matches!(place, Place::Server { .. }) && schema.version > 0 && !schema.pending.is_empty();
    if wants_backup && !args.backed_up {
        bail!(
            "{place}: {}. Take a backup first, with pg_dump or with `proofkey backup` of the version that served until now; then \
             `proofkey upgrade --backed-up`",
            would(schema)
        );
    }
    let upgraded = moving::upgrade(&place, begun()).await.map_err(message)?;
    let report = json!({
        "database": place.to_string(), "from": upgraded.schema.version, "to": upgraded.schema.newest,
        "applied": names(&upgraded.schema), "backup": upgraded.backup,
    });
    args.installation.output.result(&report, || {
        if upgraded.schema.pending.is_empty() {
            return format!("{place} has the schema of this version already ({}).", upgraded.schema.newest);
        }
        let mut text = format!("{place}: applied {}.", names(&upgraded.schema).join(", "));
        if let Some(backup) = &upgraded.backup {
            text.push_str(&format!("\nThe database as it was before is in {}.", backup.display()));
        }
        text
    })
}

/// Without a rehearsal.
async fn pending(place: &Place) -> Result<Rehearsal, moving::MoveRefused> {
    Ok(Rehearsal { schema: moving::schema(place, begun()).await?, rehearsed: None })
}

fn names(schema: &SchemaStands) -> Vec<&'static str> {
    schema.pending.iter().map(|step| step.name).collect()
}

fn would(schema: &SchemaStands) -> String {
    let list = names(schema).join(", ");
    format!(
        "the schema is {}, this version has {}: the upgrade applies {list}",
        schema.version, schema.newest
    )
}

fn check_report(place: &Place, rehearsal: &Rehearsal) -> Value {
    let schema = &rehearsal.schema;
    let rehearsed = rehearsal.rehearsed.as_ref().map(|rehearsed| {
        json!({
            "milliseconds": u64::try_from(rehearsed.took.as_millis()).unwrap_or(u64::MAX),
            "changed_counts": changes(rehearsed),
        })
    });
    json!({
        "database": place.to_string(), "from": schema.version, "to": schema.newest, "pending": names(schema),
        "rehearsed": rehearsed,
    })
}

fn checked(place: &Place, rehearsal: &Rehearsal) -> String {
    if rehearsal.schema.pending.is_empty() {
        return format!("{place}: nothing is to do; the schema is {}.", rehearsal.schema.version);
    }
    let would = would(&rehearsal.schema);
    match &rehearsal.rehearsed {
        None => format!(
            "{place}: {would}.\nIt was not rehearsed: there is no copy of a PostgreSQL database to be had. Restore a backup into \
             another database and run `proofkey upgrade` there first."
        ),
        Some(rehearsed) => {
            let mut text = format!(
                "{place}: {would}.\nRehearsed on a copy: it took {} ms, and the copy is sound.",
                rehearsed.took.as_millis()
            );
            match changes(rehearsed) {
                changes if changes.is_empty() => text.push_str(" No table has another number of rows."),
                changes => text.push_str(&format!(" Rows that were and would be: {}.", changes.join(", "))),
            }
            text
        }
    }
}

/// Tables whose number of rows moves.
fn changes(rehearsed: &Rehearsed) -> Vec<String> {
    let after =
        |table: &str| rehearsed.after.iter().find(|(name, _)| *name == table).map_or(0, |(_, count)| *count);
    let changed = rehearsed.before.iter().filter(|(table, count)| after(table) != *count);
    changed.map(|(table, count)| format!("{table} {count} → {}", after(table))).collect()
}
