//! `proofkey key`: the signing keys.

use proofkey_server::admin::{KeysToRevoke, ListedKey, RevokedKeys};
use serde_json::{Value, json};

use super::installation::Installation;
use super::refusal::explain;
use super::show::{rfc3339, table};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Action {
    /// List the keys: `next` is published, `active` signs, `retiring` verifies what it signed
    List,
    /// Replace the signing keys by new ones
    ///
    /// The server rotates by itself, on schedule and with notice. This makes new keys sign from the next request on, and the
    /// old ones verify on until nothing that they signed lives. After a leak it is not enough: `proofkey key revoke`.
    Rotate {
        /// Replace every active key now
        #[arg(long, required = true)]
        now: bool,
    },
    /// Revoke signing keys that have leaked
    ///
    /// From the next request on this server accepts nothing that a revoked key signed. Within a tenth of a second, and before this
    /// command returns, the key is gone from the key set and signs nothing any more: a new one does. Apps get new tokens by their refresh tokens. APIs that validate tokens by themselves follow when
    /// their copy of the key set ends (keys.jwks_max_age_seconds, 300 by default).
    #[command(after_long_help = LEAKS)]
    Revoke {
        /// The key's id, as `proofkey key list` shows it
        #[arg(
            value_name = "KID",
            required_unless_present = "all",
            conflicts_with = "all",
            allow_hyphen_values = true
        )]
        kid: Option<String>,
        /// Revoke every key there is
        #[arg(long)]
        all: bool,
    },
}

/// Which leak needs what.
pub(super) const LEAKS: &str = "\
What has leaked, and what it needs:
  a signing key                        proofkey key revoke KID
  the sealing key (also in a backup)   proofkey sealing-key rotate --revoke-old
  the database and the sealing key     both: proofkey sealing-key rotate --revoke-old
                                             proofkey key revoke --all
  the database alone                   neither: its private keys are sealed, its secrets and passwords hashed

Exit codes: 0 done, 1 failed (the message says what to change), 2 wrong command line";

pub(super) async fn run(installation: &Installation, action: Action) -> anyhow::Result<()> {
    match action {
        Action::List => list(installation).await,
        Action::Rotate { now: _ } => rotate(installation).await,
        Action::Revoke { kid, all: _ } => {
            revoke(installation, &kid.map_or(KeysToRevoke::All, KeysToRevoke::One)).await
        }
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
    installation.output.result(&json!({"made": views}), || signing_now(&made).collect::<Vec<_>>().join("\n"))
}

async fn revoke(installation: &Installation, which: &KeysToRevoke) -> anyhow::Result<()> {
    let RevokedKeys { revoked, made } = installation.admin.revoke_keys(which).await.map_err(explain)?;
    let views: Vec<Value> = made.iter().map(view).collect();
    installation.output.result(&json!({"revoked": revoked, "made": views}), || {
        let lines = revoked.iter().map(|kid| format!("{kid} is revoked"));
        lines.chain(signing_now(&made)).collect::<Vec<_>>().join("\n")
    })
}

fn signing_now(made: &[ListedKey]) -> impl Iterator<Item = String> {
    made.iter().map(|ListedKey { record, .. }| format!("{} signs with {} now", record.algorithm, record.kid))
}

fn view(ListedKey { record, state }: &ListedKey) -> Value {
    json!({
        "kid": record.kid, "algorithm": record.algorithm.name(), "state": state.name(),
        "active_from": rfc3339(record.active_from), "created_at": rfc3339(record.created_at),
    })
}
