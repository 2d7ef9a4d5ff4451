//! `proofkey client`: the apps that people sign in to.

mod add;
mod document;
mod edit;
mod metadata;
mod questions;
mod snippet;
mod told;
mod unbound;
mod view;

use proofkey_protocol::ClientId;
use proofkey_server::admin::{RotatedSecret, SECRET_KEEP_SECONDS_MAX};
use serde_json::json;

use crate::admin::installation::Installation;
use crate::admin::refusal::explain;
use crate::admin::show::{APIS_FOLLOW, rfc3339, state, table};
use crate::output::print;
use document::read;
use unbound::warn_of_unbound_scopes;
use view::{ClientView, member};

/// An id may begin with a hyphen: a generated one is base64url, and a given one may be anything of that alphabet.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Action {
    /// Register a client by the kind of its app, or from a file; the answer carries its id and, this once, its secret
    ///
    /// On a terminal it asks for what is not given; elsewhere, and with --json, it names the flags that are missing and ends with 2.
    Add(Box<add::Add>),
    /// Print a ready file for an app of a client, and nothing else
    ///
    /// No secret is in it: an app that has one reads it from CLIENT_SECRET in its environment.
    Snippet {
        /// Its client_id
        #[arg(allow_hyphen_values = true)]
        id: String,
        /// What the app is written with
        framework: snippet::Framework,
    },
    /// List the clients
    List,
    /// Show the registration of a client
    Show {
        /// Its client_id
        #[arg(allow_hyphen_values = true)]
        id: String,
    },
    /// Replace the registration of a client; id and secrets stay
    Update {
        /// Its client_id
        #[arg(allow_hyphen_values = true)]
        id: String,
        /// The whole new metadata as JSON; `-` is standard input
        #[arg(long_help = metadata::METADATA)]
        file: String,
    },
    /// Change what is named of the registration of a client; all else of it stays
    ///
    /// A running server follows within half a second.
    Edit(Box<edit::Edit>),
    /// Remove a client, its secrets and the consents it had, and end its tokens
    ///
    /// A running server refuses it from the next request on. A client that is added under the same id later gets nothing of what
    /// this one had.
    Remove {
        /// Its client_id
        #[arg(allow_hyphen_values = true)]
        id: String,
    },
    /// Refuse a client from now on
    Disable {
        /// Its client_id
        #[arg(allow_hyphen_values = true)]
        id: String,
    },
    /// Accept a disabled client again
    Enable {
        /// Its client_id
        #[arg(allow_hyphen_values = true)]
        id: String,
    },
    /// End everything that a client was granted; it may ask for new grants
    ///
    /// Codes, refresh tokens and access tokens of the client from before, those that it got for itself too, are refused by
    /// this server from the next request. What people have allowed stays remembered, so the next sign-in may go through
    /// unasked; `proofkey client disable` keeps the client out. An API that validates access tokens by itself takes those
    /// from before until they expire: after 10 minutes, unless it or [tokens] says otherwise.
    RevokeGrants {
        /// Its client_id
        #[arg(allow_hyphen_values = true)]
        id: String,
    },
    /// Give a client a new secret; the old one lives on while the app is changed over
    RotateSecret {
        /// Its client_id
        #[arg(allow_hyphen_values = true)]
        id: String,
        /// How long the old secret lives on; 0 ends it now, at a running server within half a second
        #[arg(long, value_name = "SECONDS", default_value_t = 86_400, allow_negative_numbers = true, value_parser = clap::value_parser!(i64).range(0..=SECRET_KEEP_SECONDS_MAX))]
        keep_seconds: i64,
    },
}

pub(super) async fn run(installation: &Installation, action: Action) -> anyhow::Result<()> {
    match action {
        Action::Add(new) => add::run(installation, *new).await,
        Action::Snippet { id, framework } => print_snippet(installation, &ClientId::new(id), framework).await,
        Action::List => list(installation).await,
        Action::Show { id } => show(installation, &ClientId::new(id)).await,
        Action::Update { id, file } => update(installation, &ClientId::new(id), &file).await,
        Action::Edit(edit) => edit::run(installation, *edit).await,
        Action::Remove { id } => remove(installation, &ClientId::new(id)).await,
        Action::Disable { id } => disable(installation, &ClientId::new(id)).await,
        Action::Enable { id } => enable(installation, &ClientId::new(id)).await,
        Action::RevokeGrants { id } => revoke_grants(installation, &ClientId::new(id)).await,
        Action::RotateSecret { id, keep_seconds } => {
            rotate(installation, &ClientId::new(id), keep_seconds).await
        }
    }
}

async fn print_snippet(
    installation: &Installation,
    id: &ClientId,
    framework: snippet::Framework,
) -> anyhow::Result<()> {
    let record = installation.admin.client(id).await.map_err(explain)?;
    let snippet = framework.snippet(installation.admin.issuer().as_str(), &record)?;
    if installation.output.is_json() {
        return installation.output.result(&snippet, String::new);
    }
    // The file as it is to be, to its last line break.
    print(snippet.text.as_bytes())
}

async fn list(installation: &Installation) -> anyhow::Result<()> {
    let records = installation.admin.clients().await.map_err(explain)?;
    let views: Vec<ClientView> = records.iter().map(ClientView::new).collect();
    installation.output.result(&views, || {
        let rows = records.iter().zip(&views).map(|(record, view)| {
            let name = record.metadata.client_name.clone().unwrap_or_default();
            let method = view.metadata.token_endpoint_auth_method.map(member).unwrap_or_default();
            let grants: Vec<String> =
                view.metadata.grant_types.iter().flatten().copied().map(member).collect();
            let created = rfc3339(record.created_at);
            [record.id.to_string(), name, method, grants.join(" "), state(record.disabled), created]
        });
        let headings = ["CLIENT ID", "NAME", "AUTHENTICATION", "GRANT TYPES", "STATE", "CREATED"];
        table(headings, rows, "No clients yet: `proofkey client add` registers one.")
    })
}

async fn show(installation: &Installation, id: &ClientId) -> anyhow::Result<()> {
    let record = installation.admin.client(id).await.map_err(explain)?;
    let view = ClientView::new(&record);
    // The metadata is JSON by nature: to people it is shown indented.
    let text = crate::terminal::json(&serde_json::to_string_pretty(&view)?);
    installation.output.result(&view, || text)
}

async fn update(installation: &Installation, id: &ClientId, file: &str) -> anyhow::Result<()> {
    let record = installation.admin.update_client(id, read(file)?).await.map_err(explain)?;
    installation.output.result(&ClientView::new(&record), || format!("Updated {id}."))?;
    warn_of_unbound_scopes(installation, &record).await;
    Ok(())
}

async fn remove(installation: &Installation, id: &ClientId) -> anyhow::Result<()> {
    installation.admin.remove_client(id).await.map_err(explain)?;
    let report = json!({"client_id": id.as_str(), "removed": true});
    installation.output.result(&report, || format!("Removed {id}; its tokens have ended."))
}

async fn disable(installation: &Installation, id: &ClientId) -> anyhow::Result<()> {
    installation.admin.disable_client(id).await.map_err(explain)?;
    changed(installation, id, true)
}

async fn enable(installation: &Installation, id: &ClientId) -> anyhow::Result<()> {
    installation.admin.enable_client(id).await.map_err(explain)?;
    changed(installation, id, false)
}

async fn revoke_grants(installation: &Installation, id: &ClientId) -> anyhow::Result<()> {
    installation.admin.revoke_grants_of_client(id).await.map_err(explain)?;
    let report = json!({"client_id": id.as_str(), "grants_revoked": true});
    installation
        .output
        .result(&report, || format!("Everything that {id} was granted has ended. {APIS_FOLLOW}"))
}

fn changed(installation: &Installation, id: &ClientId, disabled: bool) -> anyhow::Result<()> {
    let report = json!({"client_id": id.as_str(), "disabled": disabled});
    installation.output.result(&report, || format!("{id} is {}.", state(disabled)))
}

async fn rotate(installation: &Installation, id: &ClientId, keep_seconds: i64) -> anyhow::Result<()> {
    let print = |rotated: &RotatedSecret| {
        let (secret, old_ends) = (rotated.secret.expose(), rfc3339(rotated.old_ends_at));
        let report = json!({
            "client_id": id.as_str(), "client_secret": secret, "client_secret_expires_at": 0,
            "old_client_secret_ends_at": old_ends,
        });
        installation.output.secret(&report, || {
            format!("client_id      {id}\nclient_secret  {secret}  (shown this once)\nThe old secret ends at {old_ends}.")
        })
    };
    installation.admin.rotate_client_secret(id, keep_seconds, print).await.map_err(explain)
}
