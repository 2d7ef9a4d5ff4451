//! What stands in the database when `proofkey dev` is ready: one user, the sample API, a client of each kind.

use std::path::Path;

use anyhow::Context as _;
use proofkey_oauth::Secret;
use proofkey_protocol::{ApiScope, ClientId};
use proofkey_server::SystemRandom;
use proofkey_server::admin::{Admin, AdminRefused, ClientDocument, NewApi, NewUser, Noun};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::ready::{self, Client, User};
use crate::private_file::write_private;

/// Codes of the client that shows what an expired code looks like live this long, in seconds.
const SHORT_CODE_SECONDS: i64 = 2;
/// How long the page waits with such a code.
pub(super) const SHORT_CODE_WAIT_SECONDS: u32 = 4;
/// The client of the sample app.
pub(super) const APP: &str = "notes-app";
/// Its twin with short-lived codes.
pub(super) const APP_SHORT: &str = "notes-app-short-codes";
/// The client of `proofkey login`.
const CLI: &str = "proofkey-cli";
/// All that a person's app may ask for here.
pub(super) const SCOPE: &str = "openid profile email offline_access notes:read notes:write";

/// The secrets of a development database, kept beside it so that a second start knows them.
#[derive(Deserialize, Serialize)]
struct Kept {
    password: String,
    web_secret: String,
    service_secret: String,
}

/// The URLs under which the issuer, the sample app and the sample API are reached.
pub(super) struct Addresses {
    pub(super) issuer: String,
    pub(super) app: String,
    pub(super) api: String,
}

/// Puts everything in place and says what a tool has to know.
pub(super) async fn seed(admin: &Admin, addresses: &Addresses, data: &Path) -> anyhow::Result<ready::Ready> {
    let kept = kept(&data.join("dev.json"))?;
    user(admin, &kept).await?;
    api(admin, addresses).await?;
    let clients = clients(addresses, &kept);
    for (_, metadata) in &clients {
        client(admin, metadata.clone()).await?;
    }
    client(admin, short_codes(addresses)).await?;
    Ok(ready::Ready {
        issuer: addresses.issuer.clone(),
        app: addresses.app.clone(),
        api: addresses.api.clone(),
        users: vec![User { username: "ada".into(), password: kept.password }],
        clients: clients.into_iter().map(|(kind, metadata)| announced(kind, &metadata)).collect(),
    })
}

fn kept(path: &Path) -> anyhow::Result<Kept> {
    if let Ok(text) = std::fs::read_to_string(path) {
        return serde_json::from_str(&text)
            .with_context(|| format!("{} is damaged; remove the directory to start afresh", path.display()));
    }
    let kept = Kept { password: words(5), web_secret: words(8), service_secret: words(8) };
    write_private(path, &kept).with_context(|| format!("writing {}", path.display()))?;
    Ok(kept)
}

/// Random syllables: to be typed by hand, on this machine only. Each carries 13 bits.
fn words(count: usize) -> String {
    use proofkey_protocol::Random as _;
    const CONSONANTS: &[u8; 16] = b"bdfghjklmnprstvz";
    const VOWELS: &[u8; 4] = b"aeiu";
    let word = |_| {
        let mut bytes = [0_u8; 4];
        SystemRandom.fill(&mut bytes);
        let letter = |set: &[u8], byte: u8| {
            char::from(set.get(usize::from(byte) % set.len()).copied().unwrap_or(b'x'))
        };
        let [a, b, c, d] = bytes;
        [letter(CONSONANTS, a), letter(VOWELS, b), letter(CONSONANTS, c), letter(VOWELS, d)]
            .iter()
            .collect::<String>()
    };
    (0..count).map(word).collect::<Vec<_>>().join("-")
}

async fn user(admin: &Admin, kept: &Kept) -> anyhow::Result<()> {
    let claims = json!({
        "name": "Ada Lovelace", "given_name": "Ada", "family_name": "Lovelace", "preferred_username": "ada",
        "email": "ada@example.com", "email_verified": true, "locale": "en", "zoneinfo": "Europe/London",
    });
    let claims = claims.as_object().cloned().unwrap_or_default();
    let new = || NewUser {
        username: "ada".into(),
        password: Some(Secret::new(kept.password.clone())),
        claims: claims.clone(),
    };
    let added = match admin.add_user(new()).await {
        // Removed to see what that does: the page and the ready file name a user who can sign in.
        Err(AdminRefused::NameOfRemoved { .. }) => admin.add_user_under_freed_name(new()).await,
        added => added,
    };
    match added {
        Ok(_) | Err(AdminRefused::Exists { noun: Noun::User, .. }) => Ok(()),
        Err(refused) => Err(refused.into()),
    }
}

/// The API's address may differ from the last start: then its record follows it, and what was allowed at the old address has
/// ended.
async fn api(admin: &Admin, addresses: &Addresses) -> anyhow::Result<()> {
    for record in admin.apis().await? {
        if record.resource.as_str() == addresses.api {
            return Ok(());
        }
        admin.remove_api(&record.resource).await?;
    }
    let scope = |(name, words): (&str, &str)| ApiScope { name: name.into(), description: Some(words.into()) };
    let scopes = [("notes:read", "Read your notes"), ("notes:write", "Change and delete your notes")]
        .map(scope)
        .to_vec();
    let new =
        NewApi { resource: addresses.api.clone(), name: Some("Notes".into()), scopes, ..NewApi::default() };
    admin.add_api(new).await?;
    Ok(())
}

fn clients(addresses: &Addresses, kept: &Kept) -> Vec<(&'static str, Value)> {
    let user_grants = json!(["authorization_code", "refresh_token"]);
    let app = &addresses.app;
    vec![
        (
            "native",
            json!({
                "client_id": CLI, "client_name": "Proofkey command line", "application_type": "native",
                "token_endpoint_auth_method": "none", "grant_types": user_grants, "scope": SCOPE,
                "redirect_uris": ["http://127.0.0.1/callback", "http://[::1]/callback"],
                "post_logout_redirect_uris": ["http://127.0.0.1/signed-out", "http://[::1]/signed-out"],
                "id_token_signed_response_alg": "ES256",
            }),
        ),
        (
            "spa",
            json!({
                "client_id": APP, "client_name": "Notes sample app", "client_uri": app, "application_type": "web",
                "token_endpoint_auth_method": "none", "grant_types": user_grants, "scope": SCOPE,
                "redirect_uris": [format!("{app}/callback")], "post_logout_redirect_uris": [format!("{app}/")],
                "id_token_signed_response_alg": "ES256",
            }),
        ),
        (
            "web",
            json!({
                "client_id": "notes-web", "client_name": "Notes on the web", "client_secret": kept.web_secret,
                "application_type": "web", "grant_types": user_grants, "scope": SCOPE,
                "redirect_uris": ["http://127.0.0.1/callback"], "post_logout_redirect_uris": ["http://127.0.0.1/"],
            }),
        ),
        (
            "service",
            json!({
                "client_id": "notes-service", "client_name": "Notes nightly job", "client_secret": kept.service_secret,
                "grant_types": ["client_credentials"], "scope": "notes:read notes:write",
            }),
        ),
    ]
}

fn short_codes(addresses: &Addresses) -> Value {
    let app = &addresses.app;
    json!({
        "client_id": APP_SHORT, "client_name": "Notes sample app, codes end in 2 s", "client_uri": app,
        "application_type": "web", "token_endpoint_auth_method": "none", "scope": SCOPE,
        "grant_types": ["authorization_code", "refresh_token"], "redirect_uris": [format!("{app}/callback")],
        "post_logout_redirect_uris": [format!("{app}/")], "id_token_signed_response_alg": "ES256",
        "code_seconds": SHORT_CODE_SECONDS,
    })
}

async fn client(admin: &Admin, mut metadata: Value) -> anyhow::Result<()> {
    match admin.add_client(ClientDocument::parse(&metadata.to_string())?).await {
        Ok(_) => Ok(()),
        Err(AdminRefused::Exists { noun: Noun::Client, name: id }) => {
            // Its secret is the one that was kept with the database.
            if let Some(members) = metadata.as_object_mut() {
                members.remove("client_secret");
            }
            let document = ClientDocument::parse(&metadata.to_string())?;
            admin.update_client(&ClientId::new(id), document).await.map(drop).map_err(Into::into)
        }
        Err(refused) => Err(refused.into()),
    }
}

/// What a tool has to know of a client to use it.
fn announced(kind: &'static str, metadata: &Value) -> Client {
    let text = |name: &str| metadata.get(name).and_then(Value::as_str).map(str::to_owned);
    let list = |name: &str| {
        let items = metadata.get(name).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    Client {
        kind,
        client_id: text("client_id").unwrap_or_default(),
        client_secret: text("client_secret"),
        redirect_uris: list("redirect_uris"),
        post_logout_redirect_uris: list("post_logout_redirect_uris"),
    }
}
