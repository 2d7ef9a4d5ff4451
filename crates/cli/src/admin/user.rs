//! `proofkey user`: the people who can sign in.

mod claims;

use proofkey_oauth::{Secret, Timestamp};
use proofkey_protocol::UserRecord;
use proofkey_server::admin::{self, AdminRefused, Hashing, NewUser, named};
use proofkey_server::clock::Clock;
use proofkey_server::username_key;
use serde_json::{Value, json};

use super::input::new_password;
use super::show::{plain, rfc3339, state, table};
use super::site::{EXIT_CODES, Hints, Site, SiteArgs, said};
use crate::output::note;

const HINTS: Hints = Hints {
    missing: "`proofkey user list` shows those that exist",
    exists: "choose another name; `proofkey user set-password` changes the password of one that exists",
};

/// Make users, disable them, set their passwords
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
    /// Make a user; the password is asked for unless it comes by standard input
    Add(Box<Add>),
    /// List users by name
    List {
        /// At most so many
        #[arg(long, value_name = "COUNT", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        limit: u32,
    },
    /// Keep a user from signing in, and end their sessions and tokens
    Disable {
        /// The name they sign in with
        #[arg(value_name = "NAME", allow_hyphen_values = true)]
        username: String,
    },
    /// Let a disabled user sign in again
    Enable {
        /// The name they sign in with
        #[arg(value_name = "NAME", allow_hyphen_values = true)]
        username: String,
    },
    /// Set a password; sessions and tokens from before end, failed sign-ins are forgotten
    SetPassword {
        /// The name they sign in with
        #[arg(value_name = "NAME", allow_hyphen_values = true)]
        username: String,
        /// Read the password from standard input; one line break at its end is not part of it
        #[arg(long)]
        password_stdin: bool,
    },
}

#[derive(Debug, clap::Args)]
struct Add {
    /// The name to sign in with
    #[arg(long, value_name = "NAME")]
    username: String,
    /// Read the password from standard input; one line break at its end is not part of it
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    claims: claims::ClaimArgs,
}

/// Runs the command.
pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    let site = Site::open(&args.site)?;
    let outcome = match args.action {
        Action::Add(new) => add(&site, *new).await,
        Action::List { limit } => list(&site, limit).await,
        Action::Disable { username } => set_disabled(&site, &username, true).await,
        Action::Enable { username } => set_disabled(&site, &username, false).await,
        Action::SetPassword { username, password_stdin } => {
            set_password(&site, &username, password_stdin).await
        }
    };
    site.close(outcome).await
}

async fn add(site: &Site, new: Add) -> anyhow::Result<()> {
    let claims = new.claims.collect()?;
    let password = new_password(new.password_stdin)?;
    let new = NewUser { username: new.username, password: Some(password), claims };
    let hashing = Hashing::from_config(&site.config).map_err(said)?;
    let added = admin::add_user(&site.store, &hashing, new, site.now).await;
    let record = added.map_err(|refused| HINTS.explain(refused))?;
    site.output
        .result(&view(&record), || plain(&format!("Added {} (subject {}).", record.username, record.id)))
}

async fn list(site: &Site, limit: u32) -> anyhow::Result<()> {
    let records = site.store.list_users(limit).await.map_err(said)?;
    let views: Vec<Value> = records.iter().map(view).collect();
    if u32::try_from(records.len()).is_ok_and(|length| length >= limit) {
        note(&format!("There may be more than these {limit}; --limit raises the number."));
    }
    site.output.result(&views, || {
        let rows = records.iter().map(|user| {
            let claim =
                |name: &str| user.claims.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let name = user.username.clone();
            [
                name,
                user.id.to_string(),
                claim("name"),
                claim("email"),
                state(user.disabled),
                rfc3339(user.created_at),
            ]
        });
        let headings = ["USERNAME", "SUBJECT", "NAME", "EMAIL", "STATE", "CREATED"];
        table(headings, rows, "No users yet: `proofkey user add` makes one.")
    })
}

async fn set_disabled(site: &Site, username: &str, disabled: bool) -> anyhow::Result<()> {
    let user = find(site, username).await?;
    let set =
        site.store.set_user_disabled(&user.username_key, disabled, || Timestamp(Clock::System.now())).await;
    set.map_err(|fault| HINTS.explain(named(fault, format!("user {username}"))))?;
    tracing::info!(user = %user.id, disabled, "user changed by an operator");
    let report = json!({"username": user.username, "sub": user.id.as_str(), "disabled": disabled});
    site.output.result(&report, || plain(&format!("{} is {}.", user.username, state(disabled))))
}

async fn set_password(site: &Site, username: &str, password_stdin: bool) -> anyhow::Result<()> {
    // Looked up first, so that nobody types a password twice for a name with a typing error.
    let user = find(site, username).await?;
    let password: Secret = new_password(password_stdin)?;
    let hashing = Hashing::from_config(&site.config).map_err(said)?;
    let set = admin::set_password(&site.store, &hashing, username, &password, &Clock::System).await;
    set.map_err(|refused| HINTS.explain(refused))?;
    let report = json!({"username": user.username, "sub": user.id.as_str(), "password_set": true});
    site.output.result(&report, || {
        plain(&format!(
            "The password of {} is set; sessions and tokens from before have ended.",
            user.username
        ))
    })
}

async fn find(site: &Site, username: &str) -> anyhow::Result<UserRecord> {
    let key = username_key(username).ok_or_else(|| said(AdminRefused::Username))?;
    let found = site.store.user_by_name(&key).await.map_err(said)?;
    found.ok_or_else(|| HINTS.explain(AdminRefused::Missing(format!("user {}", plain(username)))))
}

fn view(user: &UserRecord) -> Value {
    json!({
        "sub": user.id.as_str(), "username": user.username, "disabled": user.disabled,
        "has_password": user.password.is_some(), "created_at": rfc3339(user.created_at),
        "updated_at": rfc3339(user.updated_at), "claims": user.claims,
    })
}
