//! `proofkey client`: the apps that people sign in to.

mod view;

use anyhow::Context as _;
use proofkey_oauth::ResourceUri;
use proofkey_protocol::{ClientId, ClientRecord};
use proofkey_server::admin::{
    AdminRefused, ClientDocument, ClientEdit, RotatedSecret, SECRET_KEEP_SECONDS_MAX,
};
use serde_json::json;

use crate::admin::input::document;
use crate::admin::installation::Installation;
use crate::admin::refusal::explain;
use crate::admin::show::{APIS_FOLLOW, plain, rfc3339, state, table};
use crate::output::note;
use view::{ClientView, member};

/// What the help of `add` and `update` says of the metadata, and of the members in it that are no one else's.
const METADATA: &str = "\
RFC 7591 metadata as JSON; `-` is standard input. A new client may bring client_id, client_secret and jwks. \
Members of our own:

pkce: `optional` for a confidential OpenID client that cannot do PKCE
code_seconds: life of its codes, where shorter than the server's
access_token_seconds: ceiling for the life of its access tokens
id_token_claims: claims of the user that its ID tokens carry, such as [\"email\", \"name\"], as far as the granted scope \
opens them and they fit in 2,048 bytes, the first first; for apps that do not ask userinfo
allow_dotless_scheme: true if a private-use scheme of its redirect URIs may be without a dot, such as myapp:/cb; any other \
app on the device can claim it too
require_redirect_uri: true if its token requests must repeat the redirect URI
refresh_overlap_seconds: for so long a used refresh token goes on, for lost replies and parallel requests; 0 to 3600, 60 \
unless it is given
refresh_shared: true if several processes share one sign-in and do not lock it (agents, command lines). A stale refresh \
token is then refused without ending the sign-in, and the overlap is the life of an access token, an hour at most. A \
stolen copy is not found so: where one process holds the sign-in, leave it out";

/// An id may begin with a hyphen: a generated one is base64url, and a given one may be anything of that alphabet.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Action {
    /// Register a client; the answer carries its id and, this once, its secret
    Add {
        /// RFC 7591 metadata as JSON, with client_id, client_secret and jwks if they are given; `-` is standard input
        #[arg(long_help = METADATA)]
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
        #[arg(long_help = METADATA)]
        file: String,
    },
    /// Add APIs or claims of ID tokens to the registration of a client, or drop some; all else of it stays
    ///
    /// A running server follows within half a second.
    #[command(group = clap::ArgGroup::new("edits").required(true).multiple(true))]
    Edit {
        /// Its client_id
        #[arg(allow_hyphen_values = true)]
        id: String,
        /// Add the APIs that have those of its scopes that no API of its registration has
        #[arg(long, group = "edits")]
        bind: bool,
        /// Add an API; once for each
        #[arg(long, value_name = "URL", group = "edits")]
        add_api: Vec<String>,
        /// Drop an API; once for each
        #[arg(long, value_name = "URL", group = "edits")]
        remove_api: Vec<String>,
        /// Let its ID tokens carry a claim of the user, behind those that they carry; once for each
        #[arg(long, value_name = "CLAIM", group = "edits")]
        add_id_token_claim: Vec<String>,
        /// Let them carry it no longer; once for each
        #[arg(long, value_name = "CLAIM", group = "edits")]
        remove_id_token_claim: Vec<String>,
        /// Whether its redirect URIs may have a private-use scheme without a dot
        #[arg(long, value_name = "BOOL", group = "edits")]
        allow_dotless_scheme: Option<bool>,
    },
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
        Action::Add { file } => add(installation, &file).await,
        Action::List => list(installation).await,
        Action::Show { id } => show(installation, &ClientId::new(id)).await,
        Action::Update { id, file } => update(installation, &ClientId::new(id), &file).await,
        Action::Edit {
            id,
            bind,
            add_api,
            remove_api,
            add_id_token_claim,
            remove_id_token_claim,
            allow_dotless_scheme,
        } => {
            let edit = ClientEdit {
                bind,
                add: resources(&add_api)?,
                remove: resources(&remove_api)?,
                add_id_token_claims: add_id_token_claim,
                remove_id_token_claims: remove_id_token_claim,
                allow_dotless_scheme,
            };
            edited(installation, &ClientId::new(id), edit).await
        }
        Action::Remove { id } => remove(installation, &ClientId::new(id)).await,
        Action::Disable { id } => disable(installation, &ClientId::new(id)).await,
        Action::Enable { id } => enable(installation, &ClientId::new(id)).await,
        Action::RevokeGrants { id } => revoke_grants(installation, &ClientId::new(id)).await,
        Action::RotateSecret { id, keep_seconds } => {
            rotate(installation, &ClientId::new(id), keep_seconds).await
        }
    }
}

async fn add(installation: &Installation, file: &str) -> anyhow::Result<()> {
    let added = installation.admin.add_client(read(file)?).await.map_err(explain)?;
    let view = ClientView::new(&added.record).with_secret(added.secret.as_ref());
    let id = &added.record.id;
    warn_of_unbound_scopes(installation, &added.record).await?;
    let printed = installation.output.secret(&view, || {
        let secret = added
            .secret
            .as_ref()
            .map(|secret| format!("client_secret  {}  (shown this once)", secret.expose()));
        let kind = secret
            .unwrap_or_else(|| "A public client: it has no secret, PKCE protects its codes.".to_owned());
        format!("Registered.\nclient_id      {id}\n{kind}")
    });
    let Err(error) = printed else { return Ok(()) };
    // The operator has not seen its secret, and often not even its id.
    installation.admin.remove_client(id).await.map_err(explain)?;
    Err(explain(AdminRefused::Undelivered(error)))
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
    warn_of_unbound_scopes(installation, &record).await?;
    installation.output.result(&ClientView::new(&record), || format!("Updated {id}."))
}

async fn edited(installation: &Installation, id: &ClientId, edit: ClientEdit) -> anyhow::Result<()> {
    let record = installation.admin.edit_client(id, edit).await.map_err(explain)?;
    warn_of_unbound_scopes(installation, &record).await?;
    let apis: Vec<&str> = record.metadata.resources.iter().flatten().map(ResourceUri::as_str).collect();
    installation.output.result(&ClientView::new(&record), || {
        let apis = if apis.is_empty() { "no API".to_owned() } else { apis.join(", ") };
        let claims = match record.metadata.id_token_claims.join(", ") {
            claims if claims.is_empty() => String::new(),
            claims => format!(" Its ID tokens carry {claims}, as far as people allow it."),
        };
        plain(&format!("{id} may ask for {apis}.{claims}"))
    })
}

fn resources(texts: &[String]) -> anyhow::Result<Vec<ResourceUri>> {
    texts.iter().map(|text| ResourceUri::parse(text).with_context(|| plain(text))).collect()
}

/// Says which scopes nothing can be had by, for no API of the registration has them: a typing error would be among them.
async fn warn_of_unbound_scopes(installation: &Installation, record: &ClientRecord) -> anyhow::Result<()> {
    let unbound = installation.admin.unbound_scopes(record).await.map_err(explain)?;
    if !unbound.is_empty() {
        let scopes = plain(&unbound.join(" "));
        note(&format!(
            "No API of the client has these scopes: {scopes}. Once an API has them, `proofkey client edit {} --bind` opens it to the client.",
            plain(record.id.as_str())
        ));
    }
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

/// Reads a file of metadata, or standard input for `-`, and says which members have no effect.
fn read(file: &str) -> anyhow::Result<ClientDocument> {
    let document = ClientDocument::parse(&document(file)?).map_err(|refused| explain(refused.into()))?;
    let ignored: Vec<String> = document.ignored().iter().map(|name| plain(name)).collect();
    if !ignored.is_empty() {
        note(&format!("Ignored, for this server does not know them: {}", ignored.join(", ")));
    }
    Ok(document)
}
