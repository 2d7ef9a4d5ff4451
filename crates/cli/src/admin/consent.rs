//! `proofkey consent`: what users have allowed clients to do.

use anyhow::Context as _;
use proofkey_oauth::ResourceUri;
use proofkey_protocol::ClientId;
use proofkey_server::admin::ListedConsent;
use serde_json::{Value, json};

use super::installation::Installation;
use super::refusal::explain;
use super::show::{plain, rfc3339, table};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Action {
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
        /// What is allowed at this API alone; the issuer's URL for what is the user's here [default: all]
        #[arg(long, value_name = "URL")]
        api: Option<String>,
    },
}

pub(super) async fn run(installation: &Installation, action: Action) -> anyhow::Result<()> {
    match action {
        Action::List { user, client } => {
            list(installation, user.as_deref(), client.map(ClientId::new).as_ref()).await
        }
        Action::Revoke { user, client, api } => {
            let api =
                api.map(|api| ResourceUri::parse(&api)).transpose().context("not a resource indicator")?;
            revoke(installation, &user, &ClientId::new(client), api.as_ref()).await
        }
    }
}

async fn list(
    installation: &Installation,
    user: Option<&str>,
    client: Option<&ClientId>,
) -> anyhow::Result<()> {
    let consents = installation.admin.consents(user, client).await.map_err(explain)?;
    let views: Vec<Value> = consents.iter().map(view).collect();
    installation.output.result(&views, || {
        let rows = consents.iter().map(|consent| {
            let api = consent.resource.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
            let (username, client) = (consent.username.clone(), consent.client_id.to_string());
            [username, client, api, consent.scope.clone(), rfc3339(consent.since)]
        });
        table(["USER", "CLIENT", "API", "SCOPE", "SINCE"], rows, "No consent is remembered.")
    })
}

async fn revoke(
    installation: &Installation,
    username: &str,
    client: &ClientId,
    api: Option<&ResourceUri>,
) -> anyhow::Result<()> {
    let user = installation.admin.revoke_consent(username, client, api).await.map_err(explain)?;
    let api = api.map(ResourceUri::as_str);
    let report =
        json!({"username": user.username, "client_id": client.as_str(), "resource": api, "revoked": true});
    installation.output.result(&report, || {
        plain(&format!("Withdrew the consent of {username} for client {client}; its tokens have ended."))
    })
}

fn view(consent: &ListedConsent) -> Value {
    json!({
        "username": consent.username, "sub": consent.user_id.as_str(), "client_id": consent.client_id.as_str(),
        "resource": consent.resource.as_ref().map(ResourceUri::as_str), "scope": consent.scope,
        "since": rfc3339(consent.since),
    })
}
