//! `proofkey api`: the resource servers that access tokens are for.

use anyhow::Context as _;
use proofkey_oauth::{ResourceUri, Secret};
use proofkey_protocol::ApiRecord;
use proofkey_server::admin::{NewApi, add_api, named};
use serde_json::{Value, json};

use super::show::table;
use super::site::{EXIT_CODES, Hints, Site, SiteArgs, said};

const HINTS: Hints = Hints {
    missing: "`proofkey api list` shows those that exist",
    exists: "to change it, `proofkey api remove` it first and add it again",
};

/// Register and remove APIs (the resource servers that access tokens are for)
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
    /// Register an API
    Add(Add),
    /// List the APIs
    List,
    /// Remove an API; nobody gets tokens for it any more
    Remove {
        /// Its resource indicator
        #[arg(value_name = "URL")]
        resource: String,
    },
}

#[derive(Debug, clap::Args)]
struct Add {
    /// Its resource indicator (RFC 8707), which is the audience of its tokens
    #[arg(long, value_name = "URL")]
    resource: String,
    /// A scope, with what it allows in words: `read` or `"read=Read your notes"`; once for each
    #[arg(long = "scope", value_name = "NAME[=WORDS]", required = true)]
    scopes: Vec<String>,
    /// What people call it
    #[arg(long)]
    name: Option<String>,
    /// Life of its access tokens [default: the server's]
    #[arg(long, value_name = "SECONDS")]
    token_seconds: Option<i64>,
    /// Algorithm of its access tokens: ES256, EdDSA or RS256 [default: ES256]
    #[arg(long, value_name = "NAME")]
    algorithm: Option<String>,
    /// Make a credential by which the API may introspect tokens (RFC 7662)
    #[arg(long)]
    introspection: bool,
}

/// Runs the command.
pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    let site = Site::open(&args.site)?;
    let outcome = match args.action {
        Action::Add(new) => add(&site, new).await,
        Action::List => list(&site).await,
        Action::Remove { resource } => remove(&site, &resource).await,
    };
    site.close(outcome).await
}

async fn add(site: &Site, new: Add) -> anyhow::Result<()> {
    let Add { resource, scopes, name, token_seconds, algorithm, introspection } = new;
    let new =
        NewApi { resource, name, scopes, access_token_seconds: token_seconds, algorithm, introspection };
    let added = add_api(&site.store, new).await.map_err(|refused| HINTS.explain(refused))?;
    let resource = added.record.resource.as_str();
    let mut report = view(&added.record);
    if let (Some(secret), Some(report)) = (&added.introspection, report.as_object_mut()) {
        let credential = json!({"client_id": resource, "client_secret": secret.expose()});
        report.insert("introspection".to_owned(), credential);
    }
    site.output.result(&report, || {
        let shown = added.introspection.as_ref().map(|secret| credential(resource, secret));
        format!("Registered the API {resource}.{}", shown.unwrap_or_default())
    })
}

fn credential(resource: &str, secret: &Secret) -> String {
    let secret = secret.expose();
    format!("\nIt introspects as (shown this once):\nclient_id      {resource}\nclient_secret  {secret}")
}

async fn list(site: &Site) -> anyhow::Result<()> {
    let records = site.store.apis().await.map_err(said)?;
    let views: Vec<Value> = records.iter().map(view).collect();
    site.output.result(&views, || {
        let rows = records.iter().map(|api| {
            let scopes: Vec<&str> = api.scopes.iter().map(|scope| scope.name.as_str()).collect();
            let seconds =
                api.access_token_seconds.map_or_else(|| "default".to_owned(), |seconds| seconds.to_string());
            let algorithm = api.algorithm.clone().unwrap_or_else(|| "ES256".to_owned());
            let introspects = if api.introspection.is_some() { "yes" } else { "no" }.to_owned();
            let name = api.name.clone().unwrap_or_default();
            [api.resource.to_string(), name, scopes.join(" "), seconds, algorithm, introspects]
        });
        let headings = ["RESOURCE", "NAME", "SCOPES", "TOKEN SECONDS", "ALGORITHM", "INTROSPECTS"];
        table(headings, rows, "No APIs yet: `proofkey api add` registers one.")
    })
}

async fn remove(site: &Site, resource: &str) -> anyhow::Result<()> {
    let resource = ResourceUri::parse(resource).context("not a resource indicator")?;
    let removed = site.store.remove_api(&resource).await;
    removed.map_err(|fault| HINTS.explain(named(fault, format!("API {resource}"))))?;
    tracing::info!(%resource, "API removed");
    let report = json!({"resource": resource.as_str(), "removed": true});
    site.output.result(&report, || format!("Removed the API {resource}."))
}

fn view(api: &ApiRecord) -> Value {
    json!({
        "resource": api.resource.as_str(), "name": api.name, "scopes": api.scopes,
        "access_token_seconds": api.access_token_seconds, "algorithm": api.algorithm,
        "introspection": api.introspection.is_some(),
    })
}
