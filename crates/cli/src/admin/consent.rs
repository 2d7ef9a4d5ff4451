//! `proofkey consent`: what users have allowed clients to do.

use std::collections::BTreeMap;

use anyhow::anyhow;
use proofkey_protocol::{ClientId, ConsentRecord, UserRecord};
use proofkey_server::admin::named;
use proofkey_server::username_key;
use serde_json::{Value, json};

use super::show::{plain, rfc3339, table};
use super::site::{EXIT_CODES, Hints, Site, SiteArgs, said};

const HINTS: Hints = Hints { missing: "`proofkey consent list` shows what is remembered", exists: "" };

/// List what users have allowed, or withdraw it
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
    /// List remembered consents, at most 10,000
    List {
        /// Of this user only
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
        /// For this client only
        #[arg(long, value_name = "ID", allow_hyphen_values = true)]
        client: Option<String>,
    },
    /// Withdraw a consent; the tokens that rest on it end with it
    Revoke {
        /// Who allowed it
        #[arg(long, value_name = "NAME")]
        user: String,
        /// The client
        #[arg(long, value_name = "ID", allow_hyphen_values = true)]
        client: String,
    },
}

/// Runs the command.
pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    let site = Site::open(&args.site)?;
    let outcome = match args.action {
        Action::List { user, client } => list(&site, user.as_deref(), client).await,
        Action::Revoke { user, client } => revoke(&site, &user, ClientId::new(client)).await,
    };
    site.close(outcome).await
}

async fn list(site: &Site, user: Option<&str>, client: Option<String>) -> anyhow::Result<()> {
    let user = match user {
        Some(name) => Some(find(site, name).await?.id),
        None => None,
    };
    let client = client.map(ClientId::new);
    let records = site.store.consents(user.as_ref(), client.as_ref()).await.map_err(said)?;
    let names = names(site, &records).await?;
    let name = |record: &ConsentRecord| names.get(record.user_id.as_str()).cloned().unwrap_or_default();
    let view = |record: &ConsentRecord| {
        json!({
            "username": name(record), "sub": record.user_id.as_str(), "client_id": record.client_id.as_str(),
            "scope": record.scope.to_string(), "since": rfc3339(record.since),
        })
    };
    let views: Vec<Value> = records.iter().map(view).collect();
    site.output.result(&views, || {
        let rows = records.iter().map(|record| {
            [name(record), record.client_id.to_string(), record.scope.to_string(), rfc3339(record.since)]
        });
        table(["USER", "CLIENT", "SCOPE", "SINCE"], rows, "No consent is remembered.")
    })
}

async fn revoke(site: &Site, name: &str, client: ClientId) -> anyhow::Result<()> {
    let user = find(site, name).await?;
    let revoked = site.store.revoke_consent(&user.id, &client).await;
    let what = || format!("consent of {name} for client {client}");
    revoked.map_err(|fault| HINTS.explain(named(fault, what())))?;
    tracing::info!(user = %user.id, client_id = %client, "consent withdrawn by an operator");
    let report = json!({"username": user.username, "client_id": client.as_str(), "revoked": true});
    site.output.result(&report, || plain(&format!("Withdrew the {}; its tokens have ended.", what())))
}

async fn names(site: &Site, records: &[ConsentRecord]) -> anyhow::Result<BTreeMap<String, String>> {
    let mut names = BTreeMap::new();
    for record in records {
        let id = record.user_id.as_str();
        if !names.contains_key(id)
            && let Some(user) = site.store.user(&record.user_id).await.map_err(said)?
        {
            names.insert(id.to_owned(), user.username);
        }
    }
    Ok(names)
}

async fn find(site: &Site, name: &str) -> anyhow::Result<UserRecord> {
    let found = match username_key(name) {
        Some(key) => site.store.user_by_name(&key).await.map_err(said)?,
        None => None,
    };
    found.ok_or_else(|| {
        anyhow!("there is no user {}; `proofkey user list` shows those that exist", plain(name))
    })
}
