//! `proofkey key`: the signing keys.

use proofkey_server::admin::ListedKey;
use serde_json::{Value, json};

use super::installation::Installation;
use super::refusal::explain;
use super::show::{rfc3339, table};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Action {
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

pub(super) async fn run(installation: &Installation, action: Action) -> anyhow::Result<()> {
    match action {
        Action::List => list(installation).await,
        Action::Rotate { now: _ } => rotate(installation).await,
    }
}

async fn list(installation: &Installation) -> anyhow::Result<()> {
    let keys = installation.admin.keys().await.map_err(explain)?;
    let views: Vec<Value> = keys.iter().map(view).collect();
    installation.output.result(&views, || {
        let rows = keys.iter().map(|ListedKey { record, state }| {
            let (active_from, created_at) = (rfc3339(record.active_from), rfc3339(record.created_at));
            [
                record.kid.clone(),
                record.algorithm.name().to_owned(),
                state.name().to_owned(),
                active_from,
                created_at,
            ]
        });
        let headings = ["KEY ID", "ALGORITHM", "STATE", "ACTIVE FROM", "CREATED"];
        table(headings, rows, "No keys yet: the first start of the server makes them.")
    })
}

async fn rotate(installation: &Installation) -> anyhow::Result<()> {
    let made = installation.admin.rotate_keys().await.map_err(explain)?;
    let views: Vec<Value> = made.iter().map(view).collect();
    installation.output.result(&json!({"made": views}), || {
        let lines = made
            .iter()
            .map(|ListedKey { record, .. }| format!("{} signs with {} now", record.algorithm, record.kid));
        lines.collect::<Vec<_>>().join("\n")
    })
}

fn view(ListedKey { record, state }: &ListedKey) -> Value {
    json!({
        "kid": record.kid, "algorithm": record.algorithm.name(), "state": state.name(),
        "active_from": rfc3339(record.active_from), "created_at": rfc3339(record.created_at),
    })
}
