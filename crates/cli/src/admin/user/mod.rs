//! `proofkey user`: the people who can sign in.

mod claims;

use proofkey_protocol::UserRecord;
use proofkey_server::admin::{NewUser, UserEdit};
use serde_json::{Value, json};

use crate::admin::input::new_password;
use crate::admin::installation::Installation;
use crate::admin::refusal::{explain, explain_by};
use crate::admin::show::{APIS_FOLLOW, plain, rfc3339, state, table};
use crate::output::{WrongCommandLine, note};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Action {
    /// Make a user; the password is asked for unless it comes by standard input
    Add(Box<Add>),
    /// List users by name
    List {
        /// At most so many
        #[arg(long, value_name = "COUNT", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        limit: u32,
    },
    /// Set or drop claims of a user; the others stay
    ///
    /// An e-mail address or telephone number that changes is no verified one any more, unless --email-verified or
    /// --phone-number-verified says it anew. Apps see the new claims with their next request to userinfo and their next ID token.
    Edit(Box<Edit>),
    /// Remove a user for good, and end their sessions, consents and grants
    ///
    /// This server refuses their tokens from the next request. An API that validates access tokens by itself takes those from before
    /// until they expire: after 10 minutes, unless it or [tokens] says otherwise. Their subject (sub) is never given to anyone else,
    /// and their name only by `proofkey user add --reuse-name`. `proofkey user disable` can be undone.
    Remove {
        /// The name they sign in with
        #[arg(value_name = "NAME", allow_hyphen_values = true)]
        username: String,
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
    /// Forget the failed sign-ins of a user, so that the right password is taken at once
    Unlock {
        /// The name they sign in with
        #[arg(value_name = "NAME", allow_hyphen_values = true)]
        username: String,
    },
    /// End the sessions of a user in every browser
    ///
    /// Codes on their way and the tokens of browser apps end with the session; other apps stay signed in unless --grants is
    /// given. This server refuses what has ended from the next request. An API that validates access tokens by itself takes
    /// those from before until they expire: after 10 minutes, unless it or [tokens] says otherwise.
    SignOut {
        /// The name they sign in with
        #[arg(value_name = "NAME", allow_hyphen_values = true)]
        username: String,
        /// End every grant of the user too: all apps are signed out
        #[arg(long)]
        grants: bool,
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
pub(crate) struct Add {
    /// The name to sign in with
    #[arg(long, value_name = "NAME")]
    username: String,
    /// Read the password from standard input; one line break at its end is not part of it
    #[arg(long)]
    password_stdin: bool,
    /// Give this person the name of a user who was removed; apps and APIs that know people by their names will take the one for the
    /// other
    #[arg(long)]
    reuse_name: bool,
    #[command(flatten)]
    claims: claims::ClaimArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Edit {
    /// The name they sign in with
    #[arg(value_name = "NAME", allow_hyphen_values = true)]
    username: String,
    /// Drop a claim, by its name (such as email_verified); once for each
    #[arg(long, value_name = "CLAIM")]
    remove_claim: Vec<String>,
    #[command(flatten)]
    claims: claims::ClaimArgs,
}

/// The flag that gives what is dropped.
const REMOVE_FLAGS: [(&str, &str); 1] = [("claims", "--remove-claim")];

pub(super) async fn run(installation: &Installation, action: Action) -> anyhow::Result<()> {
    match action {
        Action::Add(new) => add(installation, *new).await,
        Action::List { limit } => list(installation, limit).await,
        Action::Edit(edited) => edit(installation, *edited).await,
        Action::Remove { username } => remove(installation, &username).await,
        Action::Disable { username } => {
            changed(installation, installation.admin.disable_user(&username).await.map_err(explain)?)
        }
        Action::Enable { username } => {
            changed(installation, installation.admin.enable_user(&username).await.map_err(explain)?)
        }
        Action::Unlock { username } => unlock(installation, &username).await,
        Action::SignOut { username, grants } => sign_out(installation, &username, grants).await,
        Action::SetPassword { username, password_stdin } => {
            set_password(installation, &username, password_stdin).await
        }
    }
}

async fn add(installation: &Installation, new: Add) -> anyhow::Result<()> {
    let claims = new.claims.collect()?;
    let password = new_password(new.password_stdin)?;
    let (reuse_name, admin) = (new.reuse_name, &installation.admin);
    let new = NewUser { username: new.username, password: Some(password), claims };
    let added =
        if reuse_name { admin.add_user_under_freed_name(new).await } else { admin.add_user(new).await };
    let record = added.map_err(explain)?;
    installation
        .output
        .result(&view(&record), || plain(&format!("Added {} (subject {}).", record.username, record.id)))
}

async fn edit(installation: &Installation, edit: Edit) -> anyhow::Result<()> {
    let edit_of = UserEdit { set: edit.claims.collect()?, remove: edit.remove_claim };
    if edit_of.set.is_empty() && edit_of.remove.is_empty() {
        let text = "name what changes: a claim, such as --email, or --remove-claim; --help lists them";
        return Err(WrongCommandLine(text.to_owned()).into());
    }
    let edited = installation.admin.edit_user(&edit.username, edit_of).await;
    let record = edited.map_err(|refused| explain_by(&REMOVE_FLAGS, &refused))?;
    installation
        .output
        .result(&view(&record), || plain(&format!("Changed {} (subject {}).", record.username, record.id)))
}

async fn remove(installation: &Installation, username: &str) -> anyhow::Result<()> {
    let user = installation.admin.remove_user(username).await.map_err(explain)?;
    let report = json!({"username": user.username, "sub": user.id.as_str(), "removed": true});
    installation.output.result(&report, || {
        plain(&format!(
            "Removed {} (subject {}): sessions, consents and grants have ended. {APIS_FOLLOW}",
            user.username, user.id
        ))
    })
}

async fn list(installation: &Installation, limit: u32) -> anyhow::Result<()> {
    let records = installation.admin.users(limit).await.map_err(explain)?;
    let views: Vec<Value> = records.iter().map(view).collect();
    if u32::try_from(records.len()).is_ok_and(|length| length >= limit) {
        note(&format!("There may be more than these {limit}; --limit raises the number."));
    }
    installation.output.result(&views, || {
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

fn changed(installation: &Installation, user: UserRecord) -> anyhow::Result<()> {
    let UserRecord { id, username, disabled, .. } = user;
    let report = json!({"username": username, "sub": id.as_str(), "disabled": disabled});
    installation.output.result(&report, || plain(&format!("{username} is {}.", state(disabled))))
}

async fn unlock(installation: &Installation, username: &str) -> anyhow::Result<()> {
    let UserRecord { id, username, .. } = installation.admin.unlock_user(username).await.map_err(explain)?;
    let report = json!({"username": username, "sub": id.as_str(), "unlocked": true});
    installation
        .output
        .result(&report, || plain(&format!("The failed sign-ins of {username} are forgotten.")))
}

async fn sign_out(installation: &Installation, username: &str, grants: bool) -> anyhow::Result<()> {
    let admin = &installation.admin;
    let ended = if grants {
        admin.revoke_grants_of_user(username).await
    } else {
        admin.sign_out_user(username).await
    };
    let UserRecord { id, username, .. } = ended.map_err(explain)?;
    let report =
        json!({"username": username, "sub": id.as_str(), "signed_out": true, "grants_revoked": grants});
    installation.output.result(&report, || {
        let apps = if grants { "every app" } else { "every browser; apps that keep their own tokens go on" };
        plain(&format!("{username} is signed out of {apps}. {APIS_FOLLOW}"))
    })
}

async fn set_password(
    installation: &Installation,
    username: &str,
    password_stdin: bool,
) -> anyhow::Result<()> {
    // Looked up first: a name with a typing error is refused before a password is typed twice.
    let user = installation.admin.user(username).await.map_err(explain)?;
    let password = new_password(password_stdin)?;
    installation.admin.set_password(username, &password).await.map_err(explain)?;
    let report = json!({"username": user.username, "sub": user.id.as_str(), "password_set": true});
    installation.output.result(&report, || {
        plain(&format!(
            "The password of {} is set; sessions and tokens from before have ended.",
            user.username
        ))
    })
}

fn view(user: &UserRecord) -> Value {
    json!({
        "sub": user.id.as_str(), "username": user.username, "disabled": user.disabled,
        "has_password": user.password.is_some(), "created_at": rfc3339(user.created_at),
        "updated_at": rfc3339(user.updated_at), "claims": user.claims,
    })
}
