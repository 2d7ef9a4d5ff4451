//! `proofkey client`: the apps that people sign in to.

mod metadata;
mod view;

use proofkey_oauth::AuthMethod;
use proofkey_protocol::{ClientId, ClientRecord};
use proofkey_server::admin::{AdminRefused, NewClient, add_client, named, rotate_secret, update_client};
use serde_json::json;

use super::show::{rfc3339, state, table};
use super::site::{EXIT_CODES, Hints, Site, SiteArgs, said};
use crate::output::note;
use metadata::Registration;
use view::{ClientView, member};

/// The longest that a replaced secret may live on: 90 days.
const KEEP_SECONDS_MAX: i64 = 90 * 86_400;

const HINTS: Hints = Hints {
    missing: "`proofkey client list` shows those that exist",
    exists: "`proofkey client update` changes it",
};

/// Register, change and remove clients (the apps that people sign in to)
#[derive(Debug, clap::Args)]
#[command(mut_subcommands(|action| action.after_help(EXIT_CODES)))]
pub(crate) struct Args {
    #[command(flatten)]
    site: SiteArgs,
    #[command(subcommand)]
    action: Action,
}

/// An id may begin with a hyphen: a generated one is base64url, and a given one may be anything of that alphabet.
#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Register a client; the answer carries its id and, this once, its secret
    Add {
        /// RFC 7591 metadata as JSON, with client_id, client_secret and jwks if they are given; `-` is standard input
        file: String,
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
        file: String,
    },
    /// Remove a client, its secrets and the consents it had, and end its tokens
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
    /// Give a client a new secret; the old one lives on while the app is changed over
    RotateSecret {
        /// Its client_id
        #[arg(allow_hyphen_values = true)]
        id: String,
        /// How long the old secret lives on; 0 ends it now
        #[arg(long, value_name = "SECONDS", default_value_t = 86_400, allow_negative_numbers = true, value_parser = clap::value_parser!(i64).range(0..=KEEP_SECONDS_MAX))]
        keep_seconds: i64,
    },
}

/// Runs the command.
pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    let site = Site::open(&args.site)?;
    let outcome = match args.action {
        Action::Add { file } => add(&site, &file).await,
        Action::List => list(&site).await,
        Action::Show { id } => show(&site, &ClientId::new(id)).await,
        Action::Update { id, file } => update(&site, &ClientId::new(id), &file).await,
        Action::Remove { id } => remove(&site, &ClientId::new(id)).await,
        Action::Disable { id } => set_disabled(&site, &ClientId::new(id), true).await,
        Action::Enable { id } => set_disabled(&site, &ClientId::new(id), false).await,
        Action::RotateSecret { id, keep_seconds } => rotate(&site, &ClientId::new(id), keep_seconds).await,
    };
    site.close(outcome).await
}

async fn add(site: &Site, file: &str) -> anyhow::Result<()> {
    let registration = Registration::read(file)?;
    note_ignored(&registration);
    let new = NewClient::parse(registration.text()).map_err(said)?;
    let added = add_client(&site.store, new, site.now).await.map_err(|refused| HINTS.explain(refused))?;
    let view = ClientView::new(&added.record).with_secret(added.secret.as_ref());
    site.output.result(&view, || {
        let id = &added.record.id;
        let secret = added
            .secret
            .as_ref()
            .map(|secret| format!("client_secret  {}  (shown this once)", secret.expose()));
        let kind = secret
            .unwrap_or_else(|| "A public client: it has no secret, PKCE protects its codes.".to_owned());
        format!("Registered.\nclient_id      {id}\n{kind}")
    })
}

async fn list(site: &Site) -> anyhow::Result<()> {
    let records = site.store.clients().await.map_err(said)?;
    let views: Vec<ClientView> = records.iter().map(ClientView::new).collect();
    site.output.result(&views, || {
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

async fn show(site: &Site, id: &ClientId) -> anyhow::Result<()> {
    let record = find(site, id).await?;
    let view = ClientView::new(&record);
    // The metadata is JSON by nature: to people it is shown indented.
    let text = serde_json::to_string_pretty(&view)?;
    site.output.result(&view, || text)
}

async fn update(site: &Site, id: &ClientId, file: &str) -> anyhow::Result<()> {
    let registration = Registration::read(file)?;
    registration.is_update_of(id)?;
    note_ignored(&registration);
    let before = find(site, id).await?;
    registration.fits_secrets_of(&before)?;
    let updated = update_client(&site.store, id, registration.text()).await;
    let record = updated.map_err(|refused| HINTS.explain(refused))?;
    site.output.result(&ClientView::new(&record), || format!("Updated {id}."))
}

async fn remove(site: &Site, id: &ClientId) -> anyhow::Result<()> {
    let removed = site.store.remove_client(id, site.now).await;
    removed.map_err(|fault| HINTS.explain(named(fault, format!("client {id}"))))?;
    tracing::info!(client_id = %id, "client removed");
    let report = json!({"client_id": id.as_str(), "removed": true});
    site.output.result(&report, || format!("Removed {id}; its tokens have ended."))
}

async fn set_disabled(site: &Site, id: &ClientId, disabled: bool) -> anyhow::Result<()> {
    let set = site.store.set_client_disabled(id, disabled).await;
    set.map_err(|fault| HINTS.explain(named(fault, format!("client {id}"))))?;
    tracing::info!(client_id = %id, disabled, "client changed by an operator");
    let report = json!({"client_id": id.as_str(), "disabled": disabled});
    site.output.result(&report, || format!("{id} is {}.", state(disabled)))
}

async fn rotate(site: &Site, id: &ClientId, keep_seconds: i64) -> anyhow::Result<()> {
    let record = find(site, id).await?;
    if record.metadata.token_endpoint_auth_method == Some(AuthMethod::None) {
        anyhow::bail!("client {id} is public (token_endpoint_auth_method none): it has no secret to rotate");
    }
    let rotated = rotate_secret(&site.store, id, keep_seconds, site.now).await;
    let secret = rotated.map_err(|refused| HINTS.explain(refused))?;
    let old_ends = rfc3339(site.now + keep_seconds);
    let report = json!({
        "client_id": id.as_str(), "client_secret": secret.expose(), "client_secret_expires_at": 0,
        "old_client_secret_ends_at": old_ends,
    });
    site.output.result(&report, || {
        let secret = secret.expose();
        format!("client_id      {id}\nclient_secret  {secret}  (shown this once)\nThe old secret ends at {old_ends}.")
    })
}

async fn find(site: &Site, id: &ClientId) -> anyhow::Result<ClientRecord> {
    let records = site.store.clients().await.map_err(said)?;
    let found = records.into_iter().find(|record| record.id == *id);
    found.ok_or_else(|| {
        HINTS.explain(AdminRefused::Missing(format!("client {}", super::show::plain(id.as_str()))))
    })
}

fn note_ignored(registration: &Registration) {
    let ignored = registration.ignored();
    if !ignored.is_empty() {
        note(&format!("Ignored, for this server does not know them: {}", ignored.join(", ")));
    }
}
