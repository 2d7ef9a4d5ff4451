//! `proofkey api`: the resource servers that access tokens are for.

use anyhow::Context as _;
use proofkey_oauth::{ResourceUri, Secret};
use proofkey_protocol::{ApiRecord, ApiScope, ClientId};
use proofkey_server::admin::{AdminRefused, ApiEdit, CredentialEdit, LifeEdit, NewApi};
use serde_json::{Value, json};

use super::installation::Installation;
use super::refusal::{explain, explain_by};
use super::show::{plain, table};
use crate::output::note;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Action {
    /// Register an API
    Add(Add),
    /// List the APIs
    List,
    /// Change what is named of an API; what people allowed there stays
    ///
    /// A running server gives no scope that was dropped from the next request on, and follows in all else within half a second. An
    /// access token from before says a dropped scope until it expires. What people allowed is kept: a scope that is added again is good
    /// for them and their apps as before, and other words for a scope do not make people be asked anew. `proofkey consent revoke`, or
    /// removing the API and adding it again, ends what was allowed.
    Edit(Edit),
    /// Remove an API; no client gets tokens for it any more, and what people allowed there ends
    ///
    /// A running server refuses grants and tokens for it from the next request on, and forgets its scopes within half a second.
    /// An API that validates access tokens by itself takes those from before until they expire.
    Remove {
        /// Its resource indicator
        #[arg(value_name = "URL")]
        resource: String,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct Add {
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
    /// Algorithm of its access tokens: ES256, EdDSA or RS256 [default: the first of keys.algorithms that signs]
    #[arg(long, value_name = "NAME")]
    algorithm: Option<String>,
    /// Make a credential by which the API may introspect tokens (RFC 7662)
    #[arg(long)]
    introspection: bool,
}

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("edits").required(true).multiple(true))]
pub(crate) struct Edit {
    /// Its resource indicator
    #[arg(value_name = "URL")]
    resource: String,
    /// What people call it from now on
    #[arg(long, group = "edits")]
    name: Option<String>,
    /// Add a scope, with what it allows in words, or give one that is there these words; once for each
    #[arg(long, value_name = "NAME[=WORDS]", group = "edits")]
    add_scope: Vec<String>,
    /// Drop a scope: it is given to none until it is added again; once for each
    #[arg(long, value_name = "NAME", group = "edits")]
    remove_scope: Vec<String>,
    /// Life of its access tokens, in seconds, or `default` for the server's
    #[arg(long, value_name = "SECONDS", value_parser = life, group = "edits")]
    token_seconds: Option<LifeEdit>,
    /// Algorithm of its access tokens: ES256, EdDSA or RS256
    #[arg(long, value_name = "NAME", group = "edits")]
    algorithm: Option<String>,
    /// Make a new credential by which the API may introspect tokens; one from before ends
    #[arg(long, group = "edits")]
    introspection: bool,
    /// End the credential by which the API introspects tokens
    #[arg(long, group = "edits", conflicts_with = "introspection")]
    no_introspection: bool,
}

/// The flags that give what is added, and what is dropped.
const ADD_FLAGS: [(&str, &str); 3] =
    [("scopes", "--add-scope"), ("access_token_seconds", "--token-seconds"), ("algorithm", "--algorithm")];
const REMOVE_FLAGS: [(&str, &str); 1] = [("scopes", "--remove-scope")];

fn life(text: &str) -> Result<LifeEdit, String> {
    if text == "default" {
        return Ok(LifeEdit::OfServer);
    }
    text.parse().map(LifeEdit::Seconds).map_err(|_| "a number of seconds, or `default`".to_owned())
}

pub(super) async fn run(installation: &Installation, action: Action) -> anyhow::Result<()> {
    match action {
        Action::Add(new) => add(installation, new).await,
        Action::List => list(installation).await,
        Action::Edit(edited) => edit(installation, edited).await,
        Action::Remove { resource } => remove(installation, &resource).await,
    }
}

async fn add(installation: &Installation, new: Add) -> anyhow::Result<()> {
    let Add { resource, scopes, name, token_seconds, algorithm, introspection } = new;
    let scopes = scopes.iter().map(|text| scope(text)).collect();
    let new =
        NewApi { resource, name, scopes, access_token_seconds: token_seconds, algorithm, introspection };
    let added = installation.admin.add_api(new).await.map_err(explain)?;
    let resource = added.record.resource.as_str();
    let mut report = view_with(&added.record, added.introspection.as_ref());
    let waiting: Vec<&str> = added.waiting.iter().flatten().map(ClientId::as_str).collect();
    if let (false, Some(report)) = (waiting.is_empty(), report.as_object_mut()) {
        report.insert("waiting_clients".to_owned(), json!(waiting));
    }
    let printed = installation.output.secret(&report, || {
        let shown = added.introspection.as_ref().map(|secret| credential(resource, secret));
        format!("Registered the API {resource}.{}", shown.unwrap_or_default())
    });
    let Err(error) = printed else {
        if let Some(warning) = waiting_clients(&added.waiting) {
            note(&warning);
        }
        return Ok(());
    };
    // The operator has not seen its credential.
    installation.admin.remove_api(&added.record.resource).await.map_err(explain)?;
    Err(explain(AdminRefused::Undelivered(error)))
}

/// What to say of clients that wait for the API.
fn waiting_clients(waiting: &Result<Vec<ClientId>, AdminRefused>) -> Option<String> {
    match waiting {
        Ok(clients) if clients.is_empty() => None,
        Ok(clients) => {
            let clients: Vec<&str> = clients.iter().map(ClientId::as_str).collect();
            Some(format!(
                "Clients that are registered for a scope of it, and not for the API: {}. `proofkey client edit ID --bind` opens it to them.",
                plain(&clients.join(", "))
            ))
        }
        Err(refused) => Some(format!(
            "Which clients wait for the API could not be read: {}. `proofkey client edit ID --bind` opens it to one.",
            plain(&refused.to_string())
        )),
    }
}

async fn edit(installation: &Installation, edit: Edit) -> anyhow::Result<()> {
    let resource = ResourceUri::parse(&edit.resource).context("not a resource indicator")?;
    let introspection = match (edit.introspection, edit.no_introspection) {
        (true, _) => CredentialEdit::New,
        (false, true) => CredentialEdit::Drop,
        (false, false) => CredentialEdit::Keep,
    };
    let changes = ApiEdit {
        name: edit.name,
        add_scopes: edit.add_scope.iter().map(|text| scope(text)).collect(),
        remove_scopes: edit.remove_scope,
        life: edit.token_seconds.unwrap_or_default(),
        algorithm: edit.algorithm,
        introspection,
    };
    let changed =
        |api: &ApiRecord| plain(&format!("Changed the API {}: {}.", api.resource, scope_names(api)));
    let print = |api: &ApiRecord, secret: &Secret| {
        let text = || format!("{}{}", changed(api), credential(api.resource.as_str(), secret));
        installation.output.secret(&view_with(api, Some(secret)), text)
    };
    let edited = installation.admin.edit_api(&resource, changes, print).await;
    let flags = |refused: &AdminRefused| match refused {
        AdminRefused::NotRegistered { .. } => &REMOVE_FLAGS[..],
        _ => &ADD_FLAGS,
    };
    let record = edited.map_err(|refused| explain_by(flags(&refused), &refused))?;
    if introspection == CredentialEdit::New {
        return Ok(());
    }
    installation.output.result(&view(&record), || changed(&record))
}

/// `name`, or `name=words`.
fn scope(text: &str) -> ApiScope {
    let (name, words) = match text.split_once('=') {
        Some((name, words)) => (name, words.trim()),
        None => (text, ""),
    };
    ApiScope { name: name.to_owned(), description: (!words.is_empty()).then(|| words.to_owned()) }
}

fn credential(resource: &str, secret: &Secret) -> String {
    let secret = secret.expose();
    format!("\nIt introspects as (shown this once):\nclient_id      {resource}\nclient_secret  {secret}")
}

async fn list(installation: &Installation) -> anyhow::Result<()> {
    let records = installation.admin.apis().await.map_err(explain)?;
    let views: Vec<Value> = records.iter().map(view).collect();
    let default = installation.admin.access_token_algorithm().await.map_err(explain)?;
    installation.output.result(&views, || {
        let rows = records.iter().map(|api| {
            let seconds =
                api.access_token_seconds.map_or_else(|| "default".to_owned(), |seconds| seconds.to_string());
            let algorithm = api.algorithm.unwrap_or(default).to_string();
            let introspects = if api.introspection.is_some() { "yes" } else { "no" }.to_owned();
            let name = api.name.clone().unwrap_or_default();
            [api.resource.to_string(), name, scope_names(api), seconds, algorithm, introspects]
        });
        let headings = ["RESOURCE", "NAME", "SCOPES", "TOKEN SECONDS", "ALGORITHM", "INTROSPECTS"];
        table(headings, rows, "No APIs yet: `proofkey api add` registers one.")
    })
}

async fn remove(installation: &Installation, resource: &str) -> anyhow::Result<()> {
    let resource = ResourceUri::parse(resource).context("not a resource indicator")?;
    installation.admin.remove_api(&resource).await.map_err(explain)?;
    let report = json!({"resource": resource.as_str(), "removed": true});
    installation
        .output
        .result(&report, || format!("Removed the API {resource}; what people allowed there has ended."))
}

fn scope_names(api: &ApiRecord) -> String {
    let names: Vec<&str> = api.scopes.iter().map(|scope| scope.name.as_str()).collect();
    names.join(" ")
}

/// The API with the credential that is shown this once.
fn view_with(api: &ApiRecord, secret: Option<&Secret>) -> Value {
    let mut report = view(api);
    if let (Some(secret), Some(report)) = (secret, report.as_object_mut()) {
        let credential = json!({"client_id": api.resource.as_str(), "client_secret": secret.expose()});
        report.insert("introspection".to_owned(), credential);
    }
    report
}

fn view(api: &ApiRecord) -> Value {
    json!({
        "resource": api.resource.as_str(), "name": api.name, "scopes": api.scopes,
        "access_token_seconds": api.access_token_seconds, "algorithm": api.algorithm.map(|algorithm| algorithm.name()),
        "introspection": api.introspection.is_some(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pk_09_which_clients_wait_is_said_beside_the_result_and_so_is_that_it_cannot_be() {
        assert_eq!(waiting_clients(&Ok(Vec::new())), None);
        let waiting = waiting_clients(&Ok(vec![ClientId::new("a"), ClientId::new("b")])).unwrap();
        assert!(waiting.contains("not for the API: a, b."), "{waiting}");
        let unread = waiting_clients(&Err(AdminRefused::RotatedElsewhere)).unwrap();
        assert!(unread.contains("could not be read: another process"), "{unread}");
    }

    #[test]
    fn a_scope_may_carry_what_it_allows_in_words() {
        let cases = [
            ("read", "read", None),
            ("read=Read your notes", "read", Some("Read your notes")),
            ("read= Read = see ", "read", Some("Read = see")),
            ("read=", "read", None),
        ];
        for (text, name, description) in cases {
            let parsed = scope(text);
            assert_eq!((parsed.name.as_str(), parsed.description.as_deref()), (name, description), "{text}");
        }
    }
}
