//! `proofkey key`: the signing keys.

use anyhow::anyhow;
use proofkey_protocol::KeyRecord;
use proofkey_server::keys::{KeysFault, PrivateKeySealer, rotate_now, rotation};
use serde_json::{Value, json};

use super::show::{rfc3339, table};
use super::site::{EXIT_CODES, Site, SiteArgs, said};

/// List the signing keys, or replace them at once
#[derive(Debug, clap::Args)]
#[command(mut_subcommands(|action| action.after_help(EXIT_CODES)))]
pub(crate) struct Args {
    #[command(flatten)]
    site: SiteArgs,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the keys: `next` is published, `active` signs, `retiring` verifies what it signed
    List,
    /// Replace the signing keys, as after a leak
    ///
    /// The server rotates by itself, on schedule and with notice. This makes new keys sign within a second, and the old
    /// ones verify on until nothing that they signed lives.
    Rotate {
        /// Replace every active key now
        #[arg(long, required = true)]
        now: bool,
    },
}

/// Runs the command.
pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    let site = Site::open(&args.site)?;
    let outcome = match args.action {
        Action::List => list(&site).await,
        Action::Rotate { now: _ } => rotate(&site).await,
    };
    site.close(outcome).await
}

async fn list(site: &Site) -> anyhow::Result<()> {
    let records = site.store.keys().await.map_err(said)?;
    let views: Vec<Value> = records.iter().map(|key| view(site, &records, key)).collect();
    site.output.result(&views, || {
        let rows = records.iter().map(|key| {
            let state = state(site, &records, key).to_owned();
            [key.kid.clone(), key.algorithm.clone(), state, rfc3339(key.active_from), rfc3339(key.created_at)]
        });
        let headings = ["KEY ID", "ALGORITHM", "STATE", "ACTIVE FROM", "CREATED"];
        table(headings, rows, "No keys yet: the first start of the server makes them.")
    })
}

async fn rotate(site: &Site) -> anyhow::Result<()> {
    let sealer = PrivateKeySealer::derive(site.config.keys.sealing_key.expose());
    let before = site.store.keys().await.map_err(said)?;
    // Keys sealed by two sealing keys would keep the server from starting at all.
    if let Some(key) = before.iter().find(|key| sealer.open(&key.kid, &key.sealed).is_none()) {
        return Err(said(KeysFault::Sealed { kid: key.kid.clone() }));
    }
    let kids = rotate_now(&site.store, &sealer, site.now).await.map_err(said)?;
    let records = site.store.keys().await.map_err(said)?;
    let made: Vec<&KeyRecord> = records.iter().filter(|key| kids.contains(&key.kid)).collect();
    if made.len() < kids.len() {
        return Err(anyhow!(
            "another process was rotating at this moment; look at `proofkey key list`, then try again"
        ));
    }
    let views: Vec<Value> = made.iter().map(|key| view(site, &records, key)).collect();
    site.output.result(&json!({"made": views}), || {
        let lines = made.iter().map(|key| format!("{} signs with {} now", key.algorithm, key.kid));
        lines.collect::<Vec<_>>().join("\n")
    })
}

fn view(site: &Site, records: &[KeyRecord], key: &KeyRecord) -> Value {
    json!({
        "kid": key.kid, "algorithm": key.algorithm, "state": state(site, records, key),
        "active_from": rfc3339(key.active_from), "created_at": rfc3339(key.created_at),
    })
}

fn state(site: &Site, records: &[KeyRecord], key: &KeyRecord) -> &'static str {
    if key.active_from > site.now {
        return "next";
    }
    let active = rotation::ALGORITHMS.iter().filter_map(|ring| rotation::active(records, *ring, site.now));
    if active.into_iter().any(|active| active.kid == key.kid) { "active" } else { "retiring" }
}
