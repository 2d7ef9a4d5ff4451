//! `proofkey client edit`: what is named of a registration changes.

use proofkey_oauth::ResourceUri;
use proofkey_protocol::{ClientId, ClientRecord};
use proofkey_server::admin::{AdminRefused, ClientEdit, ListEdit};

use super::unbound::warn_of_unbound_scopes;
use super::view::ClientView;
use crate::admin::installation::Installation;
use crate::admin::refusal::explain_by;
use crate::admin::show::plain;
use crate::output::WrongCommandLine;

/// The flags that give what is added, and what is dropped.
const ADD_FLAGS: [(&str, &str); 4] = [
    ("client_name", "--name"),
    ("redirect_uris", "--add-redirect"),
    ("post_logout_redirect_uris", "--add-post-logout"),
    ("scope", "--add-scope"),
];
const REMOVE_FLAGS: [(&str, &str); 3] = [
    ("redirect_uris", "--remove-redirect"),
    ("post_logout_redirect_uris", "--remove-post-logout"),
    ("scope", "--remove-scope"),
];

/// What changes about a client.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("edits").required(true).multiple(true))]
pub(crate) struct Edit {
    /// Its client_id
    #[arg(allow_hyphen_values = true)]
    id: String,
    /// What people call it from now on
    #[arg(long, group = "edits")]
    name: Option<String>,
    /// Add an address to which the browser brings its codes; once for each
    #[arg(long, value_name = "URI", group = "edits")]
    add_redirect: Vec<String>,
    /// Drop such an address; once for each
    #[arg(long, value_name = "URI", group = "edits")]
    remove_redirect: Vec<String>,
    /// Add an address to which the browser may go after a sign-out; once for each
    #[arg(long, value_name = "URI", group = "edits")]
    add_post_logout: Vec<String>,
    /// Drop such an address; once for each
    #[arg(long, value_name = "URI", group = "edits")]
    remove_post_logout: Vec<String>,
    /// Add a scope; once for each. --bind adds the API that has it
    #[arg(long, value_name = "SCOPE", group = "edits")]
    add_scope: Vec<String>,
    /// Drop a scope; grants that have it are refused until it is added again. Once for each
    #[arg(long, value_name = "SCOPE", group = "edits")]
    remove_scope: Vec<String>,
    /// Add the APIs that have those of its scopes that no API of its registration has
    #[arg(long, group = "edits")]
    bind: bool,
    /// Add an API; once for each
    #[arg(long, value_name = "URL", group = "edits")]
    add_api: Vec<String>,
    /// Drop an API; once for each
    #[arg(long, value_name = "URL", group = "edits")]
    remove_api: Vec<String>,
}

pub(super) async fn run(installation: &Installation, edit: Edit) -> anyhow::Result<()> {
    let id = ClientId::new(edit.id);
    let edit = ClientEdit {
        name: edit.name,
        redirect_uris: ListEdit { add: edit.add_redirect, remove: edit.remove_redirect },
        post_logout_redirect_uris: ListEdit { add: edit.add_post_logout, remove: edit.remove_post_logout },
        scope: ListEdit { add: edit.add_scope, remove: edit.remove_scope },
        bind: edit.bind,
        add: resources("--add-api", &edit.add_api)?,
        remove: resources("--remove-api", &edit.remove_api)?,
    };
    let flags = |refused: &AdminRefused| match refused {
        AdminRefused::NotRegistered { .. } => &REMOVE_FLAGS[..],
        _ => &ADD_FLAGS,
    };
    let edited = installation.admin.edit_client(&id, edit).await;
    let record = edited.map_err(|refused| {
        let explained = explain_by(flags(&refused), &refused);
        match refused {
            // As in `client add`: the command line has to change, whatever stands.
            AdminRefused::App(_) | AdminRefused::Scope(_) => {
                anyhow::Error::new(WrongCommandLine(explained.to_string()))
            }
            _ => explained,
        }
    })?;
    installation.output.result(&ClientView::new(&record), || plain_lines(&record))?;
    warn_of_unbound_scopes(installation, &record).await;
    Ok(())
}

fn resources(flag: &str, texts: &[String]) -> anyhow::Result<Vec<ResourceUri>> {
    let parse = |text: &String| {
        ResourceUri::parse(text)
            .map_err(|cause| WrongCommandLine(plain(&format!("{flag}: `{text}`: {cause}"))).into())
    };
    texts.iter().map(parse).collect()
}

/// What stands after the edit.
fn plain_lines(record: &ClientRecord) -> String {
    let view = ClientView::new(record);
    let list = |texts: &[String]| if texts.is_empty() { "none".to_owned() } else { plain(&texts.join(", ")) };
    let apis: Vec<String> = view.metadata.resources.iter().flatten().map(ToString::to_string).collect();
    let scopes: Vec<String> =
        view.metadata.scope.iter().flat_map(|scope| scope.iter()).map(str::to_owned).collect();
    format!(
        "Changed {}.\nname           {}\nredirect_uris  {}\npost-logout    {}\nscope          {}\nAPIs           {}",
        plain(record.id.as_str()),
        plain(view.metadata.client_name.as_deref().unwrap_or("none")),
        list(&view.metadata.redirect_uris),
        list(&view.metadata.post_logout_redirect_uris),
        list(&scopes),
        list(&apis),
    )
}
