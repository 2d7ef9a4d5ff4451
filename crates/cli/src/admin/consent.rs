//! `proofkey consent`: what users have allowed clients to do.

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
    },
}

pub(super) async fn run(installation: &Installation, action: Action) -> anyhow::Result<()> {
    match action {
        Action::List { user, client } => {
            list(installation, user.as_deref(), client.map(ClientId::new).as_ref()).await
        }
        Action::Revoke { user, client } => revoke(installation, &user, &ClientId::new(client)).await,
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
        let rows = consents.iter().map(|ListedConsent { record, username }| {
            let (client, scope) = (record.client_id.to_string(), record.scope.to_string());
            [username.clone(), client, scope, rfc3339(record.since)]
        });
        table(["USER", "CLIENT", "SCOPE", "SINCE"], rows, "No consent is remembered.")
    })
}

async fn revoke(installation: &Installation, username: &str, client: &ClientId) -> anyhow::Result<()> {
    let user = installation.admin.revoke_consent(username, client).await.map_err(explain)?;
    let report = json!({"username": user.username, "client_id": client.as_str(), "revoked": true});
    installation.output.result(&report, || {
        plain(&format!("Withdrew the consent of {username} for client {client}; its tokens have ended."))
    })
}

fn view(ListedConsent { record, username }: &ListedConsent) -> Value {
    json!({
        "username": username, "sub": record.user_id.as_str(), "client_id": record.client_id.as_str(),
        "scope": record.scope.to_string(), "since": rfc3339(record.since),
    })
}
